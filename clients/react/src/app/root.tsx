import { useDidUpdate } from '@mantine/hooks';
import { Outlet, ScrollRestoration, useLocation } from 'react-router';

/** Around every page: a new one begins at its top, and with the focus on its title, so that it is also heard. */
export function Root() {
  const { pathname } = useLocation();
  useDidUpdate(() => {
    const main = document.querySelector('main');
    // A form has its own place to begin.
    if (!main?.contains(document.activeElement)) main?.querySelector('h1')?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <>
      <Outlet />
      <ScrollRestoration />
    </>
  );
}
