import { Center, Group, Paper, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { ColorSchemeToggle } from '../app/color-scheme-toggle';
import { Logo } from '../shared/logo';
import { PageTitle } from '../shared/page-title';

/** What stands around the pages of whoever is not signed in. */
export function AuthCard({
  title,
  children,
  footer,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
}) {
  return (
    <Center component="main" mih="100dvh" p="md">
      <Stack w="100%" maw={420} gap="lg">
        <Group justify="space-between">
          <Logo />
          <ColorSchemeToggle />
        </Group>
        <Paper withBorder shadow="sm" p="xl">
          <Stack>
            <PageTitle size="h3">{title}</PageTitle>
            {children}
          </Stack>
        </Paper>
        {footer && (
          <Center>
            <Group gap={6}>{footer}</Group>
          </Center>
        )}
      </Stack>
    </Center>
  );
}
