import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import type { Item } from '@plinth/client';
import { byCursor, listItemsInfiniteOptions } from '@plinth/client/query';
import { useAuth } from '@plinth/client/react';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { ErrorState } from '../shared/states';
import { useFirstNew } from '../shared/use-first-new';
import { useRefuge } from '../shared/use-refuge';
import { EmptyList } from './empty-list';
import { type ItemFilters, toQuery } from './filters';
import { Further } from './further';
import { ItemRow } from './item-row';
import { useDeletion } from './use-deletion';
import { useEdited } from './use-edited';

/** The items that the filters let through. */
export function ItemList({
  filters,
  seesOthers,
  onClearSearch,
  onCreate,
}: {
  readonly filters: ItemFilters;
  readonly seesOthers: boolean;
  readonly onClearSearch: () => void;
  readonly onCreate: () => void;
}) {
  const { user } = useAuth();
  const everyone = seesOthers && filters.everyone;
  const query = toQuery(filters, seesOthers && !everyone ? user?.id : undefined);
  const list = useInfiniteQuery({
    ...listItemsInfiniteOptions({ query }),
    ...byCursor,
    // The rows stay until those of another search are there.
    placeholderData: keepPreviousData,
  });
  const listed = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const { rows, isEdited, open, close } = useEdited(listed);
  const { list: ul, expect } = useFirstNew<HTMLDivElement>(rows.length);
  const { refuge, list: focusProps, afterDialog } = useRefuge<HTMLDivElement>();
  const deletion = useDeletion(afterDialog);
  const finish = (item: Item) => {
    close(item);
    // The button that was pressed goes with its row.
    if (!listed.some(({ id }) => id === item.id)) refuge.current?.focus();
  };
  const clear = () => {
    onClearSearch();
    refuge.current?.focus();
  };
  const loadMore = () => {
    expect();
    void list.fetchNextPage();
  };

  return (
    <Stack
      component="section"
      aria-label="Items"
      aria-busy={list.isFetching}
      ref={refuge}
      tabIndex={-1}
      {...focusProps}
      gap="sm"
    >
      <VisuallyHidden role="status">
        {list.error ? '' : announcement(list.isPending, listed.length, list.hasNextPage)}
      </VisuallyHidden>
      {rows.length > 0 && (
        <Stack component="ul" ref={ul} gap="sm" m={0} p={0} opacity={list.isPlaceholderData ? 0.6 : 1}>
          {rows.map((item) => (
            <ItemRow
              key={item.id}
              item={item}
              editing={isEdited(item)}
              onEdit={open}
              onDone={finish}
              onDelete={deletion.ask}
            />
          ))}
        </Stack>
      )}
      {list.isPending && <Loading />}
      {list.isLoadingError && <ErrorState error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && rows.length === 0 && (
        <EmptyList search={filters.search} everyone={everyone} onClear={clear} onCreate={onCreate} />
      )}
      {list.hasNextPage && (
        <Further
          rows={listed.length}
          loading={list.isFetchingNextPage}
          busy={list.isFetching}
          error={list.isFetchNextPageError ? list.error : null}
          onLoad={list.fetchNextPage}
          onAsk={loadMore}
        />
      )}
      {deletion.dialog}
    </Stack>
  );
}

/** For whoever does not see the list change. A failure is an alert of its own. */
function announcement(pending: boolean, rows: number, more: boolean): string {
  if (pending) return 'Loading';
  if (rows === 0) return 'No items';
  return `${rows} ${rows === 1 ? 'item' : 'items'} shown${more ? ', and there are more' : ''}`;
}

function Loading() {
  return [0, 1, 2, 3].map((row) => <Skeleton key={row} height={92} />);
}
