import { useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';

/** Changes parts of a view; with `replace` in place of the entry in the browser's history. */
export type ChangeView<View> = (change: Partial<View>, options?: { readonly replace?: boolean }) => void;

/**
 * What a page shows, kept in its address, so that it survives a reload and can be passed on. An address can be typed by
 * hand: `read` leaves out what it does not know.
 */
export function useView<View extends object>(
  read: (params: URLSearchParams) => View,
  write: (view: View) => URLSearchParams,
): readonly [View, ChangeView<View>] {
  const [params, setParams] = useSearchParams();
  const view = read(params);
  // The address follows later: a second change before that adds to the first.
  const latest = useRef(view);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address alone counts.
  useEffect(() => {
    latest.current = view;
  }, [params]);
  return [
    view,
    (change, options) => {
      latest.current = { ...latest.current, ...change };
      // It is the same page still: it does not go back to its top.
      setParams(write(latest.current), { ...options, preventScrollReset: true });
    },
  ];
}
