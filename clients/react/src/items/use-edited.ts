import type { Item } from '@plinth/client';
import { useCallback, useState } from 'react';

interface Edited {
  readonly item: Item;
  /** Where it stood. */
  readonly at: number;
}

/** Which rows are being edited. */
export interface EditedRows {
  /**
   * The rows, and those that are edited and have left the list, where they stood: a change from elsewhere, a search or
   * another order is not to take away what is being typed.
   */
  readonly rows: ReadonlyArray<Item>;
  readonly isEdited: (item: Item) => boolean;
  readonly open: (item: Item) => void;
  readonly close: (item: Item) => void;
}

/** Rows of a list that can be edited, several at a time. */
export function useEdited(listed: ReadonlyArray<Item>): EditedRows {
  const [edited, setEdited] = useState<ReadonlyMap<string, Edited>>(new Map());
  const rows = [...listed];
  for (const { item, at } of edited.values()) {
    if (!rows.some(({ id }) => id === item.id)) rows.splice(at, 0, item);
  }
  const close = useCallback((item: Item) => {
    setEdited((before) => new Map([...before].filter(([id]) => id !== item.id)));
  }, []);
  return {
    rows,
    isEdited: ({ id }) => edited.has(id),
    open: (item) => {
      const at = rows.findIndex(({ id }) => id === item.id);
      setEdited((before) => new Map(before).set(item.id, { item, at }));
    },
    close,
  };
}
