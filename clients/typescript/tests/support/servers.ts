import { inject, onTestFinished } from 'vitest';
import { commands } from 'vitest/browser';

/** The two ways in which a server hands the refresh token out. */
export const MODES = [
  { mode: 'the tokens in the page', base: inject('plainServer'), cookie: false },
  { mode: 'the refresh token in a cookie', base: inject('cookieServer'), cookie: true },
] as const;

/** The server with the tokens in the page. */
export const BASE = inject('plainServer');

/** The server with the refresh token in a cookie. */
export const COOKIE_BASE = inject('cookieServer');

/** Starts a server for this test alone, which it may stop and start again. */
export async function ownServer(settings: Record<string, string> = {}): Promise<string> {
  const url = await commands.startServer(settings);
  onTestFinished(() => commands.removeServer(url));
  return url;
}
