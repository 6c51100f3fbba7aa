// Never run: what a user of the package writes, compiled against its declarations with and without
// exactOptionalPropertyTypes, under which an optional property takes no `undefined` unless its type says so.
import {
  type Client,
  createClient,
  createPlinth,
  type Frame,
  getItem,
  listItems,
  type Message,
  type OtherEvent,
  type PlinthOptions,
  type RealtimeOptions,
  type ServerEvent,
  type TokenStore,
  updateItem,
} from '@plinth/client';
import {
  byCursor,
  createItemMutation,
  deleteItemMutation,
  getItemOptions,
  getMeOptions,
  listItemsInfiniteOptions,
  listItemsOptions,
  listUsersOptions,
} from '@plinth/client/query';
import { AuthProvider, ProtectedRoute, useAuth, useRealtime } from '@plinth/client/react';
import {
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useSuspenseQuery,
} from '@tanstack/react-query';

/** What a caller may have, or not. */
interface Given {
  readonly url?: string;
  readonly tokens?: TokenStore;
  readonly client?: Client;
  readonly fetch?: NonNullable<PlinthOptions['fetch']>;
  readonly webSocket?: NonNullable<PlinthOptions['webSocket']>;
  readonly onEvent?: (event: ServerEvent) => void;
  readonly onOtherEvent?: (event: OtherEvent) => void;
  readonly onMessage?: (message: Message) => void;
  readonly onStatus?: NonNullable<RealtimeOptions['onStatus']>;
  readonly channels?: ReadonlyArray<string>;
  readonly channel?: string;
  readonly signal?: AbortSignal;
}

export async function program(given: Given): Promise<void> {
  const { url: baseUrl, tokens, client, fetch, webSocket, signal } = given;
  const plinth = createPlinth({ baseUrl, tokens, client, fetch, webSocket, apiPrefix: undefined });
  await plinth.session.signIn({ email: '', password: '' }, { signal });
  const { onEvent, onOtherEvent, onMessage, onStatus } = given;
  const handlers = { onEvent, onOtherEvent, onMessage, onStatus, onResync: undefined, onRefusal: undefined };
  const live = plinth.realtime(handlers);
  const frame: Frame = { channel: given.channel, to: undefined, text: 'Tea?' };
  live.send(frame);
  const { data, response } = await getItem({ path: { id: '1' }, client: createClient() });
  const headers = { 'If-Match': response.headers.get('etag') ?? '*' };
  await updateItem({ path: { id: data.id }, body: { price: 9.9, description: null }, headers });
  await listItems({ query: { sort: '-price', search: 'lamp' } });
}

export function Page({ channels, onEvent, onOtherEvent }: Given) {
  const { user } = useAuth();
  const { status } = useRealtime({ channels, onEvent, onOtherEvent });
  const list = useQuery(listItemsOptions({ query: { sort: 'price' } }));
  const one = useQuery({ ...getItemOptions({ path: { id: '1' } }), enabled: false });
  const me = useSuspenseQuery(getMeOptions());
  const [, users] = useQueries({ queries: [getMeOptions(), listUsersOptions()] });
  const creating = useMutation(createItemMutation());
  const deleting = useMutation(deleteItemMutation());
  const all = useInfiniteQuery({ ...listItemsInfiniteOptions({ query: { search: 'a' } }), ...byCursor });
  // @ts-expect-error There may be none yet.
  all.data.pages;
  const remove = () => deleting.mutate({ path: { id: '1' } });
  return (
    <button type="button" onClick={() => creating.mutate({ body: { title: 'Lamp' } }, { onSuccess: remove })}>
      {user?.email} {status} {list.data?.items.length} {one.data?.title} {me.data.email}{' '}
      {users?.data?.items.length} {all.data?.pages.flatMap(({ items }) => items).length}
    </button>
  );
}

export function App({ plinth, role }: { plinth: ReturnType<typeof createPlinth>; role?: 'admin' }) {
  return (
    <AuthProvider plinth={plinth}>
      <ProtectedRoute role={role} signedOut={null} unavailable={undefined}>
        <Page />
      </ProtectedRoute>
    </AuthProvider>
  );
}

export async function read(queries: QueryClient): Promise<string> {
  return (await queries.fetchQuery(getMeOptions())).email;
}
