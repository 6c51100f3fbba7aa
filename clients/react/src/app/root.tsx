import { Outlet, ScrollRestoration } from 'react-router';
import { UnsavedGuard } from '../shared/unsaved';
import { NavigationProgress } from './navigation-progress';

/** Around every page: a new one begins at its top. */
export function Root() {
  return (
    <UnsavedGuard>
      <NavigationProgress />
      <Outlet />
      <ScrollRestoration />
    </UnsavedGuard>
  );
}
