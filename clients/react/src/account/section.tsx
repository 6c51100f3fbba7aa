import { Grid, Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A part of a page of settings: what it is about at the left, what can be set at the right; on a phone one below the other. */
export function Section({
  title,
  description,
  children,
}: {
  readonly title: string;
  readonly description: string;
  readonly children: ReactNode;
}) {
  return (
    <Paper component="section" withBorder p={{ base: 'md', sm: 'lg' }} aria-label={title}>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Title order={2} size="h4" mb={4}>
            {title}
          </Title>
          <Text size="sm" c="dimmed">
            {description}
          </Text>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack maw={480}>{children}</Stack>
        </Grid.Col>
      </Grid>
    </Paper>
  );
}
