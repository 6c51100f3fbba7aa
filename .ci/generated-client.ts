// What the client that openapi-generator (typescript-fetch) makes of docs/openapi.json does against a running
// instance. `bash .ci/run generators` copies this beside the client, compiles it with all strict flags against the
// client's declarations, and runs it.
//
// Environment: BASE (URL of the instance).

import assert from 'node:assert/strict';
import {
  AuthApi,
  Configuration,
  type ItemUpdate,
  ItemsApi,
  ListItemsSortEnum,
  type Problem,
  ProblemCode,
  ProblemFromJSON,
  ResponseError,
  Role,
  UsersApi,
} from './client/index.js';

const basePath = process.env['BASE'];
assert(basePath, 'BASE is not set');

const email = 'ada.generated@example.com';
const password = 'amber lamp 7 on the sill';

/** The problem document that a call is refused with. */
async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const refused: unknown = await call.then(
    () => assert.fail('not refused'),
    (error: unknown) => error,
  );
  assert(refused instanceof ResponseError, String(refused));
  const problem = ProblemFromJSON(await refused.response.json());
  assert.equal(problem.status, refused.response.status);
  return problem;
}

const anyone = new AuthApi(new Configuration({ basePath }));

const user = await anyone.register({ register: { email, password } });
assert.deepEqual([user.email, user.fullName, user.role], [email, null, Role.Viewer]);
assert(user.createdAt instanceof Date && Math.abs(Date.now() - user.createdAt.getTime()) < 60_000);

// A status that lists fields.
const invalid = await problemOf(anyone.register({ register: { email: 'nobody', password: 'short' } }));
assert.deepEqual([invalid.status, invalid.code], [422, ProblemCode.InvalidFields]);
assert.deepEqual(
  invalid.errors?.map(({ pointer, code }) => `${pointer} ${code}`).sort(),
  ['/email invalid_email', '/password too_short'],
);

// One in the words of OAuth.
const wrong = await problemOf(anyone.login({ username: email, password: 'not it, not at all' }));
assert.deepEqual([wrong.status, wrong.code, wrong.error], [400, ProblemCode.InvalidGrant, 'invalid_grant']);
assert.equal(wrong.errorDescription, wrong.detail);
assert.equal(wrong.errors, undefined);

const tokens = await anyone.login({ username: email, password });
const configuration = new Configuration({ basePath, accessToken: tokens.accessToken });
const items = new ItemsApi(configuration);

assert.equal((await new UsersApi(configuration).getMe()).id, user.id);
const unknown = new ItemsApi(new Configuration({ basePath }));
assert.equal((await problemOf(unknown.listItems())).code, ProblemCode.Unauthenticated);

const lamp = await items.createItem({ itemCreate: { title: 'Lamp', description: 'brass', price: 9.9 } });
const shade = await items.createItem({ itemCreate: { title: 'Shade' } });
// What is null is cleared, and what is left out stays.
const cleared: ItemUpdate = { description: null };
const changed = await items.updateItem({ id: lamp.id, itemUpdate: cleared });
assert.deepEqual([changed.title, changed.description, changed.price], ['Lamp', null, 9.9]);

const page = await items.listItems({ pageSize: 1, sort: ListItemsSortEnum.Title });
assert.deepEqual([page.items[0]?.id, page.items.length, page.total, page.page], [lamp.id, 1, 2, 1]);
assert(page.nextCursor);
const rest = await items.listItems({ pageSize: 1, sort: ListItemsSortEnum.Title, cursor: page.nextCursor });
assert.deepEqual([rest.items[0]?.id, rest.total, rest.page, rest.nextCursor], [shade.id, null, null, null]);

await items.deleteItem({ id: lamp.id });
assert.equal((await problemOf(items.getItem({ id: lamp.id }))).code, ProblemCode.NotFound);

const mine = new AuthApi(configuration);
const renewed = await anyone.refresh({ refresh: { refreshToken: tokens.refreshToken } });
assert.notEqual(renewed.refreshToken, tokens.refreshToken);
await mine.logout();
assert.equal((await problemOf(mine.testToken())).code, ProblemCode.InvalidToken);
console.log('the generated client registers, signs in, works on items, reads problems and signs out');
