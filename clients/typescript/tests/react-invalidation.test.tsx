import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { beforeEach, describe, expect, test } from 'vitest';
import { createItem, memoryTokens } from '../src/index.js';
import {
  byCursor,
  getItemOptions,
  getUserOptions,
  listItemsInfiniteOptions,
  listItemsOptions,
  listSessionsOptions,
} from '../src/query.js';
import { useAuth, usePlinth } from '../src/react/index.js';
import { pause, render, settled } from './support/app.js';
import { type Connected, connect, gate } from './support/client.js';
import { recordedSockets } from './support/live.js';
import { Live, opened } from './support/live-app.js';
import { newPerson, type Outsider, outsider, type Person } from './support/people.js';
import { BASE } from './support/servers.js';

let person: Person;
let ada: Connected;
let sockets: ReturnType<typeof recordedSockets>['sockets'];
/** The same user elsewhere. */
let elsewhere: Outsider;

beforeEach(async () => {
  const recorded = recordedSockets();
  sockets = recorded.sockets;
  person = await newPerson(BASE);
  ada = connect(BASE, { tokens: memoryTokens(), webSocket: recorded.webSocket });
  await ada.session.signIn(person);
  elsewhere = await outsider(BASE, person);
});

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

  test('of items that keep coming is seen while they come', async () => {
    const latency = 200;
    const slow = connect(BASE, {
      tokens: memoryTokens(),
      fetch: async (request) => {
        if (request.method === 'GET') await pause(latency);
        return fetch(request);
      },
    });
    await slow.session.signIn(person);
    const app = render(
      slow,
      <>
        <Live />
        <Titles />
      </>,
    );
    await opened();
    await settled(app);
    const before = slow.count('GET /api/items');
    const since = Date.now();
    const shown = new Set<string | null | undefined>();
    for (let at = 10; at < 30; at += 1) {
      await elsewhere.call('POST', '/api/items', { title: `${at}` });
      await pause(latency / 2);
      shown.add(text(app.page, 'list'));
    }
    // What was there to begin with, and some of what has come.
    expect(shown.size).toBeGreaterThan(2);
    const answers = (Date.now() - since) / latency;
    await expect.poll(() => text(app.page, 'list')).toMatch(/^10,.*,29$/);
    expect(slow.count('GET /api/items') - before).toBeLessThan(answers + 4);
  });

  test('of what the user may do has everything read anew', async () => {
    const admin = await outsider(BASE);
    const of = (title: string) => `${title} of ${person.id}`;
    await admin.call('POST', '/api/items', { title: of('another') });
    await elsewhere.call('POST', '/api/items', { title: of('own') });
    const Found = () => {
      const { client } = usePlinth();
      const { data } = useQuery(listItemsOptions({ client, query: { search: person.id, sort: 'title' } }));
      return <p id="list">{data?.items.map(({ title }) => title).join()}</p>;
    };
    let reads = 0;
    const Foreign = () => {
      useQuery({ queryKey: ['elsewhere'], queryFn: () => `read ${++reads} times` });
      return null;
    };
    const app = render(
      ada,
      <>
        <Live />
        <Found />
        <Foreign />
      </>,
    );
    await opened();
    await expect.poll(() => text(app.page, 'list')).toBe(of('own'));
    await settled(app);
    await admin.call('PATCH', `/api/users/${person.id}`, { role: 'editor' });
    await expect.poll(() => text(app.page, 'list')).toBe(`${of('another')},${of('own')}`);
    await settled(app);
    await admin.call('PATCH', `/api/users/${person.id}`, { role: 'viewer' });
    await expect.poll(() => text(app.page, 'list')).toBe(of('own'));
    expect(reads).toBe(1);
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

  test('that may have been missed has nothing read anew that no event concerns', async () => {
    let reads = 0;
    const Unconcerned = () => {
      const { client } = usePlinth();
      useQuery(listSessionsOptions({ client }));
      useQuery({ queryKey: ['elsewhere'], queryFn: () => `read ${++reads} times` });
      return null;
    };
    const parts = [<Titles key="titles" />, <Unconcerned key="unconcerned" />];
    const app = render(ada, parts);
    await settled(app);
    await elsewhere.call('POST', '/api/items', { title: 'Lamp' });
    app.show([<Live key="live" />, ...parts]);
    await opened();
    await expect.poll(() => text(app.page, 'list')).toBe('Lamp');
    await settled(app);
    expect(reads).toBe(1);
    expect(ada.count('GET /api/auth/sessions')).toBe(1);
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
    await pause(100);
    go.open();
    await expect.poll(() => text(app.page, 'list')).toBe('meanwhile');
    await settled(app);
    expect(slow.count('GET /api/items')).toBe(2);
  });
});
