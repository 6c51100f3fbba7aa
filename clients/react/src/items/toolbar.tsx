import { Group, NativeSelect, Switch } from '@mantine/core';
import { SearchInput } from '../shared/search-input';
import type { ChangeView } from '../shared/use-view';
import { type ItemFilters, ORDERS } from './filters';

/** What is shown, and in which order. */
export function Toolbar({
  filters,
  onChange,
  seesOthers,
}: {
  readonly filters: ItemFilters;
  readonly onChange: ChangeView<ItemFilters>;
  /** Whether the user may see the items of others. */
  readonly seesOthers: boolean;
}) {
  return (
    <Group component="search" gap="sm" mb="md">
      <SearchInput
        flex="1 1 240px"
        aria-label="Search items"
        placeholder="Search titles and descriptions"
        value={filters.search}
        onSearch={(search) => onChange({ search }, { replace: true })}
      />
      <NativeSelect
        aria-label="Order"
        data={[...ORDERS]}
        value={filters.order}
        onChange={({ currentTarget: { value } }) => {
          const order = ORDERS.find((known) => known.value === value)?.value;
          if (order) onChange({ order });
        }}
      />
      {seesOthers && (
        <Switch
          label="Only mine"
          checked={!filters.everyone}
          onChange={({ currentTarget: { checked } }) => onChange({ everyone: !checked })}
        />
      )}
    </Group>
  );
}
