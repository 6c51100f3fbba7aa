import { Button, Group, Pagination, Skeleton, Stack, Text } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { listUsersOptions } from '@plinth/client/query';
import { IconUserPlus, IconUserSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { PageHeader } from '../shared/page-header';
import { EmptyState, ErrorState } from '../shared/states';
import { useRefuge } from '../shared/use-refuge';
import { CreateUserDialog } from './create-user-dialog';
import { useUserDialogs } from './user-dialogs';
import { UserDrawer } from './user-drawer';
import { UsersCards } from './users-cards';
import { UsersTable } from './users-table';
import { UsersToolbar } from './users-toolbar';
import { isFiltered, PAGE_SIZE, toQuery, UNFILTERED, type UsersView, useUsersView } from './users-view';

/** Everybody who has an account, and what administrators can do about it. */
export function UsersPage() {
  const [view, change] = useUsersView();
  const wide = useMediaQuery('(min-width: 62em)', true, { getInitialValueInEffect: false });
  const [creating, { open, close }] = useDisclosure();
  const { refuge, list, afterDialog } = useRefuge<HTMLParagraphElement>();
  const {
    ask,
    opened: asking,
    dialogs,
  } = useUserDialogs({
    onDeleted: ({ id }) => {
      // Only the list with deleted users knows them still.
      if (view.user === id && !view.deleted) change({ user: null }, { replace: true });
    },
    onClosed: () => {
      // The drawer keeps the focus while it is open.
      if (view.user === null) afterDialog();
    },
  });
  const users = useQuery({
    ...listUsersOptions({ query: toQuery(view) }),
    placeholderData: keepPreviousData,
  });
  const pages = Math.ceil((users.data?.total ?? 0) / PAGE_SIZE);
  const pastEnd = !users.isPlaceholderData && pages > 0 && view.page > pages;
  useEffect(() => {
    // The last page can go away with its last row.
    if (pastEnd) change({ page: pages }, { replace: true });
  });
  const rows = {
    users: users.data?.items ?? [],
    onOpen: ({ id }: { readonly id: string }) => change({ user: id }),
    onAsk: ask,
  };
  return (
    <>
      <PageHeader title="Users" description="Accounts, what they may do, and whether they can sign in.">
        <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={open}>
          Create user
        </Button>
      </PageHeader>
      <UsersToolbar view={view} onChange={change} withSort={!wide} />
      {users.isError && !users.data ? (
        <ErrorState error={users.error} retry={() => void users.refetch()} />
      ) : users.isPending ? (
        <Placeholder />
      ) : (
        <Stack
          {...list}
          style={{ opacity: users.isPlaceholderData ? 0.6 : 1 }}
          aria-busy={users.isPlaceholderData}
        >
          <Text ref={refuge} tabIndex={-1} size="sm" c="dimmed" role="status" style={{ outline: 'none' }}>
            {count(users.data.total ?? 0, view)}
          </Text>
          {rows.users.length === 0 ? (
            <Nobody view={view} onClear={() => change(UNFILTERED)} />
          ) : wide ? (
            <UsersTable {...rows} sort={view.sort} onSort={(sort) => change({ sort })} />
          ) : (
            <UsersCards {...rows} />
          )}
          {pages > 1 && (
            <Group justify="center">
              <Pagination
                component="nav"
                aria-label="Pages of users"
                total={pages}
                value={view.page}
                siblings={wide ? 1 : 0}
                onChange={(page) => {
                  change({ page });
                  window.scrollTo({ top: 0 });
                }}
                getItemProps={(page) => ({ 'aria-label': `Page ${page}` })}
                getControlProps={(control) => ({
                  'aria-label': control === 'next' ? 'Next page' : 'Previous page',
                })}
              />
            </Group>
          )}
        </Stack>
      )}
      <UserDrawer
        id={view.user}
        covered={asking}
        listed={users.isPending || users.isPlaceholderData ? undefined : rows.users}
        // The way back leads past the drawer.
        onClose={() => change({ user: null }, { replace: true })}
        onClosed={afterDialog}
        onAsk={ask}
      />
      <CreateUserDialog opened={creating} onClose={close} />
      {dialogs}
    </>
  );
}

function count(total: number, { page }: UsersView): string {
  if (total === 0) return 'No users';
  if (total <= PAGE_SIZE) return total === 1 ? '1 user' : `${total} users`;
  const first = (page - 1) * PAGE_SIZE + 1;
  return `${first} to ${Math.min(first + PAGE_SIZE - 1, total)} of ${total} users`;
}

function Nobody({ view, onClear }: { readonly view: UsersView; readonly onClear: () => void }) {
  return (
    <EmptyState icon={IconUserSearch} title="No user matches">
      <Text size="sm" c="dimmed">
        Nobody was found with these filters.
      </Text>
      {isFiltered(view) && (
        <Button variant="light" onClick={onClear}>
          Clear the filters
        </Button>
      )}
    </EmptyState>
  );
}

function Placeholder() {
  return (
    <Stack gap="sm" aria-label="Loading users" role="status">
      {Array.from({ length: 8 }, (_, row) => row).map((row) => (
        <Skeleton key={row} height={44} />
      ))}
    </Stack>
  );
}
