import { createPlinth } from '@plinth/client';
import { retryTransient } from '@plinth/client/query';
import { QueryClient } from '@tanstack/react-query';

/** The server: where the page comes from. */
export const plinth = createPlinth();

/** What was read from it. */
export const queries = new QueryClient({
  defaultOptions: {
    // Changes are told while a page is open, so what was read does not grow old by itself.
    // The server is asked even when the browser believes that it is offline: it may be wrong about that, and what fails
    // is told, while what waits is not.
    queries: { retry: retryTransient, staleTime: 30_000, networkMode: 'always', refetchOnReconnect: true },
    mutations: { networkMode: 'always' },
  },
});
