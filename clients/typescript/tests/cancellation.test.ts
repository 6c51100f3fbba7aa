import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { browserTokens, getMe, listItems } from '../src/index.js';
import {
  type Connected,
  connect,
  type Expirable,
  expirable,
  gate,
  REFRESH,
  storeName,
  thrownBy,
} from './support/client.js';
import { newPerson, type Person } from './support/people.js';
import { MODES } from './support/servers.js';

afterEach(() => localStorage.clear());

describe.each(MODES)('with $mode', ({ base }) => {
  let person: Person;
  let tokens: Expirable;
  let ada: Connected;
  /** Holds up what is sent there, until it is let go. */
  let held: {
    readonly path: string;
    readonly asked: ReturnType<typeof gate>;
    readonly go: ReturnType<typeof gate>;
  };

  beforeEach(async () => {
    person = await newPerson(base);
    tokens = expirable(browserTokens(storeName()));
    held = { path: '/api/auth/refresh', asked: gate(), go: gate() };
    ada = connect(base, {
      tokens,
      fetch: async (request) => {
        if (new URL(request.url).pathname === held.path) {
          held.asked.open();
          await held.go.opened;
        }
        return fetch(request);
      },
    });
    await ada.session.signIn(person);
  });

  test('who gives up while others wait for the refresh too is free at once, and they go on', async () => {
    const controller = new AbortController();
    tokens.expire();
    const given = thrownBy(listItems({ client: ada.client, signal: controller.signal }));
    const kept = getMe({ client: ada.client });
    await held.asked.opened;
    controller.abort();
    expect(await given).toMatchObject({ name: 'AbortError' });
    held.go.open();
    expect((await kept).data.id).toBe(person.id);
    expect(ada.count(REFRESH)).toBe(1);
    expect(ada.count('GET /api/items')).toBe(0);
    expect(ada.session.signedIn).toBe(true);
  });

  test('a refresh that nobody waits for any more is good for the next', async () => {
    const controller = new AbortController();
    tokens.expire();
    const given = thrownBy(getMe({ client: ada.client, signal: controller.signal }));
    await held.asked.opened;
    controller.abort();
    await given;
    held.go.open();
    expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
    expect(ada.count(REFRESH)).toBe(1);
  });

  test('the reason is the one that was given', async () => {
    const controller = new AbortController();
    tokens.expire();
    const given = thrownBy(getMe({ client: ada.client, signal: controller.signal }));
    await held.asked.opened;
    const reason = new Error('the user has gone elsewhere');
    controller.abort(reason);
    expect(await given).toBe(reason);
    held.go.open();
  });

  test('what is given up before it begins is not sent', async () => {
    const before = ada.sent.length;
    const given = thrownBy(getMe({ client: ada.client, signal: AbortSignal.abort() }));
    expect(await given).toMatchObject({ name: 'AbortError' });
    tokens.expire();
    await thrownBy(getMe({ client: ada.client, signal: AbortSignal.abort() }));
    expect(ada.sent.slice(before).filter((line) => line !== REFRESH)).toEqual([]);
    held.go.open();
  });

  test('what is under way ends', async () => {
    held = { path: '/api/users/me', asked: gate(), go: gate() };
    const controller = new AbortController();
    const given = thrownBy(getMe({ client: ada.client, signal: controller.signal }));
    await held.asked.opened;
    controller.abort();
    held.go.open();
    expect(await given).toMatchObject({ name: 'AbortError' });
  });

  test('who gives up the repetition of a refused request is free at once', async () => {
    tokens.replace('not a token');
    const controller = new AbortController();
    const given = thrownBy(getMe({ client: ada.client, signal: controller.signal }));
    await held.asked.opened;
    controller.abort();
    expect(await given).toMatchObject({ name: 'AbortError' });
    held.go.open();
    await ada.session.renew('not a token');
    expect(ada.count('GET /api/users/me')).toBe(1);
    expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
    expect(ada.count(REFRESH)).toBe(1);
  });
});
