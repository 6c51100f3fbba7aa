import { Button, Skeleton, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Session } from '@plinth/client';
import { useRef } from 'react';
import { ConfirmationDialog } from '../shared/confirmation';
import { PageHeader } from '../shared/page-header';
import { ErrorState } from '../shared/states';
import { useAsked } from '../shared/use-asked';
import { deviceOf } from '../shared/user-agent';
import { SessionRow } from './session-row';
import { useEndOtherSessions, useEndSession, useSessions } from './use-sessions';

/** The devices that are signed in to one's account. */
export function SessionsPage() {
  const { data, error, refetch } = useSessions();
  const list = useRef<HTMLUListElement>(null);
  // The button that was pressed is gone with its row.
  const focusList = () => list.current?.focus();
  const end = useEndSession();
  const endOthers = useEndOtherSessions();
  const one = useAsked<Session>();
  const [allAsked, { open: askAll, close: closeAll }] = useDisclosure();
  const others = data?.filter((session) => !session.current) ?? [];

  return (
    <>
      <PageHeader title="Sessions" description="Devices that are signed in to your account">
        {others.length > 0 && (
          <Button color="red" variant="outline" onClick={askAll}>
            Sign out all others
          </Button>
        )}
      </PageHeader>
      {error && !data && <ErrorState error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && (
        <ul ref={list} tabIndex={-1} aria-label="Devices" style={LIST}>
          {data.map((session) => (
            <SessionRow key={session.id} session={session} onEnd={() => one.ask(session)} />
          ))}
        </ul>
      )}
      {data && others.length === 0 && (
        <Text c="dimmed" size="sm" mt="md">
          You are signed in nowhere else.
        </Text>
      )}
      <ConfirmationDialog
        opened={one.opened}
        title="Sign out this device?"
        confirm="Sign out"
        failed="The device was not signed out"
        onConfirm={async () => one.about && end.mutateAsync(one.about)}
        onClose={one.close}
        onDone={focusList}
      >
        {one.about && deviceOf(one.about.user_agent).name} has to sign in again. If you do not know it, change
        your password as well.
      </ConfirmationDialog>
      <ConfirmationDialog
        opened={allAsked}
        title="Sign out all other devices?"
        confirm="Sign out all others"
        failed="The other devices were not signed out"
        onConfirm={() => endOthers.mutateAsync({})}
        onClose={closeAll}
        onDone={focusList}
      >
        Everything but this device has to sign in again.
      </ConfirmationDialog>
    </>
  );
}

const LIST = {
  display: 'grid',
  gap: 'var(--mantine-spacing-sm)',
  margin: 0,
  padding: 0,
  listStyle: 'none',
  outline: 'none',
} as const;

function Loading() {
  return (
    <Stack gap="sm" aria-label="Loading" aria-busy>
      <Skeleton h={96} />
      <Skeleton h={96} />
    </Stack>
  );
}
