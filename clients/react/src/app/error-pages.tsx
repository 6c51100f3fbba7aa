import { Button, Center, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { PageTitle } from '../shared/page-title';

/** For a path without a page. */
export function NotFoundPage() {
  return (
    <Message title="Page not found">
      <Text c="dimmed">There is nothing here. The link may be old, or mistyped.</Text>
      <Button component={Link} to="/">
        Go to your items
      </Button>
    </Message>
  );
}

/** For a page of administrators. */
export function ForbiddenPage() {
  return (
    <Message title="For administrators">
      <Text c="dimmed">Your role does not allow you to see this page.</Text>
      <Button component={Link} to="/">
        Go to your items
      </Button>
    </Message>
  );
}

/** For a page that failed, or whose part of the app did not come: a deployment takes the old parts away. */
export function CrashPage() {
  return (
    <Message title="This page could not be loaded">
      <Text c="dimmed">
        There may be a new version of the app, no connection, or a fault. Nothing that was saved is lost.
      </Text>
      <Button onClick={() => window.location.reload()}>Reload</Button>
    </Message>
  );
}

function Message({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Center mih="60dvh" p="md">
      <Stack align="center" ta="center" maw={420}>
        <PageTitle>{title}</PageTitle>
        {children}
      </Stack>
    </Center>
  );
}
