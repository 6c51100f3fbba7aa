import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createItem, type Message, memoryTokens } from '../src/index.js';
import {
  byCursor,
  getItemOptions,
  getUserOptions,
  listItemsInfiniteOptions,
  listItemsOptions,
} from '../src/query.js';
import {
  type LiveConnection,
  type UseRealtimeOptions,
  useAuth,
  usePlinth,
  useRealtime,
} from '../src/react/index.js';
import { type App, render } from './support/app.js';
import { type Connected, connect, gate } from './support/client.js';
import { listen, recordedSockets } from './support/live.js';
import { newPerson, type Outsider, outsider, type Person } from './support/people.js';
import { BASE } from './support/servers.js';

let person: Person;
let ada: Connected;
let sockets: ReturnType<typeof recordedSockets>['sockets'];
/** The same user elsewhere. */
let elsewhere: Outsider;
/** As of the last time that a component of {@link Live} was shown. */
let live: LiveConnection | undefined;

beforeEach(async () => {
  const recorded = recordedSockets();
  sockets = recorded.sockets;
  person = await newPerson(BASE);
  ada = connect(BASE, { tokens: memoryTokens(), webSocket: recorded.webSocket });
  await ada.session.signIn(person);
  elsewhere = await outsider(BASE, person);
});

afterEach(() => {
  live = undefined;
});

function Live(options: UseRealtimeOptions) {
  const connection = useRealtime(options);
  useEffect(() => {
    live = connection;
  });
  return null;
}

async function opened(): Promise<void> {
  await expect.poll(() => live?.status).toBe('open');
}

/** Until what is under way has been read, and what is to be closed soon would be. */
async function settled({ queries }: App): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  await expect.poll(() => queries.isFetching()).toBe(0);
}

describe('a change elsewhere', () => {
  function Titles() {
    const { client } = usePlinth();
    const { data } = useQuery(listItemsOptions({ client, query: { sort: 'title' } }));
    return <p id="list">{data?.items.map(({ title }) => title).join()}</p>;
  }

  function Parts() {
    const { client } = usePlinth();
    const { data } = useInfiniteQuery({ ...listItemsInfiniteOptions({ client }), ...byCursor });
    return (
      <p id="parts">{data?.pages.map(({ items }) => items.map(({ title }) => title).join()).join('|')}</p>
    );
  }

  function Title({ id }: { id: string }) {
    const { client } = usePlinth();
    const { data } = useQuery(getItemOptions({ client, path: { id } }));
    return <p id={`item-${id}`}>{data?.title}</p>;
  }

  const text = (page: HTMLElement, id: string) => page.querySelector(`#${id}`)?.textContent;

  test('of an item has the lists read anew, and that item, and no other', async () => {
    const { data: lamp } = await createItem({ client: ada.client, body: { title: 'Lamp' } });
    const { data: shade } = await createItem({ client: ada.client, body: { title: 'Shade' } });
    const app = render(
      ada,
      <>
        <Live />
        <Titles />
        <Parts />
        <Title id={lamp.id} />
        <Title id={shade.id} />
      </>,
    );
    await opened();
    await expect.poll(() => text(app.page, `item-${shade.id}`)).toBe('Shade');
    await expect.poll(() => text(app.page, 'list')).toBe('Lamp,Shade');
    await settled(app);
    const before = ada.count(`GET /api/items/${shade.id}`);

    await elsewhere.call('PATCH', `/api/items/${lamp.id}`, { title: 'Amber lamp' });
    await expect.poll(() => text(app.page, `item-${lamp.id}`)).toBe('Amber lamp');
    await expect.poll(() => text(app.page, 'list')).toBe('Amber lamp,Shade');
    await expect.poll(() => text(app.page, 'parts')).toBe('Shade,Amber lamp');

    await elsewhere.call('POST', '/api/items', { title: 'Bulb' });
    await expect.poll(() => text(app.page, 'list')).toBe('Amber lamp,Bulb,Shade');
    await expect.poll(() => text(app.page, 'parts')).toBe('Bulb,Shade,Amber lamp');
    await elsewhere.call('DELETE', `/api/items/${lamp.id}`);
    await expect.poll(() => text(app.page, 'list')).toBe('Bulb,Shade');

    expect(ada.count(`GET /api/items/${shade.id}`)).toBe(before);
  });

  test('of many items at once is read once', async () => {
    const app = render(
      ada,
      <>
        <Live />
        <Titles />
      </>,
    );
    await opened();
    await expect.poll(() => text(app.page, 'list')).toBe('');
    await settled(app);
    const before = ada.count('GET /api/items');
    await Promise.all(
      Array.from({ length: 8 }, (_, at) => elsewhere.call('POST', '/api/items', { title: `${at}` })),
    );
    await expect.poll(() => text(app.page, 'list')).toBe('0,1,2,3,4,5,6,7');
    expect(ada.count('GET /api/items') - before).toBeLessThan(8);
  });

  test('of the user is seen wherever the user is shown', async () => {
    const Name = () => {
      const { client } = usePlinth();
      const { data } = useQuery(getUserOptions({ client, path: { id: person.id } }));
      return (
        <>
          <p id="me">{useAuth().user?.full_name}</p>
          <p id="user">{data?.full_name}</p>
        </>
      );
    };
    await (await outsider(BASE)).call('PATCH', `/api/users/${person.id}`, { role: 'editor' });
    const app = render(
      ada,
      <>
        <Live />
        <Name />
      </>,
    );
    await opened();
    await settled(app);
    await elsewhere.call('PATCH', '/api/users/me', { full_name: 'Ada Lovelace' });
    await expect.poll(() => text(app.page, 'me')).toBe('Ada Lovelace');
    await expect.poll(() => text(app.page, 'user')).toBe('Ada Lovelace');
  });

  test('while there was no connection is read when it is back', async () => {
    const app = render(
      ada,
      <>
        <Live />
        <Titles />
      </>,
    );
    await opened();
    await settled(app);
    sockets[0]?.close();
    await elsewhere.call('POST', '/api/items', { title: 'meanwhile' });
    await expect.poll(() => text(app.page, 'list')).toBe('meanwhile');
  });

  test.each([
    { told: 'an event', before: true },
    { told: 'the connection, which is open only then', before: false },
  ])('while the list is read for the first time is read too, told by $told', async ({ before }) => {
    const [read, go] = [gate(), gate()];
    const slow = connect(BASE, {
      tokens: memoryTokens(),
      fetch: async (request) => {
        const response = await fetch(request);
        if (new URL(request.url).pathname === '/api/items') {
          read.open();
          await go.opened;
        }
        return response;
      },
    });
    await slow.session.signIn(person);
    const heard: Array<string> = [];
    const listening = <Live key="live" onEvent={({ event }) => heard.push(event)} />;
    const app = render(slow, [before && listening, <Titles key="titles" />]);
    if (before) await opened();
    await read.opened;
    await elsewhere.call('POST', '/api/items', { title: 'meanwhile' });
    app.show([listening, <Titles key="titles" />]);
    await opened();
    if (before) await expect.poll(() => heard).toEqual(['item.created']);
    // Longer than events are collected.
    await new Promise((resolve) => setTimeout(resolve, 100));
    go.open();
    await expect.poll(() => text(app.page, 'list')).toBe('meanwhile');
    await settled(app);
    expect(slow.count('GET /api/items')).toBe(2);
  });
});

describe('a connection', () => {
  test('is one for all components', async () => {
    const app = render(
      ada,
      <>
        <Live />
        <Live />
        <Live />
      </>,
    );
    await opened();
    app.show(<Live key="another" />);
    await settled(app);
    expect(live?.status).toBe('open');
    expect(sockets).toHaveLength(1);
  });

  test('is one in strict mode', async () => {
    const app = render(ada, <Live channels={['kitchen']} />, { strict: true });
    await opened();
    await settled(app);
    expect(sockets).toHaveLength(1);
  });

  test('outlasts a moment without components, as between two pages', async () => {
    const app = render(ada, <Live />);
    await opened();
    app.show(null);
    await settled(app);
    expect(sockets[0]?.readyState).toBe(WebSocket.OPEN);
    app.show(<Live />);
    // Longer than it would have been kept.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(sockets[0]?.readyState).toBe(WebSocket.OPEN);
    expect(live?.status).toBe('open');
    expect(sockets).toHaveLength(1);
  });

  test('is closed soon after the last component has gone, and opened for the next', async () => {
    const app = render(ada, <Live />);
    await opened();
    app.show(null);
    await expect.poll(() => sockets[0]?.readyState).toBe(WebSocket.CLOSED);
    app.show(<Live />);
    await expect.poll(() => sockets[1]?.readyState).toBe(WebSocket.OPEN);
    await opened();
  });

  test('is there while somebody is signed in', async () => {
    const app = render(ada, <Live />);
    await opened();
    await app.auth().logout();
    await expect.poll(() => live?.status).toBe('closed');
    await app.auth().login(person);
    await opened();
    expect(sockets).toHaveLength(2);
  });

  test('is told to whoever listens, with what they want by then', async () => {
    const heard: Array<string> = [];
    const hearing = (who: string) => (
      <Live
        onEvent={({ event }) => heard.push(`${who}: ${event}`)}
        onStatus={(status) => heard.push(`${who}: ${status}`)}
        onRefusal={({ code }) => heard.push(`${who}: ${code}`)}
        onMessage={({ text }) => heard.push(`${who}: ${text}`)}
        onResync={() => heard.push(`${who}: resync`)}
      />
    );
    const app = render(ada, hearing('first'));
    await opened();
    app.show(hearing('second'));
    await settled(app);
    await elsewhere.call('POST', '/api/items', { title: 'Lamp' });
    await expect.poll(() => heard).toContain('second: item.created');
    expect(live?.send({ to: 'nobody' })).toBe(true);
    expect(live?.send({ to: person.id, text: 'hello' })).toBe(true);
    await expect.poll(() => heard).toContain('second: hello');
    expect(heard).toEqual([
      'first: open',
      'first: resync',
      'second: item.created',
      'second: invalid_user_id',
      'second: hello',
    ]);
    expect(sockets).toHaveLength(1);
  });
});

test('a component whose listener throws keeps no other from being told', async () => {
  const reportError = vi.fn();
  vi.stubGlobal('reportError', reportError);
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  const error = new Error('of the app');
  const heard: Array<string> = [];
  render(
    ada,
    <>
      <Live
        onEvent={() => {
          throw error;
        }}
      />
      <Live onEvent={({ event }) => heard.push(event)} />
    </>,
  );
  await opened();
  await elsewhere.call('POST', '/api/items', { title: 'Lamp' });
  await expect.poll(() => heard).toEqual(['item.created']);
  expect(reportError).toHaveBeenCalledExactlyOnceWith(error);
});

describe('a channel', () => {
  test('is joined as long as a component wants it', async () => {
    const heard: Array<Message> = [];
    const other = connect(BASE, { tokens: memoryTokens() });
    await other.session.signIn(await newPerson(BASE));
    const { connection } = listen(other);
    await expect.poll(() => connection.status).toBe('open');
    const channel = `kitchen-${person.id}`;
    connection.join(channel);

    const app = render(
      ada,
      <>
        <Live key="a" onMessage={(message) => heard.push(message)} />
        <Live key="b" channels={[channel, 'cellar']} />
        <Live key="c" channels={[channel]} />
      </>,
    );
    await opened();
    await expect
      .poll(() => {
        connection.send({ channel, text: 'first' });
        return heard.length;
      })
      .toBeGreaterThan(0);

    // One of two that wanted it has gone.
    app.show(
      <>
        <Live key="a" onMessage={(message) => heard.push(message)} />
        <Live key="c" channels={[channel]} />
      </>,
    );
    await settled(app);
    connection.send({ channel, text: 'second' });
    await expect.poll(() => heard.map(({ text }) => text)).toContain('second');

    app.show(<Live key="a" onMessage={(message) => heard.push(message)} />);
    await settled(app);
    connection.send({ channel, text: 'third' });
    connection.send({ to: person.id, text: 'last' });
    await expect.poll(() => heard.map(({ text }) => text)).toContain('last');
    expect(heard.map(({ text }) => text)).not.toContain('third');
  });
});
