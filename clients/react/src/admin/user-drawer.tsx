import { Anchor, Code, DataList, Drawer, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { isProblem, type User } from '@plinth/client';
import { getUserOptions } from '@plinth/client/query';
import { useAuth } from '@plinth/client/react';
import { IconUserOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { EmptyState, ErrorState } from '../shared/states';
import { Time } from '../shared/time';
import { AuditList } from './audit-list';
import { auditOf } from './audit-view';
import { FullName, nameOf, RoleBadge, StateBadge, UnverifiedBadge } from './user-badges';
import { type AskAbout, UserMenu } from './user-menu';

interface UserDrawerProps {
  /** Whose details are open; null: nobody's. */
  readonly id: string | null;
  /** Users that are known already, once they are read. Who is deleted is only found there. */
  readonly listed: ReadonlyArray<User> | undefined;
  readonly onClose: () => void;
  /** The drawer goes out of sight. */
  readonly onClosed: () => void;
  /** Whether a dialog is above the drawer, which takes the keys. */
  readonly covered: boolean;
  readonly onAsk: AskAbout;
}

/** All that is known of a user, and what happened to the account. */
export function UserDrawer({ id, onClose, onClosed, covered, ...details }: UserDrawerProps) {
  // Who was shown last is shown until the drawer is out of sight.
  const [shown, setShown] = useState(id);
  if (id !== null && id !== shown) setShown(id);
  return (
    <Drawer
      closeOnEscape={!covered}
      opened={id !== null}
      onClose={onClose}
      title="User"
      onExitTransitionEnd={onClosed}
      position="right"
      size="lg"
    >
      {shown !== null && <Details id={shown} {...details} />}
    </Drawer>
  );
}

function Details({ id, listed, onAsk }: Pick<UserDrawerProps, 'listed' | 'onAsk'> & { readonly id: string }) {
  const row = listed?.find((user) => user.id === id);
  const read = useQuery({
    ...getUserOptions({ path: { id } }),
    enabled: listed !== undefined && row === undefined,
  });
  const user = row ?? read.data;
  if (user) return <Known user={user} onAsk={onAsk} />;
  if (isProblem(read.error, 'not_found')) {
    return (
      <EmptyState icon={IconUserOff} title="Not found">
        <Text size="sm" c="dimmed">
          This account does not exist, or is deleted. Include deleted users in the list to find it.
        </Text>
      </EmptyState>
    );
  }
  if (read.isError) return <ErrorState error={read.error} retry={() => void read.refetch()} />;
  return <Skeleton height={260} aria-label="Loading the user" role="status" />;
}

function Known({ user, onAsk }: { readonly user: User; readonly onAsk: AskAbout }) {
  const isSelf = useAuth().user?.id === user.id;
  return (
    <Stack>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Stack gap={6}>
          <Title order={3} size="h4">
            {nameOf(user)}
          </Title>
          <Group gap={6}>
            <RoleBadge role={user.role} />
            <StateBadge user={user} />
            {isSelf && (
              <Text size="sm" c="dimmed">
                This is you
              </Text>
            )}
          </Group>
        </Stack>
        <UserMenu user={user} onAsk={onAsk} />
      </Group>
      <Facts user={user} />
      <Group justify="space-between" mt="sm">
        <Title order={4}>History</Title>
        <Anchor component={Link} to={auditOf(user.id)} size="sm">
          Open in the audit log
        </Anchor>
      </Group>
      <AuditList query={{ user_id: user.id, page_size: 10 }} />
    </Stack>
  );
}

function Facts({ user }: { readonly user: User }) {
  return (
    <DataList withDivider labelWidth={110}>
      <DataList.Item>
        <DataList.ItemLabel>Full name</DataList.ItemLabel>
        <DataList.ItemValue>
          <FullName user={user} />
        </DataList.ItemValue>
      </DataList.Item>
      <DataList.Item>
        <DataList.ItemLabel>Email</DataList.ItemLabel>
        <DataList.ItemValue>
          <Group gap={6}>
            {user.email}
            <UnverifiedBadge user={user} />
          </Group>
        </DataList.ItemValue>
      </DataList.Item>
      {user.pending_email !== null && (
        <DataList.Item>
          <DataList.ItemLabel>New email</DataList.ItemLabel>
          <DataList.ItemValue>{user.pending_email}, once it is verified</DataList.ItemValue>
        </DataList.Item>
      )}
      <Instant label="Created" value={user.created_at} />
      <Instant label="Last changed" value={user.updated_at} />
      {user.deleted_at !== null && <Instant label="Deleted" value={user.deleted_at} />}
      <DataList.Item>
        <DataList.ItemLabel>Identifier</DataList.ItemLabel>
        <DataList.ItemValue>
          <Code>{user.id}</Code>
        </DataList.ItemValue>
      </DataList.Item>
    </DataList>
  );
}

function Instant({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <DataList.Item>
      <DataList.ItemLabel>{label}</DataList.ItemLabel>
      <DataList.ItemValue>
        <Time value={value} />
      </DataList.ItemValue>
    </DataList.Item>
  );
}
