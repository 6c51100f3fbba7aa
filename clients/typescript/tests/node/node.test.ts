import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import {
  browserTokens,
  createClient,
  createItem,
  createPlinth,
  getMe,
  isProblem,
  listItems,
  memoryTokens,
  type PlinthOptions,
} from '../../src/index.js';
import { type Connected, connect, expirable, REFRESH, tampered, thrownBy } from '../support/client.js';
import { Instance } from '../support/instance.js';
import { listen, told } from '../support/live.js';
import { newPerson, outsider, type Person } from '../support/people.js';

const base = inject('plainServer');

/** What is used here of the package `ws`, which has no types of its own. */
interface Ws {
  readonly WebSocket: NonNullable<PlinthOptions['webSocket']>;
  readonly WebSocketServer: new (options: {
    port: number;
    host: string;
  }) => {
    on(event: 'connection', listener: (socket: { close(code: number): void }) => void): void;
    address(): { readonly port: number };
    close(): void;
  };
}

// Node.js 20 has no WebSocket.
const { WebSocket: webSocket, WebSocketServer }: Ws = createRequire(import.meta.url)('ws');

let person: Person;
let ada: Connected;

beforeEach(async () => {
  person = await newPerson(base);
  ada = connect(base, { webSocket });
});

afterEach(() => vi.unstubAllGlobals());

describe('a program without a browser', () => {
  test('has its tokens in memory', async () => {
    await ada.session.signIn(person);
    expect((await getMe({ client: ada.client })).data.email).toBe(person.email);
    expect(connect(base).session.signedIn).toBe(false);
  });

  test('has them in memory too where there is a storage, but no window', async () => {
    const setItem = vi.fn();
    vi.stubGlobal('localStorage', { getItem: () => null, setItem, removeItem: () => {} });
    const { session } = connect(base);
    await session.signIn(person);
    expect(session.signedIn).toBe(true);
    expect(setItem).not.toHaveBeenCalled();
  });

  test('refreshes once for many requests, without locks', async () => {
    const tokens = expirable(memoryTokens());
    const { session, client, count } = connect(base, { tokens });
    await session.signIn(person);
    tokens.expire();
    await Promise.all(Array.from({ length: 10 }, () => listItems({ client })));
    expect(count(REFRESH)).toBe(1);
    tokens.replace(tampered(tokens.read()?.accessToken));
    expect((await createItem({ client, body: { title: 'Lamp' } })).data.title).toBe('Lamp');
    expect(count(REFRESH)).toBe(2);
    expect(count('POST /api/items')).toBe(2);
  });

  test('signs out', async () => {
    await ada.session.signIn(person);
    await ada.session.signOut();
    expect(ada.session.signedIn).toBe(false);
    expect(isProblem(await thrownBy(getMe({ client: ada.client })), 'unauthenticated')).toBe(true);
  });

  test('serves several users at once', async () => {
    const other = await newPerson(base);
    const bob = connect(base);
    await Promise.all([ada.session.signIn(person), bob.session.signIn(other)]);
    const [hers, his] = await Promise.all([getMe({ client: ada.client }), getMe({ client: bob.client })]);
    expect([hers.data.id, his.data.id]).toEqual([person.id, other.id]);
  });

  test('is told that it mixes users up, where it makes none of them a client of its own', async () => {
    const tokens = memoryTokens();
    const plinth = createPlinth({ baseUrl: base, tokens });
    await plinth.session.signIn(person);
    for (const again of [{}, { tokens }, { tokens: memoryTokens() }]) {
      expect(() => createPlinth({ baseUrl: base, ...again })).toThrow(/client: createClient\(\)/);
    }
    createPlinth({ baseUrl: base, client: createClient() });
    // It goes on as it was.
    expect((await getMe()).data.id).toBe(person.id);
  });

  test('cancels a request', async () => {
    await ada.session.signIn(person);
    const controller = new AbortController();
    const given = thrownBy(getMe({ client: ada.client, signal: controller.signal }));
    controller.abort();
    expect(await given).toMatchObject({ name: 'AbortError' });
  });

  test('has them in memory too if it asks for those of a browser', async () => {
    const eve = connect(base, { tokens: browserTokens() });
    await eve.session.signIn(person);
    expect((await getMe({ client: eve.client })).data.email).toBe(person.email);
    expect(connect(base, { tokens: browserTokens() }).session.signedIn).toBe(false);
  });
});

describe('realtime', () => {
  test('tells events, by the WebSocket that it is given', async () => {
    await ada.session.signIn(person);
    const live = listen(ada);
    await expect.poll(() => live.connection.status).toBe('open');
    await createItem({ client: ada.client, body: { title: 'Lamp' } });
    await expect.poll(() => live.events.map(told)).toEqual(['item.created Lamp']);
  });

  test('survives that nobody is there, and closing while it connects', async () => {
    const own = await Instance.start();
    try {
      const eve = connect(own.url, { webSocket });
      await eve.session.signIn(await newPerson(own.url));
      const live = listen(eve);
      await expect.poll(() => live.connection.status).toBe('open');
      await own.stop();
      await expect.poll(() => live.statuses.filter((status) => status === 'connecting').length).toBe(2);
      await own.start();
      await expect.poll(() => live.connection.status).toBe('open');
      live.connection.close();

      const hasty = listen(eve);
      await eve.session.accessToken();
      await new Promise((resolve) => setImmediate(resolve));
      hasty.connection.close();
      expect(hasty.statuses).toEqual(['closed']);
    } finally {
      await own.remove();
    }
  });

  test('tries less and less often where connections are taken and dropped', async () => {
    // What a proxy does whose server is gone.
    const attempts: Array<number> = [];
    const proxy = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    proxy.on('connection', (socket) => {
      attempts.push(Date.now());
      socket.close(1013);
    });
    try {
      await expect.poll(() => proxy.address()).not.toBeNull();
      const { port } = proxy.address();
      const url = `ws://127.0.0.1:${port}`;
      const dropped = class extends webSocket {
        constructor(_url: string, protocols: Array<string>) {
          super(url, protocols);
        }
      };
      const eve = connect(base, { webSocket: dropped });
      await eve.session.signIn(person);
      listen(eve);
      await expect.poll(() => attempts.length).toBe(4);
      const pauses = attempts.slice(1).map((at, before) => at - (attempts[before] ?? at));
      // 500, 1000 and 2000 ms, each by up to a half less.
      for (const [index, least] of [250, 500, 1000].entries()) {
        expect(pauses[index]).toBeGreaterThanOrEqual(least);
      }
    } finally {
      proxy.close();
    }
  });

  test('ends with the session', async () => {
    await ada.session.signIn(person);
    const live = listen(ada);
    await expect.poll(() => live.connection.status).toBe('open');
    await (await outsider(base, person)).call('DELETE', '/api/auth/sessions');
    await expect.poll(() => live.connection.status).toBe('closed');
    expect(ada.session.signedIn).toBe(false);
  });

  test('says what is missing where there is no WebSocket', async () => {
    vi.stubGlobal('WebSocket', undefined);
    const plinth = createPlinth({ baseUrl: base, client: createClient() });
    await plinth.session.signIn(person);
    expect(() => plinth.realtime()).toThrow(/no WebSocket/);
  });
});
