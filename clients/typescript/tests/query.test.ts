import { CancelledError, InfiniteQueryObserver, MutationObserver, QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createItem, isProblem, listItems, listUsers, memoryTokens } from '../src/index.js';
import {
  byCursor,
  createItemMutation,
  getItemOptions,
  getItemQueryKey,
  getMeQueryKey,
  getUserQueryKey,
  listItemsInfiniteOptions,
  listItemsInfiniteQueryKey,
  listItemsOptions,
  listItemsQueryKey,
  listUsersInfiniteOptions,
  listUsersQueryKey,
  retryTransient,
} from '../src/query.js';
import { type Connected, connect, gate, thrownBy } from './support/client.js';
import { newPerson } from './support/people.js';
import { BASE } from './support/servers.js';

let ada: Connected;
let queries: QueryClient;

beforeEach(async () => {
  ada = connect(BASE, { tokens: memoryTokens() });
  await ada.session.signIn(await newPerson(BASE));
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  queries.mount();
  onTestFinished(() => queries.unmount());
});

async function make(...titles: Array<string>): Promise<void> {
  for (const title of titles) await createItem({ client: ada.client, body: { title } });
}

async function newItem(): Promise<string> {
  const { data } = await createItem({ client: ada.client, body: { title: 'Lamp' } });
  return data.id;
}

describe('going through a list by its cursors', () => {
  test('gives every row once, though rows come in between', async () => {
    const { client } = ada;
    await make('1', '2', '3', '4', '5');
    const query = { page_size: 2, sort: '-created_at' } as const;
    const list = new InfiniteQueryObserver(queries, {
      ...listItemsInfiniteOptions({ client, query }),
      ...byCursor,
    });
    onTestFinished(list.subscribe(() => {}));
    await expect.poll(() => list.getCurrentResult().isSuccess).toBe(true);
    // The newest stands before the first page, and moves the others by one.
    await make('6');
    await list.fetchNextPage();
    expect(list.getCurrentResult().hasNextPage).toBe(true);
    const { data, hasNextPage } = await list.fetchNextPage();
    expect(data?.pages.map(({ items }) => items.map(({ title }) => title))).toEqual([
      ['5', '4'],
      ['3', '2'],
      ['1'],
    ]);
    expect(hasNextPage).toBe(false);
    expect(data?.pages.map(({ total }) => total)).toEqual([null, null, null]);
  });

  test('is covered by the key of the list without anything else', async () => {
    const { client } = ada;
    const query = { sort: 'title' } as const;
    await queries.fetchQuery(listItemsOptions({ client, query }));
    await queries.fetchInfiniteQuery({ ...listItemsInfiniteOptions({ client, query }), ...byCursor });
    await queries.fetchQuery(getItemOptions({ client, path: { id: await newItem() } }));
    await queries.invalidateQueries({ queryKey: listItemsQueryKey({ client }) });
    const stale = queries.getQueryCache().findAll({ predicate: ({ state }) => state.isInvalidated });
    expect(stale.map(({ queryKey }) => queryKey)).toEqual([
      listItemsQueryKey({ client, query }),
      listItemsInfiniteQueryKey({ client, query }),
    ]);
  });

  test('keeps what is asked for on every page', async () => {
    const { client } = ada;
    await make('lamp 3', 'shade', 'lamp 1', 'lamp 2');
    const query = { page_size: 1, search: 'lamp', sort: 'title' } as const;
    const options = { ...listItemsInfiniteOptions({ client, query }), ...byCursor, pages: 5 };
    const { pages } = await queries.fetchInfiniteQuery(options);
    expect(pages.map(({ items }) => items[0]?.title)).toEqual(['lamp 1', 'lamp 2', 'lamp 3']);
  });

  test('works for every list', async () => {
    const admin = connect(BASE, { tokens: memoryTokens() });
    await admin.session.signIn(await newPerson(BASE, 'admin'));
    const { pages } = await queries.fetchInfiniteQuery({
      ...listUsersInfiniteOptions({ client: admin.client, query: { page_size: 1 } }),
      ...byCursor,
      pages: 2,
    });
    expect(pages.map(({ items }) => items.length)).toEqual([1, 1]);
    expect(pages[0]?.items[0]?.id).not.toBe(pages[1]?.items[0]?.id);
  });
});

describe('options', () => {
  test('read and change', async () => {
    const { client } = ada;
    const creating = new MutationObserver(queries, createItemMutation({ client }));
    const lamp = await creating.mutate({ body: { title: 'Lamp', price: 9.9 } });
    expect(lamp).toMatchObject({ title: 'Lamp', price: 9.9 });
    expect(await queries.fetchQuery(getItemOptions({ client, path: { id: lamp.id } }))).toEqual(lamp);
    expect((await queries.fetchQuery(listItemsOptions({ client }))).items).toEqual([lamp]);
  });

  test('throw what the server refuses', async () => {
    const path = { id: '01990d5c-9c11-7f3e-b1a2-3c4d5e6f7a8b' };
    const error = await thrownBy(queries.fetchQuery(getItemOptions({ client: ada.client, path })));
    expect(isProblem(error, 'not_found')).toBe(true);
  });

  test('are cancelled with the query', async () => {
    const asked = gate();
    let signal: AbortSignal | undefined;
    const { client } = connect(BASE, {
      tokens: memoryTokens(),
      fetch: (request) => {
        signal = request.signal;
        asked.open();
        return fetch(request);
      },
    });
    const options = listItemsOptions({ client });
    const given = thrownBy(queries.fetchQuery(options));
    await asked.opened;
    await queries.cancelQueries({ queryKey: options.queryKey });
    expect(await given).toBeInstanceOf(CancelledError);
    expect(signal?.aborted).toBe(true);
  });

  test('have keys that tell the operation, and what it is about', () => {
    const { client } = ada;
    const path = { id: '01990d5c-9c11-7f3e-b1a2-3c4d5e6f7a8b' };
    const query = { sort: 'title' } as const;
    const baseUrl = BASE;
    expect(getItemQueryKey({ client, path })).toEqual([{ _id: 'getItem', baseUrl, path }]);
    expect(getUserQueryKey({ client, path })).toEqual([{ _id: 'getUser', baseUrl, path }]);
    expect(getMeQueryKey({ client })).toEqual([{ _id: 'getMe', baseUrl }]);
    expect(listItemsQueryKey({ client, query })).toEqual([{ _id: 'listItems', baseUrl, query }]);
    expect(listItemsInfiniteQueryKey({ client })).toEqual([{ _id: 'listItems', _infinite: true, baseUrl }]);
    expect(listUsersQueryKey({ client })).toEqual([{ _id: 'listUsers', baseUrl }]);
  });
});

describe('what is tried again', () => {
  test('is what failed for want of the network or the server, three times', async () => {
    const lost = await thrownBy(fetch('http://127.0.0.1:9/'));
    expect([0, 1, 2, 3].map((failures) => retryTransient(failures, lost))).toEqual([true, true, true, false]);
    const proxied = connect(BASE, {
      tokens: memoryTokens(),
      fetch: async () => new Response('<h1>Bad Gateway</h1>', { status: 502 }),
    });
    const broken = await thrownBy(listItems({ client: proxied.client }));
    expect(isProblem(broken, 'unexpected_answer')).toBe(true);
    expect([0, 1, 2, 3].map((failures) => retryTransient(failures, broken))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('is nothing that the server has refused', async () => {
    expect(retryTransient(0, await thrownBy(listUsers({ client: ada.client })))).toBe(false);
    expect(retryTransient(0, await thrownBy(listItems({ client: ada.client, query: { page: 0 } })))).toBe(
      false,
    );
  });
});
