import { beforeEach, describe, expect, test } from 'vitest';
import { commands } from 'vitest/browser';
import {
  createItem,
  deleteItem,
  fieldErrors,
  getItem,
  type ItemCreate,
  isProblem,
  listItems,
  listUsers,
  login,
  memoryTokens,
  ProblemError,
  register,
  updateItem,
} from '../src/index.js';
import { type Connected, connect, thrownBy } from './support/client.js';
import { ADMIN } from './support/constants.js';
import { listen } from './support/live.js';
import { newPerson, type Person } from './support/people.js';
import { BASE, ownServer } from './support/servers.js';

let person: Person;
let ada: Connected;

beforeEach(async () => {
  person = await newPerson(BASE);
  ada = connect(BASE, { tokens: memoryTokens() });
  await ada.session.signIn(person);
});

describe('an operation', () => {
  test('gives what it has made, and where, and its version', async () => {
    const { data, response } = await createItem({
      client: ada.client,
      body: { title: 'Lamp', description: 'brass', price: 9.9 },
    });
    expect(data).toMatchObject({ owner_id: person.id, title: 'Lamp', description: 'brass', price: 9.9 });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/api/items/${data.id}`);
    const etag = response.headers.get('etag');
    expect(etag).toMatch(/^".+"$/);

    const read = await getItem({ client: ada.client, path: { id: data.id } });
    expect(read.data).toEqual(data);
    expect(read.response.headers.get('etag')).toBe(etag);
  });

  test('that has nothing to tell ends', async () => {
    const { data } = await createItem({ client: ada.client, body: { title: 'Lamp' } });
    const { response } = await deleteItem({ client: ada.client, path: { id: data.id } });
    expect(response.status).toBe(204);
    expect(
      isProblem(await thrownBy(getItem({ client: ada.client, path: { id: data.id } })), 'not_found'),
    ).toBe(true);
  });

  test('goes on with a token that it is given, in place of that of the session', async () => {
    const admin = connect(BASE, { tokens: memoryTokens() });
    await admin.session.signIn(ADMIN);
    const auth = await admin.session.accessToken();
    const { data } = await listUsers({ client: ada.client, auth, query: { page_size: 1 } });
    expect(data.items).toHaveLength(1);

    const nobody = connect(BASE, { tokens: memoryTokens() });
    expect((await listUsers({ client: nobody.client, auth })).response.status).toBe(200);
  });
});

describe('a request', () => {
  test('to anybody else than the server is not made, so nobody else gets the token', async () => {
    const before = ada.sent.length;
    const elsewhere = thrownBy(listItems({ client: ada.client, baseUrl: 'https://elsewhere.example' }));
    expect(await elsewhere).toMatchObject({ message: expect.stringContaining('https://elsewhere.example') });
    // Made before `createPlinth`, options have no server yet.
    const early = thrownBy(listItems({ client: ada.client, baseUrl: undefined as unknown as string }));
    expect(await early).toMatchObject({ message: expect.stringContaining('after createPlinth()') });
    const alike = thrownBy(listItems({ client: ada.client, baseUrl: `${BASE}.elsewhere.example` }));
    expect(await alike).toBeInstanceOf(Error);
    expect(ada.sent).toHaveLength(before);
  });

  test('goes to the prefix that the API has there', async () => {
    const server = await ownServer({ API_PREFIX: '/v1' });
    const eve = connect(server, { tokens: memoryTokens(), apiPrefix: '/v1' });
    const account = { email: 'eve@example.com', password: 'correct horse battery' };
    await register({ client: eve.client, body: account });
    await eve.session.signIn(account);
    expect((await createItem({ client: eve.client, body: { title: 'Lamp' } })).data.title).toBe('Lamp');
    expect(eve.sent).toEqual(['POST /v1/auth/register', 'POST /v1/auth/login', 'POST /v1/items']);
    const live = listen(eve);
    await expect.poll(() => live.connection.status).toBe('open');
  });
});

describe('what the server refuses', () => {
  test('is thrown as its problem', async () => {
    const error = await thrownBy(listUsers({ client: ada.client }));
    expect(error).toBeInstanceOf(Error);
    if (!isProblem(error)) throw error;
    expect(error).toMatchObject({ name: 'ProblemError', code: 'forbidden', status: 403, errors: undefined });
    expect(error.type).toBe('urn:plinth:problem:forbidden');
    expect(error.message).toBe(error.detail);
    expect(error.message).not.toBe('');
    expect(error.instance).toBe(`urn:request:${error.response.headers.get('x-request-id')}`);
    expect(error.retryAfter).toBeUndefined();
  });

  test('is told apart by its code', async () => {
    const { email, password } = person;
    const error = await thrownBy(register({ client: ada.client, body: { email, password } }));
    expect(isProblem(error)).toBe(true);
    expect(isProblem(error, 'email_taken')).toBe(true);
    expect(isProblem(error, 'last_admin', 'email_taken')).toBe(true);
    expect(isProblem(error, 'last_admin')).toBe(false);
    expect(isProblem(new TypeError('Failed to fetch'))).toBe(false);
    expect(isProblem(undefined)).toBe(false);
  });

  test('as the item has changed meanwhile is a failed precondition', async () => {
    const { data, response } = await createItem({ client: ada.client, body: { title: 'Lamp' } });
    const change = {
      client: ada.client,
      path: { id: data.id },
      headers: { 'If-Match': response.headers.get('etag') ?? '' },
    };
    await updateItem({ ...change, body: { title: 'Amber lamp' } });
    const error = await thrownBy(updateItem({ ...change, body: { title: 'Green lamp' } }));
    expect(error).toMatchObject({ code: 'precondition_failed', status: 412 });
  });

  test('says which fields of the body are wrong', async () => {
    const error = await thrownBy(
      register({ client: ada.client, body: { email: 'nobody', password: 'short' } }),
    );
    if (!isProblem(error, 'invalid_fields')) throw error;
    expect(error.status).toBe(422);
    expect(error.errors?.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
      '/email invalid_email',
      '/password too_short',
    ]);
    const fields = fieldErrors(error);
    expect(Object.keys(fields).sort()).toEqual(['email', 'password']);
    expect(fields['email']).toBe(error.errors?.find(({ pointer }) => pointer === '/email')?.detail);
  });

  test('says which parameters are wrong', async () => {
    const error = await thrownBy(listItems({ client: ada.client, query: { page_size: 1000 } }));
    expect(Object.keys(fieldErrors(error))).toEqual(['page_size']);
  });

  test('names fields as they are, whatever is in their names', async () => {
    // More than the type allows.
    const body = { title: 'Lamp', 'a/b': 1, 'c~d': 2, constructor: 3 } as unknown as ItemCreate;
    const error = await thrownBy(createItem({ client: ada.client, body }));
    expect(Object.keys(fieldErrors(error)).sort()).toEqual(['a/b', 'constructor', 'c~d']);
  });

  test('has fields only if it is about fields', async () => {
    expect(fieldErrors(await thrownBy(listUsers({ client: ada.client })))).toEqual({});
    expect(fieldErrors(new Error('not of the server'))).toEqual({});
  });

  test('says when to try again', async () => {
    const strict = connect(await ownServer({ RATE_LIMIT_ENABLED: 'true' }), { tokens: memoryTokens() });
    let error: unknown;
    for (let tries = 0; tries < 11; tries += 1) {
      error = await thrownBy(
        login({ client: strict.client, body: { username: ADMIN.email, password: 'not it, not at all' } }),
      );
    }
    if (!isProblem(error, 'rate_limited')) throw error;
    expect(error.status).toBe(429);
    expect(error.retryAfter).toBeGreaterThan(0);
    expect(error.retryAfter).toBeLessThanOrEqual(60);
  });
});

describe('what is no answer of the server', () => {
  test('is a problem too if it comes from a proxy', async () => {
    const proxy = await commands.startProxy();
    try {
      const error = await thrownBy(listItems({ client: connect(proxy, { tokens: memoryTokens() }).client }));
      expect(error).toBeInstanceOf(ProblemError);
      expect(error).toMatchObject({ code: 'unexpected_answer', status: 502, title: 'Bad Gateway' });
      expect(isProblem(error, 'unexpected_answer')).toBe(true);
    } finally {
      await commands.stopProxy(proxy);
    }
  });

  test('is passed on as it is if the network fails, and signs nobody out', async () => {
    let down = false;
    const eve = connect(BASE, {
      tokens: memoryTokens(),
      // Nobody listens there.
      fetch: (request) => fetch(down ? new Request('http://127.0.0.1:9/') : request),
    });
    await eve.session.signIn(person);
    down = true;
    const error = await thrownBy(listItems({ client: eve.client }));
    expect(error).toBeInstanceOf(TypeError);
    expect(isProblem(error)).toBe(false);
    expect(eve.session.signedIn).toBe(true);
    down = false;
    expect((await listItems({ client: eve.client })).data.items).toEqual([]);
  });
});
