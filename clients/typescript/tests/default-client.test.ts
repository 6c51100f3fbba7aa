import { afterEach, beforeEach, expect, type Mock, test, vi } from 'vitest';
import { createClient, createPlinth, getMe, memoryTokens } from '../src/index.js';
import { newPerson } from './support/people.js';
import { BASE, COOKIE_BASE } from './support/servers.js';

// In this order: each call is one more in the same page.
let warned: Mock<typeof console.warn>;

beforeEach(() => {
  warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

test('the client that operations use by default goes on after a module was loaded anew', async () => {
  const person = await newPerson(BASE);
  await createPlinth({ baseUrl: BASE }).session.signIn(person);
  const again = createPlinth({ baseUrl: `${BASE}/` });
  expect(again.session.signedIn).toBe(true);
  expect((await getMe()).data.id).toBe(person.id);
  expect(warned).not.toHaveBeenCalled();
});

test('there is a warning if it goes over to other tokens, or to another server', () => {
  createPlinth({ baseUrl: BASE, tokens: memoryTokens() });
  expect(warned).toHaveBeenCalledTimes(1);
  expect(warned.mock.calls[0]?.[0]).toContain('createClient()');
  createPlinth({ baseUrl: COOKIE_BASE });
  expect(warned).toHaveBeenCalledTimes(2);
});

test('there is none for a client of its own', () => {
  createPlinth({ baseUrl: BASE, tokens: memoryTokens(), client: createClient() });
  createPlinth({ baseUrl: COOKIE_BASE });
  expect(warned).not.toHaveBeenCalled();
});
