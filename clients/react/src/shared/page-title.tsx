import { Title, type TitleProps } from '@mantine/core';
import { useEffect } from 'react';

interface PageTitleProps extends Pick<TitleProps, 'size'> {
  readonly children: string;
}

/** The title of a page, also in the browser's tab. It takes the focus when somebody comes from another page. */
export function PageTitle({ children, size }: PageTitleProps) {
  useEffect(() => {
    document.title = `${children} – Plinth`;
  }, [children]);
  return (
    <Title order={1} size={size} tabIndex={-1} style={{ outline: 'none' }}>
      {children}
    </Title>
  );
}
