import { Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { PageTitle } from './page-title';

/** The title of a page, with what can be done on it. */
export function PageHeader({
  title,
  description,
  children,
}: {
  readonly title: string;
  readonly description?: string;
  readonly children?: ReactNode;
}) {
  return (
    <Group justify="space-between" align="flex-end" mb="lg" gap="sm">
      <Stack gap={2}>
        <PageTitle size="h2">{title}</PageTitle>
        {description && <Text c="dimmed">{description}</Text>}
      </Stack>
      {children}
    </Group>
  );
}
