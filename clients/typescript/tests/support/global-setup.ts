import type { TestProject } from 'vitest/node';
import { Instance } from './instance.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The origin of the pages that tests run in, which the servers have to allow. */
    pageOrigin: string;
    /** Where a server is that hands the refresh token out. */
    plainServer: string;
    /** Where one is that keeps it in a cookie. */
    cookieServer: string;
  }
}

/** Starts what all tests share, and stops it after the last one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { pageOrigin } = project.getProvidedContext();
  const allowed = { BACKEND_CORS_ORIGINS: pageOrigin };
  const plain = await Instance.start(allowed);
  const cookies = await Instance.start({ ...allowed, AUTH_COOKIES: 'true' });
  project.provide('plainServer', plain.url);
  project.provide('cookieServer', cookies.url);
  return async () => {
    await Promise.all([plain.remove(), cookies.remove()]);
  };
}
