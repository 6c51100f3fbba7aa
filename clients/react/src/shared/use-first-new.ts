import { type RefObject, useEffect, useRef } from 'react';

/** The focus on its way to rows that are loaded. */
interface FirstNew<List extends HTMLElement> {
  /** To be put on the list, whose rows need a `tabIndex`. */
  readonly list: RefObject<List | null>;
  /** To be called when somebody asks for more rows. */
  readonly expect: () => void;
}

/**
 * Leads the focus to the first of the rows that somebody has asked for: the button is disabled while they come, and may
 * be gone then. Whoever has gone on elsewhere by that time is left alone. `rows` is how many there are.
 */
export function useFirstNew<List extends HTMLElement>(rows: number): FirstNew<List> {
  const list = useRef<List>(null);
  /** The place of the first row of those that were asked for, and what had the focus then. */
  const asked = useRef<{ readonly first: number; readonly focused: Element | null } | null>(null);
  useEffect(() => {
    if (asked.current === null || rows <= asked.current.first) return;
    const { first, focused } = asked.current;
    asked.current = null;
    // A button that is disabled or gone has lost it.
    if (document.activeElement !== document.body && document.activeElement !== focused) return;
    list.current?.querySelectorAll<HTMLElement>(':scope > li')[first]?.focus();
  }, [rows]);
  return {
    list,
    expect: () => {
      asked.current = { first: rows, focused: document.activeElement };
    },
  };
}
