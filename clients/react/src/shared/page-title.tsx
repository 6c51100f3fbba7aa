import { Title, type TitleProps } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { type Location, useLocation } from 'react-router';

/** Where the app began. */
let beginning: Location | undefined;

interface PageTitleProps extends Pick<TitleProps, 'size'> {
  readonly children: string;
}

/**
 * The title of a page, also in the browser's tab. It takes the focus when somebody comes from another page, so that the
 * new one is also heard.
 */
export function PageTitle({ children, size }: PageTitleProps) {
  const title = useRef<HTMLHeadingElement>(null);
  const location = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each page.
  useEffect(() => {
    // There the browser has loaded a page, and begins with it by itself.
    beginning ??= location;
    if (location === beginning) return;
    // A form has its own place to begin.
    if (title.current?.closest('main')?.contains(document.activeElement)) return;
    title.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <title>{`${children} – Plinth`}</title>
      <Title ref={title} order={1} size={size} tabIndex={-1} style={{ outline: 'none' }}>
        {children}
      </Title>
    </>
  );
}
