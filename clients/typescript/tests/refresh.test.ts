import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { commands } from 'vitest/browser';
import { browserTokens, createItem, getMe, isProblem, listItems, memoryTokens } from '../src/index.js';
import {
  type Connected,
  connect,
  type Expirable,
  expirable,
  gate,
  keptAs,
  keptBack,
  REFRESH,
  storeName,
  tampered,
  thrownBy,
} from './support/client.js';
import { newPerson, outsider, type Person } from './support/people.js';
import { BASE, MODES, ownServer } from './support/servers.js';

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

describe.each(MODES)('with $mode', ({ base, cookie }) => {
  let person: Person;
  let name: string;
  let tokens: Expirable;
  let ada: Connected;

  beforeEach(async () => {
    person = await newPerson(base);
    name = storeName();
    tokens = expirable(browserTokens(name));
    ada = connect(base, { tokens });
    await ada.session.signIn(person);
  });

  test('an access token is used until its time has come', async () => {
    const first = await ada.session.accessToken();
    await getMe({ client: ada.client });
    expect(await ada.session.accessToken()).toBe(first);
    expect(ada.count(REFRESH)).toBe(0);
    // A minute is not over, nor all but over.
    const left = (tokens.read()?.renewAt ?? 0) - Date.now();
    expect(left).toBeGreaterThan(45_000);
    expect(left).toBeLessThan(60_000);
  });

  test('many requests at once that find it expired make one refresh', async () => {
    const { loginId } = ada.session;
    const first = await ada.session.accessToken();
    tokens.expire();
    const answers = await Promise.all(Array.from({ length: 10 }, () => listItems({ client: ada.client })));
    expect(answers.map(({ response }) => response.status)).toEqual(Array(10).fill(200));
    expect(ada.count(REFRESH)).toBe(1);
    expect(await ada.session.accessToken()).not.toBe(first);
    expect(ada.session.loginId).toBe(loginId);
    await listItems({ client: ada.client });
    expect(ada.count(REFRESH)).toBe(1);
  });

  test('a request whose token is refused is repeated once, with its body', async () => {
    tokens.replace(tampered(tokens.read()?.accessToken));
    const { data } = await createItem({ client: ada.client, body: { title: 'Lamp', description: 'brass' } });
    expect(data).toMatchObject({ title: 'Lamp', description: 'brass' });
    expect(ada.sent.slice(1)).toEqual(['POST /api/items', REFRESH, 'POST /api/items']);
    expect((await listItems({ client: ada.client })).data.total).toBe(1);
  });

  test('many requests whose token is refused make one refresh', async () => {
    tokens.replace(tampered(tokens.read()?.accessToken));
    await Promise.all(Array.from({ length: 5 }, () => listItems({ client: ada.client })));
    expect(ada.count(REFRESH)).toBe(1);
    expect(ada.count('GET /api/items')).toBe(10);
  });

  test('a request is never repeated twice', async () => {
    const unlucky = connect(base, {
      tokens,
      fetch: (request) => {
        if (request.method === 'POST' && request.url.endsWith('/items')) {
          request.headers.set('authorization', `Bearer ${tampered('a.b.c')}`);
        }
        return fetch(request);
      },
    });
    const error = await thrownBy(createItem({ client: unlucky.client, body: { title: 'Lamp' } }));
    expect(isProblem(error, 'invalid_token')).toBe(true);
    expect(unlucky.sent).toEqual(['POST /api/items', REFRESH, 'POST /api/items']);
    expect(unlucky.session.signedIn).toBe(true);
  });

  test('a request that is refused is not repeated as somebody else', async () => {
    const other = await newPerson(base);
    const back = keptBack('/items');
    const slow = connect(base, { tokens, fetch: back.fetch });
    tokens.replace(tampered(tokens.read()?.accessToken));
    const creating = thrownBy(createItem({ client: slow.client, body: { title: "Ada's" } }));
    await back.answered;
    await ada.session.signOut();
    await ada.session.signIn(other);
    back.letGo();
    expect(isProblem(await creating, 'invalid_token')).toBe(true);
    expect(slow.sent).toEqual(['POST /api/items']);
    expect((await listItems({ client: ada.client })).data.total).toBe(0);
    expect((await getMe({ client: slow.client })).data.id).toBe(other.id);
  });

  test('a request that is refused for another reason is not repeated', async () => {
    const error = await thrownBy(createItem({ client: ada.client, body: { title: '' } }));
    expect(isProblem(error, 'invalid_fields')).toBe(true);
    expect(ada.sent.slice(1)).toEqual(['POST /api/items']);
  });

  test('a token that was refused is not given again, though another one was asked for at that moment', async () => {
    const current = await ada.session.accessToken();
    const [, renewed] = await Promise.all([
      ada.session.renew('of long ago'),
      ada.session.renew(current ?? ''),
    ]);
    expect(renewed).toBeTruthy();
    expect(renewed).not.toBe(current);
    expect(ada.count(REFRESH)).toBe(1);
  });

  test('a refresh whose answer gets lost signs nobody out, and the next one works', async () => {
    let lose = true;
    const unlucky = connect(base, {
      tokens,
      fetch: async (request) => {
        const response = await fetch(request);
        if (lose && request.url.endsWith('/refresh')) throw new TypeError('the connection was lost');
        return response;
      },
    });
    tokens.expire();
    expect(await thrownBy(getMe({ client: unlucky.client }))).toBeInstanceOf(TypeError);
    expect(await thrownBy(getMe({ client: unlucky.client }))).toBeInstanceOf(TypeError);
    expect(unlucky.session.signedIn).toBe(true);
    lose = false;
    expect((await getMe({ client: unlucky.client })).data.id).toBe(person.id);
  });

  test('a page that a proxy puts in the place of a refresh signs nobody out, and replaces nothing', async () => {
    let away = true;
    const unlucky = connect(base, {
      tokens,
      fetch: (request) =>
        away && request.url.endsWith('/refresh')
          ? Promise.resolve(new Response('<p>Back soon</p>', { headers: { 'content-type': 'text/html' } }))
          : fetch(request),
    });
    const kept = tokens.read();
    tokens.expire();
    const error = await thrownBy(getMe({ client: unlucky.client }));
    expect(isProblem(error, 'unexpected_answer')).toBe(true);
    expect({ ...tokens.read(), renewAt: 0 }).toEqual({ ...kept, renewAt: 0 });
    away = false;
    expect((await getMe({ client: unlucky.client })).data.id).toBe(person.id);
  });

  test('who is refused a refresh since the session was ended elsewhere is signed out, told once', async () => {
    const listener = vi.fn();
    ada.session.subscribe(listener);
    await (await outsider(base, person)).call('DELETE', '/api/auth/sessions');
    const errors = await Promise.all([1, 2, 3].map(() => thrownBy(getMe({ client: ada.client }))));
    expect(errors.every((error) => isProblem(error, 'invalid_token'))).toBe(true);
    expect(ada.session.signedIn).toBe(false);
    expect(listener).toHaveBeenCalledTimes(1);
    expect(ada.count(REFRESH)).toBe(1);
    expect(localStorage.getItem(`${name}.tokens`)).toBeNull();
  });

  test('a refresh that is answered after a sign-out signs nobody in', async () => {
    const back = keptBack('/refresh');
    const slow = connect(base, { tokens, fetch: back.fetch });
    tokens.expire();
    const reading = thrownBy(getMe({ client: slow.client }));
    await back.answered;
    slow.session.forget();
    back.letGo();
    expect(isProblem(await reading, 'unauthenticated')).toBe(true);
    expect(slow.session.signedIn).toBe(false);
    expect(localStorage.getItem(`${name}.tokens`)).toBeNull();
  });

  test('a tab that holds the lock and never ends does not hold up the others for ever', async () => {
    const held = gate();
    const go = gate();
    const holding = navigator.locks.request(`${name}.refresh`, () => {
      held.open();
      return go.opened;
    });
    await held.opened;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    tokens.expire();
    let answered = false;
    const reading = getMe({ client: ada.client }).finally(() => {
      answered = true;
    });
    await vi.advanceTimersByTimeAsync(14_900);
    expect(ada.count(REFRESH)).toBe(0);
    expect(answered).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect((await reading).data.id).toBe(person.id);
    expect(ada.count(REFRESH)).toBe(1);
    go.open();
    await holding;
  });

  test('a second tab that refreshes at the same time waits, and nobody is signed out', async () => {
    const there = expirable(browserTokens(name));
    const other = connect(base, { tokens: there });
    if (cookie) await getMe({ client: other.client });
    tokens.expire();
    there.expire();
    const before = other.count(REFRESH);
    await Promise.all(
      [ada, other, ada, other].map(async ({ client }) => {
        expect((await getMe({ client })).data.id).toBe(person.id);
      }),
    );
    // An access token that only memory keeps is each tab's own.
    expect(ada.count(REFRESH) + other.count(REFRESH) - before).toBe(cookie ? 2 : 1);
    expect(ada.session.loginId).toBe(other.session.loginId);
    expect(ada.session.signedIn).toBe(true);
  });
});

test('an answer that comes late does not take the place of newer tokens', async () => {
  // Whoever presents a refresh token that was replaced is signed out at once.
  const base = await ownServer({ REFRESH_GRACE_SECONDS: '0' });
  const person = await newPerson(base);
  const name = storeName();
  const tokens = expirable(browserTokens(name));
  const back = keptBack('/refresh');
  const late = connect(base, { tokens, fetch: back.fetch });
  await late.session.signIn(person);
  tokens.expire();
  const reading = getMe({ client: late.client });
  await back.answered;

  // A tab that has not waited for it: the browser may have frozen the one that holds the lock.
  const { name: _, ...impatient } = browserTokens(name);
  const other = connect(base, { tokens: impatient });
  for (let times = 0; times < 2; times += 1) await other.session.renew(keptAs(name).accessToken);
  expect(other.count(REFRESH)).toBe(2);
  const newest = keptAs(name);

  back.letGo();
  expect((await reading).data.id).toBe(person.id);
  expect(keptAs(name)).toEqual(newest);
  tokens.expire();
  expect((await getMe({ client: late.client })).data.id).toBe(person.id);
});

test('a refusal that comes late does not sign out who has signed in anew', async () => {
  const [{ base }] = MODES;
  const person = await newPerson(base);
  const tokens = expirable(memoryTokens());
  const back = keptBack('/refresh');
  const late = connect(base, { tokens, fetch: back.fetch });
  await late.session.signIn(person);
  await (await outsider(base, person)).call('DELETE', '/api/auth/sessions');
  tokens.expire();
  const reading = thrownBy(getMe({ client: late.client }));
  await back.answered;
  await late.session.signIn(person);
  const { loginId } = late.session;
  back.letGo();
  expect(isProblem(await reading, 'unauthenticated')).toBe(true);
  expect(late.session.loginId).toBe(loginId);
  expect((await getMe({ client: late.client })).data.id).toBe(person.id);
});

test('who has lost the cookie is signed out', async () => {
  const [, { base }] = MODES;
  const person = await newPerson(base);
  const tokens = expirable(browserTokens(storeName()));
  const ada = connect(base, { tokens });
  await ada.session.signIn(person);
  // The answer to the logout of another session in this browser takes it away.
  await connect(base, { tokens: memoryTokens() }).session.signIn(person);
  const elsewhere = connect(base, { tokens: memoryTokens() });
  await elsewhere.session.signIn(person);
  await elsewhere.session.signOut();
  tokens.expire();
  expect(isProblem(await thrownBy(getMe({ client: ada.client })), 'unauthenticated')).toBe(true);
  expect(ada.session.signedIn).toBe(false);
});

describe('a server that has had enough of refreshes', () => {
  const problem = { type: 'about:blank', title: 'Enough', detail: 'Not now.', instance: 'urn:request:1' };

  test.each([
    { status: 429, retryAfter: '10', seconds: 10 },
    { status: 503, retryAfter: '120', seconds: 30 },
    { status: 503, retryAfter: undefined, seconds: 1 },
  ])(
    'by $status, with Retry-After: $retryAfter, is left alone for $seconds s, and nobody is signed out',
    async ({ status, retryAfter, seconds }) => {
      const person = await newPerson(BASE);
      const tokens = expirable(memoryTokens());
      let enough = true;
      const ada = connect(BASE, {
        tokens,
        fetch: async (request) =>
          enough && request.url.endsWith('/refresh')
            ? Response.json(
                { ...problem, status, code: 'enough' },
                { status, ...(retryAfter ? { headers: { 'retry-after': retryAfter } } : {}) },
              )
            : fetch(request),
      });
      await ada.session.signIn(person);
      vi.useFakeTimers({ toFake: ['performance'] });
      tokens.expire();
      const first = await thrownBy(getMe({ client: ada.client }));
      expect(first).toMatchObject({ name: 'ProblemError', status, code: 'enough' });
      enough = false;
      expect(await thrownBy(listItems({ client: ada.client }))).toBe(first);
      vi.advanceTimersByTime(seconds * 1000 - 1);
      expect(await thrownBy(ada.session.accessToken())).toBe(first);
      expect(ada.count(REFRESH)).toBe(1);
      expect(ada.session.signedIn).toBe(true);
      vi.advanceTimersByTime(1);
      expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
      expect(ada.count(REFRESH)).toBe(2);
    },
  );

  test('is asked again for another login', async () => {
    const person = await newPerson(BASE);
    const tokens = expirable(memoryTokens());
    let enough = true;
    const ada = connect(BASE, {
      tokens,
      fetch: async (request) =>
        enough && request.url.endsWith('/refresh') ? new Response(null, { status: 429 }) : fetch(request),
    });
    await ada.session.signIn(person);
    vi.useFakeTimers({ toFake: ['performance'] });
    tokens.expire();
    await thrownBy(getMe({ client: ada.client }));
    enough = false;
    await ada.session.signIn(person);
    tokens.expire();
    expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
  });
});

describe('while the server is down', () => {
  test('a refresh fails, nobody is signed out, and it works when it is back', async () => {
    const base = await ownServer();
    const person = await newPerson(base);
    const tokens = expirable(browserTokens(storeName()));
    const ada = connect(base, { tokens });
    await ada.session.signIn(person);
    tokens.expire();
    await commands.stopServer(base);
    const errors = await Promise.all([1, 2, 3].map(() => thrownBy(getMe({ client: ada.client }))));
    expect(errors.every((error) => error instanceof TypeError)).toBe(true);
    expect(ada.count(REFRESH)).toBe(1);
    expect(ada.session.signedIn).toBe(true);
    await commands.restartServer(base);
    expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
  });
});
