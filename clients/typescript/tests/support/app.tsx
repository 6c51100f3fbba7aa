import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { onTestFinished } from 'vitest';
import type { Plinth } from '../../src/index.js';
import { type Auth, AuthProvider, type AuthStatus, useAuth } from '../../src/react/index.js';

/** An app on the page. */
export interface App {
  /** What it shows. */
  readonly page: HTMLElement;
  readonly queries: QueryClient;
  /** Every status that was shown, in order. */
  readonly statuses: Array<AuthStatus>;
  /** Who is signed in, as of the last time it was shown. */
  auth(): Auth;
  /** Shows this instead. */
  show(children: ReactNode): void;
}

/** How {@link render} does it. */
export interface Rendering {
  /** In strict mode. */
  readonly strict?: boolean;
  /** On a page that a server has rendered already, so. */
  readonly html?: string;
}

/** Puts these below a provider, on a page of their own. */
export function render(
  plinth: Plinth,
  children: ReactNode = null,
  { strict = false, html }: Rendering = {},
): App {
  const page = document.createElement('main');
  document.body.append(page);
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const statuses: Array<AuthStatus> = [];
  let latest: Auth | undefined;

  function Witness() {
    latest = useAuth();
    if (statuses.at(-1) !== latest.status) statuses.push(latest.status);
    return null;
  }
  const tree = (shown: ReactNode) => {
    const app = (
      <QueryClientProvider client={queries}>
        <AuthProvider plinth={plinth}>
          <Witness />
          {shown}
        </AuthProvider>
      </QueryClientProvider>
    );
    return strict ? <StrictMode>{app}</StrictMode> : app;
  };
  page.innerHTML = html ?? '';
  const root = html === undefined ? createRoot(page) : hydrateRoot(page, tree(children));
  const show = (shown: ReactNode) => root.render(tree(shown));
  if (html === undefined) show(children);
  onTestFinished(() => {
    root.unmount();
    page.remove();
  });
  return {
    page,
    queries,
    statuses,
    show,
    auth: () => {
      if (!latest) throw new Error('nothing was rendered yet');
      return latest;
    },
  };
}
