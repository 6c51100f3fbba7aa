import { Grid, NativeSelect, Switch } from '@mantine/core';
import { SearchInput } from '../shared/search-input';
import type { ChangeView } from '../shared/use-view';
import { ROLE_NAMES } from './user-badges';
import { ROLES, SORTS, type UserSort, type UsersView } from './users-view';

const SORT_NAMES: Readonly<Record<UserSort, string>> = {
  '-created_at': 'Newest first',
  created_at: 'Oldest first',
  full_name: 'Name, A to Z',
  '-full_name': 'Name, Z to A',
  email: 'Email, A to Z',
  '-email': 'Email, Z to A',
};

interface UsersToolbarProps {
  readonly view: UsersView;
  readonly onChange: ChangeView<UsersView>;
  /** Whether the order is chosen here, for want of columns. */
  readonly withSort: boolean;
}

/** Which users are shown. */
export function UsersToolbar({ view, onChange, withSort }: UsersToolbarProps) {
  return (
    <Grid gap="sm" align="flex-end" mb="md" role="search" aria-label="Users">
      <Grid.Col span={{ base: 12, md: 5 }}>
        <SearchInput
          label="Search"
          placeholder="Name or email"
          value={view.search}
          onSearch={(search) => onChange({ search }, { replace: true })}
        />
      </Grid.Col>
      <Grid.Col span={{ base: 6, md: 2 }}>
        <NativeSelect
          label="Role"
          data={[
            { value: '', label: 'All' },
            ...ROLES.map((role) => ({ value: role, label: ROLE_NAMES[role] })),
          ]}
          value={view.role ?? ''}
          onChange={({ currentTarget: { value } }) =>
            onChange({ role: ROLES.find((role) => role === value) ?? null })
          }
        />
      </Grid.Col>
      <Grid.Col span={{ base: 6, md: 2 }}>
        <NativeSelect
          label="State"
          data={[
            { value: '', label: 'All' },
            { value: 'true', label: 'Active' },
            { value: 'false', label: 'Deactivated' },
          ]}
          value={view.active === null ? '' : String(view.active)}
          onChange={({ currentTarget: { value } }) =>
            onChange({ active: value === '' ? null : value === 'true' })
          }
        />
      </Grid.Col>
      {withSort && (
        <Grid.Col span={{ base: 12, xs: 6 }}>
          <NativeSelect
            label="Sort by"
            data={SORTS.map((sort) => ({ value: sort, label: SORT_NAMES[sort] }))}
            value={view.sort}
            onChange={({ currentTarget: { value } }) =>
              onChange({ sort: SORTS.find((sort) => sort === value) ?? view.sort })
            }
          />
        </Grid.Col>
      )}
      <Grid.Col span={{ base: 12, xs: 6, md: 3 }} mih={36} display="flex" style={{ alignItems: 'center' }}>
        <Switch
          label="Include deleted"
          checked={view.deleted}
          onChange={({ currentTarget: { checked } }) => onChange({ deleted: checked })}
        />
      </Grid.Col>
    </Grid>
  );
}
