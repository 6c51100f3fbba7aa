import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { expect, onTestFinished } from 'vitest';
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
  /** Takes it off the page, with its provider; what was read stays. */
  remove(): void;
}

/** How {@link render} does it. */
export interface Rendering {
  /** In strict mode. */
  readonly strict?: boolean;
  /** On a page that a server has rendered already, so. */
  readonly html?: string;
  /** With what another one has read. */
  readonly queries?: QueryClient;
}

/** Puts these below a provider, on a page of their own. */
export function render(
  plinth: Plinth,
  children: ReactNode = null,
  { strict = false, html, queries = newQueries() }: Rendering = {},
): App {
  const page = document.createElement('main');
  document.body.append(page);
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
  const remove = () => {
    root.unmount();
    page.remove();
  };
  onTestFinished(remove);
  return {
    page,
    queries,
    statuses,
    show,
    remove,
    auth: () => {
      if (!latest) throw new Error('nothing was rendered yet');
      return latest;
    },
  };
}

function newQueries(): QueryClient {
  return new QueryClient({ defaultOptions: { queries: { retry: false } } });
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Until what is under way has been read. */
export async function settled({ queries }: App): Promise<void> {
  await pause(300);
  await expect.poll(() => queries.isFetching()).toBe(0);
}

/** Everything that is on the page at any time from now on. */
export function watched(page: HTMLElement): Array<string> {
  const shown: Array<string> = [];
  const observer = new MutationObserver(() => shown.push(page.textContent ?? ''));
  observer.observe(page, { childList: true, characterData: true, subtree: true });
  onTestFinished(() => observer.disconnect());
  return shown;
}
