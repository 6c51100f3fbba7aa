import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browserTokens, createItem, getMe, isProblem, listItems, memoryTokens } from '../src/index.js';
import {
  type Connected,
  connect,
  expirable,
  keptAs,
  keptBack,
  REFRESH,
  storeName,
  tampered,
  thrownBy,
} from './support/client.js';
import { newPerson, outsider, type Person, statusWith } from './support/people.js';
import { BASE, COOKIE_BASE, MODES } from './support/servers.js';

const LOGOUT = 'POST /api/auth/logout';

afterEach(() => localStorage.clear());

describe.each(MODES)('with $mode', ({ base, cookie }) => {
  let person: Person;
  let name: string;
  let ada: Connected;

  beforeEach(async () => {
    person = await newPerson(base);
    name = storeName();
    ada = connect(base, { tokens: browserTokens(name) });
  });

  test('who signs in is signed in', async () => {
    expect(ada.session.signedIn).toBe(false);
    expect(ada.session.loginId).toBeUndefined();
    expect(await ada.session.accessToken()).toBeUndefined();
    expect(isProblem(await thrownBy(getMe({ client: ada.client })), 'unauthenticated')).toBe(true);

    await ada.session.signIn(person);
    expect(ada.session.signedIn).toBe(true);
    expect(ada.session.loginId).toMatch(/^[0-9a-f]{24}$/);
    expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
    expect(ada.count(REFRESH)).toBe(0);
  });

  test('who has the wrong password is not', async () => {
    const error = await thrownBy(ada.session.signIn({ ...person, password: 'not it, not at all' }));
    expect(isProblem(error, 'invalid_grant')).toBe(true);
    expect(ada.session.signedIn).toBe(false);
    expect(localStorage.getItem(`${name}.tokens`)).toBeNull();
  });

  test('who has the wrong password stays who they were', async () => {
    await ada.session.signIn(person);
    const { loginId } = ada.session;
    await thrownBy(ada.session.signIn({ ...person, password: 'not it, not at all' }));
    expect(ada.session.loginId).toBe(loginId);
    expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
  });

  test('whoever signs out ends the session on the server', async () => {
    await ada.session.signIn(person);
    const token = await ada.session.accessToken();
    await ada.session.signOut();
    expect(await statusWith(base, token ?? '')).toBe(401);
    expect(ada.session.signedIn).toBe(false);
    expect(localStorage.getItem(`${name}.tokens`)).toBeNull();
    // And again, which there is nothing against.
    await ada.session.signOut();
    expect(ada.count(LOGOUT)).toBe(1);
  });

  test('whoever signs out of a session that has ended elsewhere is signed out', async () => {
    await ada.session.signIn(person);
    await (await outsider(base, person)).call('DELETE', '/api/auth/sessions');
    await ada.session.signOut();
    expect(ada.session.signedIn).toBe(false);
  });

  test('whoever signs out with a token that is refused does it with another', async () => {
    await ada.session.signIn(person);
    const token = await ada.session.accessToken();
    const tokens = expirable(browserTokens(name));
    const eve = connect(base, { tokens });
    tokens.replace(tampered(token));
    await eve.session.signOut();
    expect(eve.sent).toEqual([LOGOUT, REFRESH, LOGOUT]);
    expect(await statusWith(base, token ?? '')).toBe(401);
    expect(ada.session.signedIn).toBe(false);
  });

  test('who is forgotten has a session that lives on', async () => {
    await ada.session.signIn(person);
    const token = await ada.session.accessToken();
    ada.session.forget();
    expect(ada.session.signedIn).toBe(false);
    expect(await statusWith(base, token ?? '')).toBe(200);
    expect(isProblem(await thrownBy(listItems({ client: ada.client })), 'unauthenticated')).toBe(true);
  });

  test('who cannot be signed out stays signed in', async () => {
    let down = false;
    const eve = connect(base, {
      tokens: browserTokens(name),
      fetch: (request) => fetch(down ? new Request('http://127.0.0.1:9/') : request),
    });
    await eve.session.signIn(person);
    down = true;
    expect(await thrownBy(eve.session.signOut())).toBeInstanceOf(TypeError);
    down = false;
    expect((await getMe({ client: eve.client })).data.id).toBe(person.id);
  });

  test('a page that is loaded anew finds the session', async () => {
    await ada.session.signIn(person);
    const again = connect(base, { tokens: browserTokens(name) });
    expect(again.session.signedIn).toBe(true);
    expect(again.session.loginId).toBe(ada.session.loginId);
    expect((await createItem({ client: again.client, body: { title: 'Lamp' } })).data.owner_id).toBe(
      person.id,
    );
    // Where there is only the cookie it gets its access token by it.
    expect(again.count(REFRESH)).toBe(cookie ? 1 : 0);
  });

  test.each([
    '',
    'no JSON',
    'null',
    '[]',
    '7',
    '{"login":7}',
    '{"login":"a","accessToken":"b","renewAt":"soon"}',
  ])('whose place in the store holds %j is signed out, and can sign in', async (content) => {
    localStorage.setItem(`${name}.tokens`, content);
    const { session, client } = connect(base, { tokens: browserTokens(name) });
    expect(session.signedIn).toBe(false);
    expect(await session.accessToken()).toBeUndefined();
    await session.signIn(person);
    expect((await getMe({ client })).data.id).toBe(person.id);
  });

  test('a script finds the refresh token only where it has to', async () => {
    await ada.session.signIn(person);
    await getMe({ client: ada.client });
    const kept = JSON.stringify({ ...localStorage });
    if (cookie) {
      expect(keptAs(name)).toEqual({ login: ada.session.loginId, accessToken: '', renewAt: 0 });
      expect(kept).not.toContain(await ada.session.accessToken());
    } else {
      expect(keptAs(name).refreshToken).toMatch(/^\S{20,}$/);
    }
    expect(document.cookie).toBe('');
  });

  test('listeners are told once of every login and logout, until they have enough', async () => {
    const listener = vi.fn();
    const unsubscribe = ada.session.subscribe(listener);
    await ada.session.signIn(person);
    expect(listener).toHaveBeenCalledTimes(1);
    await ada.session.signOut();
    expect(listener).toHaveBeenCalledTimes(2);
    ada.session.forget();
    expect(listener).toHaveBeenCalledTimes(2);
    unsubscribe();
    await ada.session.signIn(person);
    expect(listener).toHaveBeenCalledTimes(2);
  });

  test('another login is another, if it is of the same account too', async () => {
    await ada.session.signIn(person);
    const { loginId } = ada.session;
    await ada.session.signIn(person);
    expect(ada.session.loginId).not.toBe(loginId);
  });

  test('whoever signs in anew ends the session before', async () => {
    await ada.session.signIn(person);
    const token = await ada.session.accessToken();
    const other = await newPerson(base);
    await ada.session.signIn(other);
    await expect.poll(() => statusWith(base, token ?? '')).toBe(401);
    expect((await getMe({ client: ada.client })).data.id).toBe(other.id);
    // The cookie, where there is one, is that of the new one.
    const again = connect(base, { tokens: browserTokens(name) });
    await again.session.renew((await ada.session.accessToken()) ?? '');
    expect((await getMe({ client: again.client })).data.id).toBe(other.id);
  });

  test('a session before that cannot be ended keeps nobody from signing in', async () => {
    const eve = connect(base, {
      tokens: browserTokens(name),
      fetch: (request) =>
        fetch(request.url.endsWith('/logout') ? new Request('http://127.0.0.1:9/') : request),
    });
    await eve.session.signIn(person);
    const token = await eve.session.accessToken();
    await eve.session.signIn(person);
    await expect.poll(() => eve.count(LOGOUT)).toBe(1);
    expect((await getMe({ client: eve.client })).data.id).toBe(person.id);
    expect(await statusWith(base, token ?? '')).toBe(200);
  });

  test('a login waits for a sign-out under way, whose answer takes the cookie away', async () => {
    const back = keptBack('/logout');
    const slow = connect(base, { tokens: browserTokens(name), fetch: back.fetch });
    await slow.session.signIn(person);
    const leaving = slow.session.signOut();
    await back.answered;
    const other = await newPerson(base);
    const signedIn = ada.session.signIn(other);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ada.sent).toEqual([]);
    back.letGo();
    await Promise.all([leaving, signedIn]);
    expect(slow.session.loginId).toBe(ada.session.loginId);
    const again = connect(base, { tokens: browserTokens(name) });
    expect((await getMe({ client: again.client })).data.id).toBe(other.id);
  });

  test.each(['taken', 'refused'])(
    'a sign-out that is %s late does not end a login that came meanwhile',
    async (how) => {
      // Without locks, as where the page is not secure.
      const { name: _, ...unlocked } = browserTokens(name);
      const tokens = expirable(unlocked);
      const back = keptBack('/logout');
      const slow = connect(base, { tokens, fetch: back.fetch });
      await slow.session.signIn(person);
      if (how === 'refused') tokens.replace(tampered(tokens.read()?.accessToken));
      const leaving = slow.session.signOut();
      await back.answered;
      const other = await newPerson(base);
      const eve = connect(base, { tokens });
      await eve.session.signIn(other);
      back.letGo();
      await leaving;
      expect(slow.count(LOGOUT)).toBe(1);
      expect(eve.session.signedIn).toBe(true);
      expect((await getMe({ client: slow.client })).data.id).toBe(other.id);
      expect(slow.count(REFRESH)).toBe(0);
    },
  );

  test('a login waits for a refresh under way, whose answer could replace the new cookie', async () => {
    const tokens = expirable(browserTokens(name));
    const back = keptBack('/refresh');
    const slow = connect(base, { tokens, fetch: back.fetch });
    await slow.session.signIn(person);
    tokens.expire();
    const reading = getMe({ client: slow.client });
    await back.answered;
    const other = await newPerson(base);
    const signedIn = ada.session.signIn(other);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ada.sent).toEqual([]);
    back.letGo();
    await Promise.all([reading, signedIn]);
    expect(slow.session.loginId).toBe(ada.session.loginId);
    const again = connect(base, { tokens: browserTokens(name) });
    expect((await getMe({ client: again.client })).data.id).toBe(other.id);
  });

  test('a login can be given up', async () => {
    const controller = new AbortController();
    const signedIn = ada.session.signIn(person, { signal: controller.signal });
    controller.abort();
    expect(await thrownBy(signedIn)).toMatchObject({ name: 'AbortError' });
    expect(ada.session.signedIn).toBe(false);
  });
});

describe('by default', () => {
  test('tokens are kept in the page, apart for each server, where the next page finds them', async () => {
    const person = await newPerson(BASE);
    const ada = connect(BASE);
    await ada.session.signIn(person);
    expect(keptAs(`plinth ${BASE}`).login).toBe(ada.session.loginId);
    expect((await getMe({ client: connect(BASE).client })).data.id).toBe(person.id);
    expect(connect(COOKIE_BASE).session.signedIn).toBe(false);
  });
});

describe('where the storage is', () => {
  test.each(['full', 'forbidden'])('%s, tokens are kept as long as the page lives', async (state) => {
    const person = await newPerson(BASE);
    const name = storeName();
    const ada = connect(BASE, { tokens: browserTokens(name) });
    const fails = () => {
      throw new DOMException(`it is ${state}`, 'QuotaExceededError');
    };
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(fails);
    if (state === 'forbidden') vi.spyOn(Storage.prototype, 'getItem').mockImplementation(fails);
    try {
      await ada.session.signIn(person);
      expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
      expect(connect(BASE, { tokens: browserTokens(name) }).session.signedIn).toBe(false);
    } finally {
      vi.restoreAllMocks();
    }
  });
});

test('where the access token has expired too, the session before ends by its refresh token', async () => {
  const person = await newPerson(BASE);
  const tokens = expirable(memoryTokens());
  const ada = connect(BASE, { tokens });
  await ada.session.signIn(person);
  const token = await ada.session.accessToken();
  tokens.replace(tampered(token));
  await ada.session.signIn(person);
  await expect.poll(() => statusWith(BASE, token ?? '')).toBe(401);
  expect((await getMe({ client: ada.client })).data.id).toBe(person.id);
});

test('what is kept in the page is taken apart when it has changed, not at each request', async () => {
  const name = storeName();
  const [tokens, elsewhere] = [browserTokens(name), browserTokens(name)];
  const kept = { login: 'a', accessToken: 'b', renewAt: 1, refreshToken: 'c' };
  elsewhere.write(kept);
  const parse = vi.spyOn(JSON, 'parse');
  try {
    expect([tokens.read(), tokens.read(), tokens.read()]).toEqual([kept, kept, kept]);
    expect(parse).toHaveBeenCalledTimes(1);
    elsewhere.write({ ...kept, login: 'd' });
    expect(tokens.read()?.login).toBe('d');
    elsewhere.write(null);
    expect(tokens.read()).toBeNull();
  } finally {
    vi.restoreAllMocks();
  }
});

test('a listener that another one has ended is told no more', async () => {
  const person = await newPerson(BASE);
  const ada = connect(BASE, { tokens: memoryTokens() });
  const listener = vi.fn();
  ada.session.subscribe(() => end());
  const end = ada.session.subscribe(listener);
  await ada.session.signIn(person);
  expect(listener).not.toHaveBeenCalled();
});

test('a listener that fails keeps nobody from being told', async () => {
  const person = await newPerson(BASE);
  const ada = connect(BASE, { tokens: memoryTokens() });
  const reported = vi.spyOn(globalThis, 'reportError').mockImplementation(() => {});
  const listener = vi.fn();
  ada.session.subscribe(() => {
    throw new Error('a fault of the page');
  });
  ada.session.subscribe(listener);
  try {
    await ada.session.signIn(person);
    expect(listener).toHaveBeenCalledTimes(1);
    expect(reported).toHaveBeenCalledTimes(1);
  } finally {
    vi.restoreAllMocks();
  }
});

describe('in memory', () => {
  test('tokens are gone with what has them', async () => {
    const person = await newPerson(BASE);
    const ada = connect(BASE, { tokens: memoryTokens() });
    await ada.session.signIn(person);
    expect(localStorage).toHaveLength(0);
    expect(connect(BASE, { tokens: memoryTokens() }).session.signedIn).toBe(false);
  });
});
