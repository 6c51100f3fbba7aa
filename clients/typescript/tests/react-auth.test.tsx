import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { commands } from 'vitest/browser';
import { browserTokens, isProblem, type Role } from '../src/index.js';
import { ProtectedRoute, useAuth } from '../src/react/index.js';
import { type App, render, watched } from './support/app.js';
import { type Connected, connect, expirable, storeName, thrownBy } from './support/client.js';
import { newPerson, outsider, type Person } from './support/people.js';
import { BASE, MODES, ownServer } from './support/servers.js';
import { openTab } from './support/tab.js';

afterEach(() => localStorage.clear());

async function status(app: App, wanted: string): Promise<void> {
  await expect.poll(() => app.statuses.at(-1)).toBe(wanted);
}

describe.each(MODES)('a user, with $mode', ({ base }) => {
  let person: Person;
  let name: string;
  let ada: Connected;

  beforeEach(async () => {
    person = await newPerson(base);
    name = storeName();
    ada = connect(base, { tokens: browserTokens(name) });
  });

  test('signs in and out', async () => {
    const app = render(ada);
    await status(app, 'signed_out');
    expect(app.auth()).toMatchObject({ user: null, error: null });

    await app.auth().login(person);
    await status(app, 'signed_in');
    expect(app.auth().user).toMatchObject({ id: person.id, email: person.email, role: 'viewer' });

    await app.auth().logout();
    await status(app, 'signed_out');
    expect(app.auth().user).toBeNull();
    expect(app.statuses).toEqual(['signed_out', 'loading', 'signed_in', 'signed_out']);
  });

  test('is told of a wrong password', async () => {
    const app = render(ada);
    await status(app, 'signed_out');
    const error = await thrownBy(app.auth().login({ ...person, password: 'not it, not at all' }));
    expect(isProblem(error, 'invalid_grant')).toBe(true);
    expect(app.statuses).toEqual(['signed_out']);
  });

  test('makes an account, and is signed in with it', async () => {
    const app = render(ada);
    await status(app, 'signed_out');
    const email = `new-${person.email}`;
    await app.auth().register({ email, password: person.password, full_name: 'Ada Lovelace' });
    await status(app, 'signed_in');
    expect(app.auth().user).toMatchObject({ email, full_name: 'Ada Lovelace' });
  });

  test('makes no account with an address that somebody has', async () => {
    const app = render(ada);
    await status(app, 'signed_out');
    const { email, password } = person;
    expect(isProblem(await thrownBy(app.auth().register({ email, password })), 'email_taken')).toBe(true);
    expect(app.statuses).toEqual(['signed_out']);
  });

  test('is found signed in when the page is loaded anew', async () => {
    await ada.session.signIn(person);
    const app = render(connect(base, { tokens: browserTokens(name) }));
    await status(app, 'signed_in');
    expect(app.statuses).toEqual(['loading', 'signed_in']);
    expect(app.auth().user?.id).toBe(person.id);
  });

  test('whose session has ended meanwhile is signed out, and nothing else', async () => {
    await ada.session.signIn(person);
    await (await outsider(base, person)).call('DELETE', '/api/auth/sessions');
    const app = render(connect(base, { tokens: browserTokens(name) }));
    await status(app, 'signed_out');
    expect(app.statuses).toEqual(['loading', 'signed_out']);
  });

  test('who signs in or out in another tab does so here', async () => {
    const app = render(ada);
    const tab = await openTab();
    const { session } = tab.createPlinth({
      baseUrl: base,
      client: tab.createClient(),
      tokens: tab.browserTokens(name),
    });
    await session.signIn(person);
    await status(app, 'signed_in');
    await session.signOut();
    await status(app, 'signed_out');
  });
});

describe('while the server is down', () => {
  test('it is not known who is signed in, until it is asked again', async () => {
    const base = await ownServer();
    const person = await newPerson(base);
    const tokens = expirable(browserTokens(storeName()));
    const ada = connect(base, { tokens });
    await ada.session.signIn(person);
    await commands.stopServer(base);
    const app = render(
      ada,
      <ProtectedRoute signedOut="login" unavailable={() => 'no answer'}>
        home
      </ProtectedRoute>,
    );
    await status(app, 'unavailable');
    expect(app.auth().error).toBeInstanceOf(TypeError);
    expect(app.auth().user).toBeNull();
    await expect.poll(() => app.page.textContent).toBe('no answer');

    app.auth().retry();
    await expect.poll(() => app.statuses).toEqual(['loading', 'unavailable', 'loading', 'unavailable']);
    await commands.restartServer(base);
    app.auth().retry();
    await status(app, 'signed_in');
    expect(app.auth().error).toBeNull();
    await expect.poll(() => app.page.textContent).toBe('home');
  });

  test.each([
    { when: 'after a while', happens: () => vi.advanceTimersByTime(10_000) },
    {
      when: 'when the network is back',
      happens: () => {
        for (const event of ['offline', 'online']) window.dispatchEvent(new Event(event));
      },
    },
  ])('it is asked again $when, which is not shown', async ({ happens }) => {
    const base = await ownServer();
    const ada = connect(base, { tokens: browserTokens(storeName()) });
    await ada.session.signIn(await newPerson(base));
    await commands.stopServer(base);
    vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout', 'setInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const app = render(ada);
    await status(app, 'unavailable');
    const before = ada.sent.length;
    happens();
    await expect.poll(() => ada.sent.length).toBeGreaterThan(before);
    expect(app.auth().error).toBeInstanceOf(TypeError);
    await expect.poll(() => app.queries.isFetching()).toBe(0);
    await commands.restartServer(base);
    happens();
    await status(app, 'signed_in');
    expect(app.statuses).toEqual(['loading', 'unavailable', 'signed_in']);
  });

  test('nobody can sign out', async () => {
    const base = await ownServer();
    const ada = connect(base, { tokens: browserTokens(storeName()) });
    await ada.session.signIn(await newPerson(base));
    const app = render(ada);
    await status(app, 'signed_in');
    await commands.stopServer(base);
    expect(await thrownBy(app.auth().logout())).toBeInstanceOf(TypeError);
    expect(app.statuses).toEqual(['loading', 'signed_in']);
  });
});

test('a server that refuses whatever token it gets is not waited for', async () => {
  const ada = connect(BASE, {
    tokens: browserTokens(storeName()),
    fetch: (request) => {
      // What a proxy does that needs the header for itself.
      if (request.method === 'GET') request.headers.delete('authorization');
      return fetch(request);
    },
  });
  await ada.session.signIn(await newPerson(BASE));
  const app = render(ada);
  await status(app, 'unavailable');
  expect(isProblem(app.auth().error, 'unauthenticated')).toBe(true);
  expect(ada.session.signedIn).toBe(true);
});

test('a page that a server has rendered sends nobody to the login who is signed in', async () => {
  const ada = connect(BASE, { tokens: browserTokens(storeName()) });
  await ada.session.signIn(await newPerson(BASE));
  const routes = (
    <ProtectedRoute signedOut="login" loading="loading">
      home
    </ProtectedRoute>
  );
  const app = render(ada, routes, { html: 'loading' });
  const shown = watched(app.page);
  await expect.poll(() => app.page.textContent).toBe('home');
  expect(shown).toEqual(['home']);
  expect(app.statuses).toEqual(['loading', 'signed_in']);
});

describe('a protected route', () => {
  const routes = (
    <>
      <ProtectedRoute signedOut="[login]" loading="[loading]" forbidden="[no]">
        [home]
      </ProtectedRoute>
      <ProtectedRoute role="viewer" signedOut="" forbidden="[no]">
        [viewers]
      </ProtectedRoute>
      <ProtectedRoute role="editor" signedOut="" forbidden="[no]">
        [editors]
      </ProtectedRoute>
      <ProtectedRoute role="admin" signedOut="">
        [admins]
      </ProtectedRoute>
    </>
  );

  test.each<{ role: Role; shown: string }>([
    { role: 'viewer', shown: '[home][viewers][no]' },
    { role: 'editor', shown: '[home][viewers][editors]' },
    { role: 'admin', shown: '[home][viewers][editors][admins]' },
  ])('shows $role what they may see', async ({ role, shown }) => {
    const ada = connect(BASE, { tokens: browserTokens(storeName()) });
    await ada.session.signIn(await newPerson(BASE, role));
    const app = render(ada, routes);
    const seen = watched(app.page);
    await expect.poll(() => app.page.textContent).toBe(shown);
    expect(seen).toEqual(['[loading]', shown]);
    await app.auth().logout();
    await expect.poll(() => app.page.textContent).toBe('[login]');
  });
});

test('a protected route with no role in particular is for everybody, whatever role a later server has given them', async () => {
  const ada = connect(BASE, {
    tokens: browserTokens(storeName()),
    fetch: async (request) => {
      const response = await fetch(request);
      if (!request.url.endsWith('/users/me')) return response;
      return Response.json({ ...(await response.json()), role: 'auditor' });
    },
  });
  await ada.session.signIn(await newPerson(BASE));
  const app = render(
    ada,
    <>
      <ProtectedRoute signedOut="" forbidden="[no]">
        [home]
      </ProtectedRoute>
      <ProtectedRoute role="viewer" signedOut="" forbidden="[no]">
        [viewers]
      </ProtectedRoute>
    </>,
  );
  await expect.poll(() => app.page.textContent).toBe('[home][no]');
});

test('what needs a provider says so where there is none', async () => {
  const page = document.createElement('main');
  const errors: Array<unknown> = [];
  const root = createRoot(page, { onUncaughtError: (error) => errors.push(error) });
  onTestFinished(() => root.unmount());
  const Alone = () => useAuth().status;
  root.render(<Alone />);
  await expect.poll(() => errors.map(String)).toEqual([expect.stringContaining('AuthProvider')]);
});
