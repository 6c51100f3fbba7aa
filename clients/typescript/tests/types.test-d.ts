// Never run: compiled with everything else, and wrong as soon as a type is not what it says.
import { type InfiniteData, useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { expectTypeOf } from 'vitest';
import {
  type Credentials,
  createItem,
  createPlinth,
  type FieldError,
  fieldErrors,
  getMe,
  type Item,
  isProblem,
  listAudit,
  listItems,
  listSessions,
  type Message,
  type Options,
  type OtherEvent,
  type PageItem,
  type Plinth,
  type Problem,
  type ProblemError,
  type RealtimeStatus,
  type Refusal,
  type Role,
  type ServerEvent,
  type Session,
  type StoredTokens,
  type User,
  updateItem,
  type WebSocketLike,
} from '../src/index.js';
import {
  byCursor,
  createItemMutation,
  getItemOptions,
  listItemsInfiniteOptions,
  listItemsOptions,
  type retryTransient,
  updateItemMutation,
} from '../src/query.js';
import { type Auth, type ProtectedRoute, useAuth, usePlinth, useRealtime } from '../src/react/index.js';

export async function operations(plinth: Plinth): Promise<void> {
  const { data, response, request } = await createItem({ body: { title: 'Lamp' } });
  expectTypeOf(data).toEqualTypeOf<Item>();
  expectTypeOf(response).toEqualTypeOf<Response>();
  expectTypeOf(request).toEqualTypeOf<Request>();
  expectTypeOf((await getMe()).data).toEqualTypeOf<User>();
  expectTypeOf((await listItems()).data).toEqualTypeOf<PageItem>();
  expectTypeOf((await listItems()).data.items).toEqualTypeOf<Array<Item>>();
  expectTypeOf((await listSessions()).data).toEqualTypeOf<Array<Session>>();
  expectTypeOf((await listAudit()).data.items[0]).not.toBeAny();
  expectTypeOf<Parameters<typeof createItem>[0]>().not.toBeAny();
  expectTypeOf<Parameters<typeof createItem>[0]['body']>().toEqualTypeOf<{
    title: string;
    description?: string | null;
    price?: number | null;
  }>();
  expectTypeOf<Options['meta']>().toEqualTypeOf<Record<string, unknown> | undefined>();

  // @ts-expect-error The title is needed.
  await createItem({ body: {} });
  // @ts-expect-error There is no such field.
  await createItem({ body: { title: 'Lamp', colour: 'amber' } });
  // @ts-expect-error A price is a number.
  await createItem({ body: { title: 'Lamp', price: '9.90' } });
  // @ts-expect-error There is no such order.
  await listItems({ query: { sort: 'colour' } });
  // @ts-expect-error It has to be said which.
  await updateItem({ body: {} });

  expectTypeOf(createPlinth()).toEqualTypeOf<Plinth>();
  expectTypeOf(plinth.session.loginId).toEqualTypeOf<string | undefined>();
  expectTypeOf(await plinth.session.accessToken()).toEqualTypeOf<string | undefined>();
  expectTypeOf(plinth.session.signIn).parameter(0).toEqualTypeOf<Credentials>();
  expectTypeOf<StoredTokens>().not.toBeAny();
  expectTypeOf<keyof StoredTokens>().toEqualTypeOf<'login' | 'accessToken' | 'renewAt' | 'refreshToken'>();
}

export function problems(error: unknown): void {
  expectTypeOf(fieldErrors(error)).toEqualTypeOf<Record<string, string>>();
  expectTypeOf<ProblemError>().toExtend<Problem & Error>();
  expectTypeOf<ProblemError['retryAfter']>().toEqualTypeOf<number | undefined>();
  if (isProblem(error, 'email_taken', 'last_admin')) {
    expectTypeOf(error.code).toEqualTypeOf<'email_taken' | 'last_admin'>();
    expectTypeOf(error.status).toEqualTypeOf<number>();
  }
}

export function anyProblem(error: unknown): void {
  if (!isProblem(error)) return;
  // A later server has codes that this client does not know.
  expectTypeOf(error.code).toEqualTypeOf<string>();
  // @ts-expect-error There is no such code.
  isProblem(error, 'email_token');
  expectTypeOf(error.errors).toEqualTypeOf<Array<FieldError> | undefined>();
}

export function useQueries(): void {
  const one = useQuery(getItemOptions({ path: { id: '' } }));
  expectTypeOf(one.data).toEqualTypeOf<Item | undefined>();
  expectTypeOf(one.error).toEqualTypeOf<Problem | null>();
  const list = useQuery(listItemsOptions({ query: { sort: '-price' } }));
  expectTypeOf(list.data).toEqualTypeOf<PageItem | undefined>();
  const all = useInfiniteQuery({ ...listItemsInfiniteOptions(), ...byCursor });
  expectTypeOf(all.data).toEqualTypeOf<InfiniteData<PageItem> | undefined>();
  expectTypeOf(all.error).toEqualTypeOf<Problem | null>();
  const creating = useMutation(createItemMutation());
  expectTypeOf(creating.data).toEqualTypeOf<Item | undefined>();
  expectTypeOf(creating.error).toEqualTypeOf<Problem | null>();
  expectTypeOf(creating.variables).not.toBeAny();
  expectTypeOf(creating.mutate).parameter(0).not.toBeAny();
  const updating = useMutation(updateItemMutation());
  expectTypeOf(updating.mutate).parameter(0).toHaveProperty('path').toEqualTypeOf<{ id: string }>();
  // @ts-expect-error The title is needed.
  creating.mutate({ body: {} });
  // @ts-expect-error It has to be said which.
  getItemOptions({});
  expectTypeOf<typeof retryTransient>().toEqualTypeOf<(failures: number, error: unknown) => boolean>();
}

export function useReact(): void {
  const auth = useAuth();
  expectTypeOf(auth).toEqualTypeOf<Auth>();
  expectTypeOf(auth.user).toEqualTypeOf<User | null>();
  expectTypeOf(auth.error).toEqualTypeOf<unknown>();
  expectTypeOf(auth.status).toEqualTypeOf<'loading' | 'signed_out' | 'signed_in' | 'unavailable'>();
  expectTypeOf(usePlinth()).toEqualTypeOf<Plinth>();
  expectTypeOf<Parameters<typeof ProtectedRoute>[0]['role']>().toEqualTypeOf<Role | undefined>();
  const { status, send } = useRealtime({
    channels: ['kitchen'],
    onEvent: (event) => expectTypeOf(event).toEqualTypeOf<ServerEvent>(),
    onOtherEvent: (event) => expectTypeOf(event).toEqualTypeOf<OtherEvent>(),
    onMessage: (message) => expectTypeOf(message).toEqualTypeOf<Message>(),
    onRefusal: (refusal) => expectTypeOf(refusal).toEqualTypeOf<Refusal>(),
  });
  expectTypeOf(status).toEqualTypeOf<RealtimeStatus>();
  expectTypeOf(send).returns.toEqualTypeOf<boolean>();
  send({ to: '', text: 'Tea?' });
  // @ts-expect-error That is the server's to say.
  send({ event: 'item.created' });
  // @ts-expect-error A channel is named by text.
  useRealtime({ channels: [7] });
}

export function events(event: ServerEvent, message: Message): void {
  if (event.event === 'item.created') expectTypeOf(event.item).toEqualTypeOf<Item>();
  if (event.event === 'user.deleted') expectTypeOf(event.user).toEqualTypeOf<User>();
  expectTypeOf(event.seq).toEqualTypeOf<number>();
  expectTypeOf(message.from).toEqualTypeOf<string>();
  expectTypeOf(message['text']).toEqualTypeOf<unknown>();
}

/** As the types of the package `ws` have it, whose events are not those of a page. */
declare class Ws {
  readonly readyState: 0 | 1 | 2 | 3;
  readonly OPEN: 1;
  onopen: ((event: { type: string; target: Ws }) => void) | null;
  onerror: ((event: { error: unknown; message: string; type: string; target: Ws }) => void) | null;
  onclose: ((event: { wasClean: boolean; code: number; reason: string; target: Ws }) => void) | null;
  onmessage: ((event: { data: string | Uint8Array | Array<Uint8Array>; target: Ws }) => void) | null;
  constructor(address: null);
  constructor(address: string | URL, options?: { origin?: string });
  constructor(address: string | URL, protocols?: string | Array<string>, options?: { origin?: string });
  send(data: string | Uint8Array, sent?: (error?: Error) => void): void;
  send(data: string | Uint8Array, options: { binary?: boolean }, sent?: (error?: Error) => void): void;
  close(code?: number, data?: string | Uint8Array): void;
  terminate(): void;
}

export function webSockets(): void {
  createPlinth({ webSocket: WebSocket });
  createPlinth({ webSocket: Ws });
  // @ts-expect-error That is something else.
  createPlinth({ webSocket: EventSource });
  expectTypeOf<WebSocket>().toExtend<WebSocketLike>();
  expectTypeOf<Ws>().toExtend<WebSocketLike>();
  expectTypeOf<Parameters<NonNullable<WebSocketLike['onclose']>>[0]['code']>().toEqualTypeOf<number>();
}
