import type { BrowserContext, Page } from '@playwright/test';

/** Where the app keeps its tokens. */
export const TOKENS = 'plinth.tokens';

/** Requests for new tokens, of all pages of a browser: counted, and held back until {@link Refreshes.release}. */
export class Refreshes {
  /** How many were asked for. */
  count = 0;
  release: () => void = () => {};

  /** From now on. */
  static async hold(context: BrowserContext): Promise<Refreshes> {
    const refreshes = new Refreshes();
    const released = new Promise<void>((resolve) => {
      refreshes.release = resolve;
    });
    await context.route('**/api/auth/refresh', async (route) => {
      refreshes.count += 1;
      await released;
      await route.continue();
    });
    return refreshes;
  }
}

/** Time has passed, as far as the app can tell: it takes the access token for one that has expired. */
export async function outliveToken(page: Page): Promise<void> {
  await changeTokens(page, { renewAt: 0 });
}

/** The access token is none any more, though the app cannot know that. */
export async function spoilToken(page: Page): Promise<void> {
  await changeTokens(page, { accessToken: 'spoilt' });
}

/** How many pages of the browser wait for their turn to refresh (Web Locks). */
export function waiting(page: Page): Promise<number> {
  return page.evaluate(async () => (await navigator.locks.query()).pending?.length ?? 0);
}

async function changeTokens(page: Page, change: Readonly<Record<string, unknown>>): Promise<void> {
  await page.evaluate(
    ([key, changed]) => {
      const tokens: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
      if (typeof tokens !== 'object' || tokens === null) throw new Error('nobody is signed in');
      localStorage.setItem(key, JSON.stringify({ ...tokens, ...changed }));
    },
    [TOKENS, change] as const,
  );
}
