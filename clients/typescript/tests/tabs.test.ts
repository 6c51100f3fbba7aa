import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browserTokens, getMe, isProblem } from '../src/index.js';
import {
  type Connected,
  connect,
  expirable,
  gate,
  keptAs,
  REFRESH,
  storeName,
  thrownBy,
} from './support/client.js';
import { newPerson, outsider, type Person } from './support/people.js';
import { MODES } from './support/servers.js';
import { openTab, type Tab } from './support/tab.js';

afterEach(() => localStorage.clear());

describe.each(MODES)('in two tabs, with $mode', ({ base, cookie }) => {
  let person: Person;
  let name: string;
  let ada: Connected;
  let tab: Tab;
  let client: ReturnType<Tab['createClient']>;
  let session: InstanceType<Tab['AuthSession']>;
  let sent: Array<string>;

  beforeEach(async () => {
    person = await newPerson(base);
    name = storeName();
    ada = connect(base, { tokens: browserTokens(name) });
    await ada.session.signIn(person);
    tab = await openTab();
    sent = [];
    client = tab.createClient();
    ({ session } = tab.createPlinth({
      baseUrl: base,
      client,
      tokens: tab.browserTokens(name),
      fetch: (request) => {
        sent.push(`${request.method} ${new URL(request.url).pathname}`);
        return fetch(request);
      },
    }));
  });

  test('both are signed in', async () => {
    expect(session.loginId).toBe(ada.session.loginId);
    expect((await tab.getMe({ client })).data.id).toBe(person.id);
    expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
  });

  test('both refresh at once, one after the other, and nobody is signed out', async () => {
    const renewing: Array<() => Promise<unknown>> = [
      () => ada.session.renew(cookie ? 'any' : keptAs(name).accessToken),
      () => session.renew(cookie ? 'any' : keptAs(name).accessToken),
    ];
    for (let times = 0; times < 5; times += 1) {
      const [here, there] = await Promise.all(renewing.map((renew) => renew()));
      expect(here).toBeTruthy();
      // What one has got the other finds, unless only memory keeps it.
      if (!cookie) expect(there).toBe(here);
    }
    if (!cookie) expect(ada.count(REFRESH) + sent.filter((line) => line === REFRESH).length).toBe(5);
    expect((await tab.getMe({ client })).data.id).toBe(person.id);
    expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
  });

  test('a sign-out in one is noticed in the other', async () => {
    const listener = vi.fn();
    ada.session.subscribe(listener);
    await session.signOut();
    await expect.poll(() => listener.mock.calls.length).toBe(1);
    expect(ada.session.signedIn).toBe(false);
    expect(isProblem(await thrownBy(getMe({ client: ada.client })), 'unauthenticated')).toBe(true);
    expect(ada.count(REFRESH)).toBe(0);
  });

  test('a login in one is one in the other', async () => {
    const other = await newPerson(base);
    const logins: Array<string | undefined> = [];
    ada.session.subscribe(() => logins.push(ada.session.loginId));
    await session.signIn(other);
    await expect.poll(() => logins).toEqual([session.loginId]);
    expect((await getMe({ client: ada.client })).data.id).toBe(other.id);
  });

  test('clearing the storage in one signs out in the other', async () => {
    const listener = vi.fn();
    session.subscribe(listener);
    localStorage.clear();
    await expect.poll(() => listener.mock.calls.length).toBe(1);
    expect(session.signedIn).toBe(false);
  });

  test('a refresh in one is nothing that the other is told', async () => {
    const listener = vi.fn();
    ada.session.subscribe(listener);
    await session.renew(keptAs(name).accessToken);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(listener).not.toHaveBeenCalled();
  });

  test('a session that has ended elsewhere is over in both, each told once', async () => {
    const listeners = [vi.fn(), vi.fn()] as const;
    ada.session.subscribe(listeners[0]);
    session.subscribe(listeners[1]);
    await (await outsider(base, person)).call('DELETE', '/api/auth/sessions');
    await Promise.all([thrownBy(getMe({ client: ada.client })), thrownBy(tab.getMe({ client }))]);
    await expect.poll(() => listeners.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect([ada.session.signedIn, session.signedIn]).toEqual([false, false]);
  });

  test('one that has stopped listening is told nothing', async () => {
    const listener = vi.fn();
    ada.session.subscribe(listener);
    ada.session.dispose();
    await session.signOut();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(listener).not.toHaveBeenCalled();
  });
});

test('a refresh under way for the login before leaves the new one with an access token', async () => {
  const [, { base }] = MODES;
  const name = storeName();
  const [person, other] = [await newPerson(base), await newPerson(base)];
  const asked = gate();
  const go = gate();
  // Without locks, as where the page is not secure.
  const { name: _, ...unlocked } = browserTokens(name);
  const tokens = expirable(unlocked);
  const ada = connect(base, {
    tokens,
    fetch: async (request) => {
      const response = await fetch(request);
      if (request.url.endsWith('/refresh') && !asked.isOpen()) {
        asked.open();
        await go.opened;
      }
      return response;
    },
  });
  await ada.session.signIn(person);
  tokens.expire();
  const before = thrownBy(getMe({ client: ada.client }));
  await asked.opened;

  const tab = await openTab();
  const { name: __, ...elsewhere } = tab.browserTokens(name);
  const there = tab.createPlinth({ baseUrl: base, client: tab.createClient(), tokens: elsewhere });
  await there.session.signIn(other);
  await expect.poll(() => ada.session.loginId).toBe(there.session.loginId);
  const after = getMe({ client: ada.client });
  go.open();
  expect((await after).data.id).toBe(other.id);
  // Asked by somebody who has gone.
  expect(isProblem(await before, 'unauthenticated')).toBe(true);
});

test('an access token that another tab has got is used here, without a refresh', async () => {
  const [{ base }] = MODES;
  const tokens = expirable(browserTokens(storeName()));
  const ada = connect(base, { tokens });
  await ada.session.signIn(await newPerson(base));
  const other = connect(base, { tokens });
  tokens.expire();
  const renewed = await other.session.accessToken();
  expect(await ada.session.accessToken()).toBe(renewed);
  expect(ada.count(REFRESH)).toBe(0);
});
