import { type RefObject, useEffect, useRef } from 'react';

/** A place for the focus when what has it leaves a list, as a row does that the filters let through no more. */
interface Refuge<Element extends HTMLElement> {
  /** The place: outside the rows, with a `tabIndex`. */
  readonly refuge: RefObject<Element | null>;
  /** Properties of the list. */
  readonly list: { readonly onFocus: () => void; readonly onBlur: () => void };
  /** To be called as a dialog about a row goes out of sight: it cannot give the focus back to a row that is gone. */
  readonly afterDialog: () => void;
}

/** Keeps the focus from getting lost. For the component that has the rows. */
export function useRefuge<Element extends HTMLElement>(): Refuge<Element> {
  const refuge = useRef<Element>(null);
  const within = useRef(false);
  useEffect(() => {
    // What is taken out of the page is not told of it: there was no blur.
    if (within.current && document.activeElement === document.body) refuge.current?.focus();
  });
  return {
    refuge,
    list: {
      onFocus: () => {
        within.current = true;
      },
      onBlur: () => {
        within.current = false;
      },
    },
    afterDialog: () => {
      const focused = document.activeElement;
      // Still in the dialog: nothing else took it.
      if (focused === document.body || focused?.closest('[role="dialog"]')) refuge.current?.focus();
    },
  };
}
