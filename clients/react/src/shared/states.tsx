import { Alert, Button, Paper, Stack, Text, ThemeIcon } from '@mantine/core';
import { type Icon, IconAlertCircle } from '@tabler/icons-react';
import type { MouseEvent, ReactNode } from 'react';
import { explain } from './errors';

/** Something could not be read; `retry` tries again. */
export function ErrorState({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const tryAgain = ({ currentTarget: button }: MouseEvent<HTMLButtonElement>) => {
    retry();
    // The button goes: on with what is around it, a list or the page.
    button.closest<HTMLElement>('[tabindex="-1"]')?.focus({ preventScroll: true });
  };
  return (
    <Alert
      color="red"
      icon={<IconAlertCircle aria-hidden />}
      title="This could not be loaded"
      role="alert"
      w="100%"
    >
      <Stack align="flex-start" gap="sm">
        <Text size="sm">{explain(error)}</Text>
        <Button size="xs" variant="light" color="red" onClick={tryAgain}>
          Try again
        </Button>
      </Stack>
    </Alert>
  );
}

/** There is nothing to show. */
export function EmptyState({
  icon: Icon,
  title,
  children,
}: {
  readonly icon: Icon;
  readonly title: ReactNode;
  readonly children?: ReactNode;
}) {
  return (
    <Paper withBorder p="xl">
      <Stack align="center" gap="xs" ta="center" py="lg">
        <ThemeIcon variant="light" size={48} radius="xl">
          <Icon size={26} stroke={1.5} aria-hidden />
        </ThemeIcon>
        <Text fw={600}>{title}</Text>
        {children}
      </Stack>
    </Paper>
  );
}
