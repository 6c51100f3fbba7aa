import { useQuery } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { browserTokens, type Client } from '../src/index.js';
import { getMeOptions, listItemsOptions, livenessOptions } from '../src/query.js';
import { ProtectedRoute, useAuth, usePlinth, useRealtime } from '../src/react/index.js';
import { render, settled, watched } from './support/app.js';
import { type Connected, connect, expirable, storeName } from './support/client.js';
import { recordedSockets } from './support/live.js';
import { newPerson, outsider, type Person } from './support/people.js';
import { BASE, COOKIE_BASE } from './support/servers.js';

afterEach(() => localStorage.clear());

/** Shows what it has read. Nothing but the query tells it that anybody has signed in or out. */
function Titles({ client }: { client: Client }) {
  const { data } = useQuery(listItemsOptions({ client }));
  return <>{data?.items.map(({ title }) => title).join()}</>;
}

function Greeting() {
  const { client } = usePlinth();
  const { data } = useQuery({ ...getMeOptions({ client }), retryOnMount: false });
  return <>{data?.email}</>;
}

describe('what was read for one user', () => {
  let first: Person;
  let second: Person;
  let ada: Connected;

  beforeEach(async () => {
    [first, second] = [await newPerson(BASE), await newPerson(BASE)];
    await (await outsider(BASE, first)).call('POST', '/api/items', { title: 'of the first' });
    await (await outsider(BASE, second)).call('POST', '/api/items', { title: 'of the second' });
    ada = connect(BASE, { tokens: browserTokens(storeName()) });
    await ada.session.signIn(first);
  });

  test('is gone when they sign out', async () => {
    const app = render(
      ada,
      <ProtectedRoute signedOut="login">
        <Titles client={ada.client} />
      </ProtectedRoute>,
    );
    await expect.poll(() => app.page.textContent).toBe('of the first');
    const shown = watched(app.page);
    await app.auth().logout();
    await expect.poll(() => app.page.textContent).toBe('login');
    expect(app.queries.getQueriesData({}).filter(([, data]) => data !== undefined)).toEqual([]);
    await app.auth().login(second);
    await expect.poll(() => app.page.textContent).toBe('of the second');
    expect(shown).not.toContain('of the first');
  });

  test('is gone when another one signs in', async () => {
    const app = render(
      ada,
      <ProtectedRoute signedOut="login">
        <Titles client={ada.client} />
      </ProtectedRoute>,
    );
    await expect.poll(() => app.page.textContent).toBe('of the first');
    const shown = watched(app.page);
    await ada.session.signIn(second);
    await expect.poll(() => app.page.textContent).toBe('of the second');
    expect(shown).not.toContain('of the first');
    expect(JSON.stringify(app.queries.getQueriesData({}))).not.toContain(first.id);
  });

  test('is gone from what stands on the page whoever is signed in, too', async () => {
    const app = render(ada, <Titles client={ada.client} />);
    await expect.poll(() => app.page.textContent).toBe('of the first');
    const shown = watched(app.page);
    await ada.session.signIn(second);
    await expect.poll(() => app.page.textContent).toBe('of the second');
    await ada.session.signOut();
    await expect.poll(() => app.page.textContent).toBe('');
    expect(shown).not.toContain('of the first');
  });

  test('is gone when another one has signed in while there was no provider', async () => {
    const routes = (
      <ProtectedRoute signedOut="login" loading="loading">
        <Titles client={ada.client} />
      </ProtectedRoute>
    );
    const { page, queries, remove } = render(ada, routes);
    await expect.poll(() => page.textContent).toBe('of the first');
    remove();
    await ada.session.signOut();
    await ada.session.signIn(second);
    const app = render(ada, routes, { queries });
    const shown = watched(app.page);
    await expect.poll(() => app.page.textContent).toBe('of the second');
    expect(new Set(shown)).toEqual(new Set(['loading', '', 'of the second']));
    expect(app.statuses).toEqual(['loading', 'signed_in']);
  });

  test('stays when there was no provider for a while, and nobody else has signed in', async () => {
    const { page, queries, remove } = render(ada, <Titles client={ada.client} />);
    await expect.poll(() => page.textContent).toBe('of the first');
    await expect.poll(() => queries.isFetching()).toBe(0);
    remove();
    const app = render(ada, <Titles client={ada.client} />, { queries });
    const shown = watched(app.page);
    await expect.poll(() => shown.at(-1)).toBe('of the first');
    expect(shown).toEqual(['of the first']);
    expect(app.statuses).toEqual(['signed_in']);
  });

  test('is gone from what shows the user', async () => {
    const app = render(ada, <Greeting />);
    await expect.poll(() => app.page.textContent).toBe(first.email);
    await ada.session.signIn(second);
    await expect.poll(() => app.page.textContent).toBe(second.email);
    expect(app.auth().user?.id).toBe(second.id);
  });
});

test('what everybody may read is there again for whoever has signed out, and nothing else is asked for', async () => {
  const answers: Array<string> = [];
  const ada = connect(BASE, {
    tokens: browserTokens(storeName()),
    fetch: async (request) => {
      const response = await fetch(request);
      answers.push(`${response.status} ${new URL(request.url).pathname}`);
      return response;
    },
  });
  const Public = () => {
    const health = useQuery(livenessOptions({ client: ada.client }));
    const other = useQuery({ queryKey: ['elsewhere'], queryFn: () => Promise.resolve('elsewhere') });
    return `${health.data ? 'alive' : '?'} ${other.data ?? '?'} `;
  };
  const app = render(
    ada,
    <>
      <Public />
      <ProtectedRoute signedOut="login" loading="loading">
        <Titles client={ada.client} />
      </ProtectedRoute>
    </>,
  );
  await expect.poll(() => app.page.textContent).toBe('alive elsewhere login');
  const person = await newPerson(BASE);
  await (await outsider(BASE, person)).call('POST', '/api/items', { title: 'Lamp' });
  await app.auth().login(person);
  await expect.poll(() => app.page.textContent).toBe('alive elsewhere Lamp');
  await expect.poll(() => app.queries.isFetching()).toBe(0);
  answers.length = 0;

  await app.auth().logout();
  const asked = ['204 /api/auth/logout', '200 /health'];
  await expect.poll(() => answers).toEqual(asked);
  await settled(app);
  expect(app.page.textContent).toBe('alive elsewhere login');
  expect(answers).toEqual(asked);
});

test('is gone when another app of the host has put its cookie in the place of this one', async () => {
  const [first, second] = [await newPerson(COOKIE_BASE), await newPerson(COOKIE_BASE)];
  await (await outsider(COOKIE_BASE, first)).call('POST', '/api/items', { title: 'of the first' });
  await (await outsider(COOKIE_BASE, second)).call('POST', '/api/items', { title: 'of the second' });
  const tokens = expirable(browserTokens(storeName()));
  const recorded = recordedSockets();
  const ada = connect(COOKIE_BASE, { tokens, webSocket: recorded.webSocket });
  await ada.session.signIn(first);
  const Who = () => `${useAuth().user?.email} ${useRealtime().status} `;
  const app = render(
    ada,
    <ProtectedRoute signedOut="login" loading="loading">
      <Who />
      <Titles client={ada.client} />
    </ProtectedRoute>,
  );
  await expect.poll(() => app.page.textContent).toBe(`${first.email} open of the first`);
  app.queries.setQueryData(['read'], 'for the first');
  const shown = watched(app.page);
  const { loginId } = ada.session;

  await connect(COOKIE_BASE, { tokens: browserTokens(storeName()) }).session.signIn(second);
  tokens.expire();
  await app.queries.invalidateQueries(getMeOptions({ client: ada.client }));
  await expect.poll(() => app.page.textContent).toBe(`${second.email} open of the second`);
  expect(ada.session.loginId).toBe(loginId);
  expect(app.auth().user?.id).toBe(second.id);
  expect(app.statuses).toEqual(['loading', 'signed_in', 'loading', 'signed_in']);
  expect(shown.filter((text) => text.includes(second.email) && text.includes('of the first'))).toEqual([]);
  expect(app.queries.getQueryData(['read'])).toBeUndefined();
  expect(recorded.sockets.map(({ readyState }) => readyState)).toEqual([WebSocket.CLOSED, WebSocket.OPEN]);
});

test('is gone when that has happened while there was no provider, and who it was is forgotten', async () => {
  const [first, second] = [await newPerson(COOKIE_BASE), await newPerson(COOKIE_BASE)];
  const tokens = expirable(browserTokens(storeName()));
  const ada = connect(COOKIE_BASE, { tokens });
  await ada.session.signIn(first);
  const { queries, remove, auth } = render(ada);
  await expect.poll(() => auth().user?.id).toBe(first.id);
  queries.setQueryData(['read'], 'for the first');
  remove();
  queries.removeQueries(getMeOptions({ client: ada.client }));

  await connect(COOKIE_BASE, { tokens: browserTokens(storeName()) }).session.signIn(second);
  tokens.expire();
  const app = render(ada, null, { queries });
  await expect.poll(() => app.auth().user?.id).toBe(second.id);
  expect(queries.getQueryData(['read'])).toBeUndefined();
});
