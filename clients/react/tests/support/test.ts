import { type BrowserContextOptions, test as base, expect, type Page } from '@playwright/test';
import { Person } from './person';
import { Server, type Settings } from './server';
import { Watch } from './watch';

/** What a test works with, beside Playwright's own. */
interface Fixtures {
  /** What is not to happen on any page, and what may. */
  readonly watch: Watch;
  /** A server of this test alone, with these settings. */
  readonly serve: (settings?: Settings) => Promise<Server>;
  /** Another browser, with nothing stored; on `server`, or on that of the worker. */
  readonly another: (options?: BrowserContextOptions & { readonly server?: Server }) => Promise<Page>;
  /** Somebody with an account on the server of the worker. */
  readonly person: Person;
  /** An administrator of the same. */
  readonly admin: Person;
}

/** What the tests of a worker share. */
interface WorkerFixtures {
  /** A running server. */
  readonly server: Server;
}

/** A test of the app. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from the pattern.
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.remove();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  watch: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from the pattern.
    async ({}, use) => {
      const watch = new Watch();
      await use(watch);
      expect(watch.faults(), 'what the browser complains about').toEqual([]);
    },
    { auto: true },
  ],
  context: async ({ context, server, watch }, use) => {
    await watch.follow(context, server.url);
    await use(context);
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from the pattern.
  serve: async ({}, use) => {
    const servers: Array<Server> = [];
    await use(async (settings) => {
      const server = await Server.start(settings);
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.remove()));
  },
  // Servers of the test are named here since they have to outlive the pages on them.
  another: async ({ browser, server: ofWorker, watch, serve: _ }, use) => {
    const opened: Array<Page> = [];
    await use(async ({ server = ofWorker, ...options } = {}) => {
      const context = await browser.newContext({ baseURL: server.url, ...options });
      await watch.follow(context, server.url);
      const page = await context.newPage();
      opened.push(page);
      return page;
    });
    await Promise.all(opened.map((page) => page.context().close()));
  },
  person: async ({ server }, use) => use(await Person.create(server, 'Grace Hopper')),
  admin: async ({ server }, use) => use(await Person.create(server, 'Ada Lovelace', 'admin')),
});

export { expect };
