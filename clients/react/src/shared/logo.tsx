import { Anchor, Group, Text } from '@mantine/core';
import { Link } from 'react-router';

/** The name of the app, as a way home. */
export function Logo() {
  return (
    <Anchor component={Link} to="/" underline="never" c="inherit">
      <Group gap={8} wrap="nowrap">
        <img src="/favicon.svg" alt="" width={26} height={26} />
        <Text fw={700} size="lg" style={{ whiteSpace: 'nowrap' }}>
          Plinth
        </Text>
      </Group>
    </Anchor>
  );
}
