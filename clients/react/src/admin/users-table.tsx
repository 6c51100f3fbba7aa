import { Anchor, Group, Table, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import type { User } from '@plinth/client';
import { useAuth } from '@plinth/client/react';
import { IconChevronDown, IconChevronUp, IconSelector } from '@tabler/icons-react';
import { Time } from '../shared/time';
import { FullName, RoleBadge, StateBadge, UnverifiedBadge } from './user-badges';
import { type AskAbout, UserMenu } from './user-menu';
import type { UserSort } from './users-view';

/** Users, with what can be done with each. */
export interface UsersProps {
  readonly users: ReadonlyArray<User>;
  readonly onOpen: (user: User) => void;
  readonly onAsk: AskAbout;
}

interface UsersTableProps extends UsersProps {
  readonly sort: UserSort;
  readonly onSort: (sort: UserSort) => void;
}

/** The users, where there is room for a table. */
export function UsersTable({ users, sort, onSort, onOpen, onAsk }: UsersTableProps) {
  const me = useAuth().user?.id;
  const sorting = { sort, onSort };
  return (
    <Table.ScrollContainer minWidth={700} type="native">
      <Table verticalSpacing="xs" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <SortHeader column="full_name" label="Name" {...sorting} />
            <SortHeader column="email" label="Email" {...sorting} />
            <Table.Th>Role</Table.Th>
            <Table.Th>State</Table.Th>
            <SortHeader column="created_at" label="Created" {...sorting} />
            <Table.Th w={50}>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {users.map((user) => (
            <Table.Tr key={user.id}>
              <Table.Td>
                <OpenDetails user={user} onOpen={onOpen} isSelf={user.id === me} />
              </Table.Td>
              <Table.Td>
                <Group gap={6}>
                  {user.email}
                  <UnverifiedBadge user={user} />
                </Group>
              </Table.Td>
              <Table.Td>
                <RoleBadge role={user.role} />
              </Table.Td>
              <Table.Td>
                <StateBadge user={user} />
              </Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                <Time value={user.created_at} dayOnly />
              </Table.Td>
              <Table.Td>
                <UserMenu user={user} onAsk={onAsk} onOpen={onOpen} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface OpenDetailsProps {
  readonly user: User;
  readonly onOpen: (user: User) => void;
  readonly isSelf: boolean;
}

/** The name, which opens the details. */
export function OpenDetails({ user, onOpen, isSelf }: OpenDetailsProps) {
  return (
    <Group gap={6} wrap="nowrap">
      <Anchor
        component="button"
        type="button"
        c="inherit"
        fw={500}
        size="sm"
        ta="start"
        // What is to be seen is part of it: whoever speaks to the browser says that (WCAG 2.5.3).
        aria-label={user.full_name ? `Details of ${user.full_name}` : `No name, details of ${user.email}`}
        onClick={() => onOpen(user)}
      >
        <FullName user={user} />
      </Anchor>
      {isSelf && (
        <Text size="sm" c="dimmed">
          (you)
        </Text>
      )}
    </Group>
  );
}

interface SortHeaderProps {
  readonly column: 'created_at' | 'email' | 'full_name';
  readonly label: string;
  readonly sort: UserSort;
  readonly onSort: (sort: UserSort) => void;
}

/** The head of a column that the list can be sorted by: first up, then down. */
function SortHeader({ column, label, sort, onSort }: SortHeaderProps) {
  const ascending = sort === column;
  const descending = sort === `-${column}`;
  const Icon = ascending ? IconChevronUp : descending ? IconChevronDown : IconSelector;
  return (
    <Table.Th aria-sort={ascending ? 'ascending' : descending ? 'descending' : 'none'}>
      <UnstyledButton fz="sm" fw={700} onClick={() => onSort(ascending ? `-${column}` : column)}>
        <Group gap={4} wrap="nowrap">
          {label}
          <Icon size={14} aria-hidden />
        </Group>
      </UnstyledButton>
    </Table.Th>
  );
}
