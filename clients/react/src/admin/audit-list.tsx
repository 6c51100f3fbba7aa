import { Box, Button, Skeleton, Stack, Text } from '@mantine/core';
import { byCursor, listAuditInfiniteOptions, listAuditQueryKey } from '@plinth/client/query';
import { useRealtime } from '@plinth/client/react';
import { IconHistory } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { EmptyState, ErrorState } from '../shared/states';
import { useFirstNew } from '../shared/use-first-new';
import { AuditLine } from './audit-line';
import type { AuditQuery } from './audit-words';

/** Entries of the audit log, the newest first, more of them when asked for. */
export function AuditList({ query }: { readonly query: AuditQuery }) {
  const queries = useQueryClient();
  const entries = useInfiniteQuery({ ...listAuditInfiniteOptions({ query }), ...byCursor });
  const rows = entries.data?.pages.flatMap((page) => page.items) ?? [];
  const refresh = () => void queries.invalidateQueries({ queryKey: listAuditQueryKey() });
  useRealtime({
    // The log tells nobody of its entries, but a change of a user makes one.
    onEvent: (event) => {
      if ('user' in event) refresh();
    },
    onResync: refresh,
  });
  const { list, expect } = useFirstNew<HTMLUListElement>(rows.length);
  const loadMore = () => {
    expect();
    void entries.fetchNextPage();
  };
  if (entries.isError && !entries.data) {
    return <ErrorState error={entries.error} retry={() => void entries.refetch()} />;
  }
  if (entries.isPending) return <Placeholder />;
  if (rows.length === 0) return <EmptyState icon={IconHistory} title="No entries" />;
  return (
    <Stack gap={0}>
      <Box component="ul" ref={list} p={0} m={0} style={{ listStyle: 'none' }}>
        {rows.map((entry) => (
          <AuditLine key={entry.id} entry={entry} about={query.user_id} />
        ))}
      </Box>
      {entries.isFetchNextPageError && <ErrorState error={entries.error} retry={loadMore} />}
      {entries.hasNextPage ? (
        <Button variant="default" mt="md" loading={entries.isFetchingNextPage} onClick={loadMore}>
          Load more
        </Button>
      ) : (
        <Text size="sm" c="dimmed" ta="center" mt="md">
          End of the log.
        </Text>
      )}
    </Stack>
  );
}

function Placeholder() {
  return (
    <Stack gap="sm" aria-label="Loading entries" role="status">
      {Array.from({ length: 6 }, (_, row) => row).map((row) => (
        <Skeleton key={row} height={56} />
      ))}
    </Stack>
  );
}
