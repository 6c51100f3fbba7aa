import { Center, Stack } from '@mantine/core';
import { ProtectedRoute, useAuth } from '@plinth/client/react';
import { useState } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { type CameFrom, howTheyCame } from '../auth/came-from';
import { Logo } from '../shared/logo';
import { PageTitle } from '../shared/page-title';
import { ErrorState } from '../shared/states';
import { ForbiddenPage } from './error-pages';
import { Loading } from './loading';

/** Pages of whoever is signed in; others are sent to the login and come back after it. */
export function SignedInOnly() {
  const { pathname, search } = useLocation();
  const { status } = useAuth();
  const [known, setKnown] = useState(false);
  if (status === 'signed_in' && !known) setKnown(true);
  const state: CameFrom = { from: pathname + search, ended: known };
  return (
    <ProtectedRoute
      loading={<Loading />}
      signedOut={<Navigate to="/login" state={state} replace />}
      unavailable={({ error, retry }) => <Unavailable error={error} retry={retry} />}
    >
      <Outlet />
    </ProtectedRoute>
  );
}

/** Pages of administrators. */
export function AdminsOnly() {
  return (
    <ProtectedRoute role="admin" signedOut={null} forbidden={<ForbiddenPage />}>
      <Outlet />
    </ProtectedRoute>
  );
}

/** Pages of whoever is not signed in; others are sent on to where they were going. */
export function SignedOutOnly() {
  const { status } = useAuth();
  const { state } = useLocation();
  if (status !== 'signed_out') return <Navigate to={howTheyCame(state).from ?? '/'} replace />;
  return <Outlet />;
}

function Unavailable({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  return (
    <Center component="main" mih="100dvh" p="md">
      <Stack w="100%" maw={480} gap="lg">
        <Logo />
        <PageTitle>Not available right now</PageTitle>
        <ErrorState error={error} retry={retry} />
      </Stack>
    </Center>
  );
}
