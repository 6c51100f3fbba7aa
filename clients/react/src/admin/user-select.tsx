import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { isProblem, type User } from '@plinth/client';
import { getUserOptions, listUsersOptions } from '@plinth/client/query';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { nameOf } from './user-badges';

interface UserSelectProps {
  readonly label: string;
  /** The id of the user; null: anybody. */
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

/** A choice of one user, deleted ones too, by a search of the server's. */
export function UserSelect({ label, value, onChange }: UserSelectProps) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [picked, setPicked] = useState<User>();
  // Only who is in the address alone is to be asked for.
  const known = value === null || value === picked?.id;
  const read = useQuery({ ...getUserOptions({ path: { id: value ?? '' } }), enabled: !known });
  const user = known ? picked : read.data;
  const name = user ? labelOf(user) : isProblem(read.error, 'not_found') ? 'A deleted account' : '…';
  // The field holds the chosen name until somebody types another one.
  const [search] = useDebouncedValue(value !== null && text === name ? '' : text.trim(), 300);
  const found = useQuery({
    ...listUsersOptions({
      query: { page_size: 20, include_deleted: true, sort: 'full_name', ...(search && { search }) },
    }),
    placeholderData: keepPreviousData,
  });
  const users = found.data?.items ?? [];
  const offered = users.map((user) => ({ value: user.id, label: labelOf(user) }));
  return (
    <Select
      ref={field}
      label={label}
      placeholder="Anybody"
      searchable
      clearable
      // Mantine hides it from the keyboard and from readers of the screen.
      clearButtonProps={{ 'aria-label': `Clear ${label}`, 'aria-hidden': false, tabIndex: 0 }}
      // The cross goes away.
      onClear={() => field.current?.focus()}
      openOnFocus={false}
      data={
        value !== null && !users.some(({ id }) => id === value)
          ? [{ value, label: name }, ...offered]
          : offered
      }
      // The server has chosen already.
      filter={({ options }) => options}
      nothingFoundMessage={found.isError ? 'Could not be searched' : 'No user matches'}
      maxDropdownHeight={280}
      value={value}
      onChange={(id) => {
        setPicked(users.find((user) => user.id === id));
        onChange(id);
      }}
      searchValue={text}
      onSearchChange={setText}
    />
  );
}

function labelOf(user: User): string {
  const name = user.full_name ? `${nameOf(user)} (${user.email})` : user.email;
  return user.deleted_at === null ? name : `${name}, deleted`;
}
