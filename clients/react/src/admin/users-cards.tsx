import { Card, Group, SimpleGrid, Text } from '@mantine/core';
import { useAuth } from '@plinth/client/react';
import { Time } from '../shared/time';
import { RoleBadge, StateBadge, UnverifiedBadge } from './user-badges';
import { UserMenu } from './user-menu';
import { OpenDetails, type UsersProps } from './users-table';

/** The users, where a table would be too wide. */
export function UsersCards({ users, onOpen, onAsk }: UsersProps) {
  const me = useAuth().user?.id;
  return (
    <SimpleGrid component="ul" cols={{ base: 1, sm: 2 }} spacing="sm" p={0} m={0}>
      {users.map((user) => (
        <Card component="li" key={user.id} withBorder padding="sm">
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            <OpenDetails user={user} onOpen={onOpen} isSelf={user.id === me} />
            <UserMenu user={user} onAsk={onAsk} onOpen={onOpen} />
          </Group>
          <Text size="sm" mb="xs">
            {user.email}
          </Text>
          <Group gap={6}>
            <RoleBadge role={user.role} />
            <StateBadge user={user} />
            <UnverifiedBadge user={user} />
          </Group>
          <Text size="xs" c="dimmed" mt="xs">
            Created <Time value={user.created_at} dayOnly />
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  );
}
