import { Paper } from '@mantine/core';
import type { Item } from '@plinth/client';
import { useAuth } from '@plinth/client/react';
import { useEffect, useRef } from 'react';
import { ItemCard } from './item-card';
import { ItemEditor } from './item-editor';

/** An item in the list, to read or to change. */
export function ItemRow({
  item,
  editing,
  onEdit,
  onDone,
  onDelete,
}: {
  readonly item: Item;
  readonly editing: boolean;
  readonly onEdit: (item: Item) => void;
  readonly onDone: (item: Item) => void;
  readonly onDelete: (item: Item) => void;
}) {
  const { user } = useAuth();
  const ofOther = item.owner_id !== user?.id;
  // Editors see what is others', and change their own.
  const mayChange = !ofOther || user?.role === 'admin';
  const editRef = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(editing);
  useEffect(() => {
    // Whoever works by keyboard goes on where the editing began.
    if (wasEditing.current && !editing) editRef.current?.focus();
    wasEditing.current = editing;
  }, [editing]);
  return (
    <Paper component="li" tabIndex={-1} withBorder p="md" pt="xs">
      {editing ? (
        <ItemEditor item={item} ofOther={ofOther} onDone={() => onDone(item)} />
      ) : (
        <ItemCard
          item={item}
          ofOther={ofOther}
          {...(mayChange && {
            actions: { onEdit: () => onEdit(item), onDelete: () => onDelete(item), editRef },
          })}
        />
      )}
    </Paper>
  );
}
