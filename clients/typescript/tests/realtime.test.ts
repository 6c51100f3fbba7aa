import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { commands } from 'vitest/browser';
import {
  createItem,
  deleteItem,
  memoryTokens,
  type ServerEvent,
  updateItem,
  updateMe,
} from '../src/index.js';
import { type Connected, connect, expirable, gate, REFRESH, thrownBy } from './support/client.js';
import { type Live, listen, recordedSockets, told } from './support/live.js';
import { newPerson, outsider, type Person } from './support/people.js';
import { BASE } from './support/servers.js';

let person: Person;
let ada: Connected;
let live: Live;
let sockets: ReturnType<typeof recordedSockets>['sockets'];

async function opened({ connection }: Live): Promise<void> {
  await expect.poll(() => connection.status).toBe('open');
}

async function signedIn(who: Person): Promise<Connected> {
  const connected = connect(BASE, { tokens: memoryTokens() });
  await connected.session.signIn(who);
  return connected;
}

beforeEach(async () => {
  const recorded = recordedSockets();
  sockets = recorded.sockets;
  person = await newPerson(BASE);
  ada = connect(BASE, { tokens: memoryTokens(), webSocket: recorded.webSocket });
  await ada.session.signIn(person);
  live = listen(ada);
  expect(live.connection.status).toBe('connecting');
  await opened(live);
});

describe('a connection', () => {
  test('has what is shown read anew when it is open for the first time', () => {
    expect(live.resyncs.count).toBe(1);
    expect(live.statuses).toEqual(['open']);
  });

  test('keeps the token out of the address', () => {
    expect(sockets.map(({ url, protocol }) => [url, protocol])).toEqual([
      [`${BASE.replace('http', 'ws')}/api/ws`, 'plinth.v1'],
    ]);
  });

  test('tells what happens to the items that the user has', async () => {
    const { data: lamp } = await createItem({ client: ada.client, body: { title: 'Lamp' } });
    await updateItem({ client: ada.client, path: { id: lamp.id }, body: { title: 'Amber lamp' } });
    await deleteItem({ client: ada.client, path: { id: lamp.id } });
    await expect
      .poll(() => live.events.map(told))
      .toEqual(['item.created Lamp', 'item.updated Amber lamp', 'item.deleted Amber lamp']);
    const [created] = live.events;
    expect(created).toMatchObject({ event: 'item.created', item: lamp });
    const numbers = live.events.map(({ seq }) => seq);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  test('tells what happens to the user', async () => {
    await updateMe({ client: ada.client, body: { full_name: 'Ada Lovelace' } });
    await expect.poll(() => live.events.map(told)).toEqual([`user.updated ${person.email}`]);
    const [event] = live.events;
    expect(event && 'user' in event ? event.user.full_name : undefined).toBe('Ada Lovelace');
  });

  test("tells nothing of a stranger's items", async () => {
    await createItem({ client: (await signedIn(await newPerson(BASE))).client, body: { title: 'Not hers' } });
    await createItem({ client: ada.client, body: { title: 'Hers' } });
    await expect.poll(() => live.events.map(told)).toEqual(['item.created Hers']);
  });

  test('tells events that it does not know apart, and counts them', async () => {
    const [socket] = sockets;
    const seq = Date.now() * 1000;
    const lit = { event: 'lamp.lit', seq, lamp: { id: '1' } };
    socket?.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(lit) }));
    expect(live.others).toEqual([lit]);
    expect([live.events, live.messages, live.refusals]).toEqual([[], [], []]);
    socket?.close();
    await expect.poll(() => sockets.length).toBe(2);
    expect(sockets[1]?.url).toMatch(new RegExp(`[?]since=${seq}$`));
  });

  test('ignores what is no frame', async () => {
    const [socket] = sockets;
    const later: Array<unknown> = ['{"joined": "somewhere"}', '[]', 'null', 'no JSON', new Blob(['{}'])];
    for (const data of later) socket?.dispatchEvent(new MessageEvent('message', { data }));
    await createItem({ client: ada.client, body: { title: 'Lamp' } });
    await expect.poll(() => live.events.map(told)).toEqual(['item.created Lamp']);
    expect([live.messages, live.refusals, live.others]).toEqual([[], [], []]);
  });

  test('tells an object that has a class, as one that has none', async () => {
    class Handlers {
      readonly told: Array<string> = [];
      onStatus(status: string): void {
        this.told.push(status);
      }
      onResync(): void {
        this.told.push('resync');
      }
    }
    const handlers = new Handlers();
    const connection = ada.realtime(handlers);
    onTestFinished(() => connection.close());
    await expect.poll(() => handlers.told).toEqual(['open', 'resync']);
  });

  test('is closed at once if nobody is signed in', async () => {
    const nobody = listen(connect(BASE, { tokens: memoryTokens() }));
    await expect.poll(() => nobody.connection.status).toBe('closed');
    expect(nobody.statuses).toEqual(['closed']);
    expect(nobody.connection.send({ to: person.id })).toBe(false);
  });
});

describe('messages', () => {
  let bob: Live;
  let bobId: string;

  beforeEach(async () => {
    const other = await newPerson(BASE);
    bobId = other.id;
    bob = listen(await signedIn(other));
    await opened(bob);
  });

  test('reach the user that they are for', async () => {
    expect(live.connection.send({ to: bobId, text: 'Tea?' })).toBe(true);
    await expect.poll(() => bob.messages).toEqual([{ to: bobId, text: 'Tea?', from: person.id }]);
    expect(live.messages).toEqual([]);
  });

  test('reach whoever has joined the channel, as long as they have', async () => {
    live.connection.join('kitchen');
    bob.connection.join('kitchen');
    // Everything of one connection is in order; of two it takes a first message to know that both have joined.
    await expect
      .poll(() => {
        live.connection.send({ channel: 'kitchen', text: 'Who is there?' });
        return bob.messages.length;
      })
      .toBeGreaterThan(0);
    bob.connection.send({ channel: 'kitchen', text: 'Bob' });
    await expect.poll(() => live.messages).toContainEqual({ channel: 'kitchen', text: 'Bob', from: bobId });

    bob.connection.leave('kitchen');
    bob.connection.send({ channel: 'kitchen', text: 'Still there?' });
    await expect.poll(() => bob.refusals.map(({ code }) => code)).toEqual(['not_a_member']);
    expect(live.messages.filter(({ text }) => text === 'Still there?')).toEqual([]);
  });

  test('reach everybody if they are for nobody', async () => {
    const text = `Fire! ${person.id}`;
    live.connection.send({ text });
    await expect.poll(() => bob.messages).toContainEqual({ text, from: person.id });
  });

  test('that the server refuses are told with the reason', async () => {
    live.connection.send({ to: 'nobody' });
    live.connection.join('role.admin');
    await expect
      .poll(() => live.refusals.map(({ code }) => code))
      .toEqual(['invalid_user_id', 'channel_forbidden']);
    expect(live.refusals[0]?.detail).not.toBe('');
    expect(live.connection.status).toBe('open');
  });

  test('are not sent over a connection that is closing', () => {
    const [socket] = sockets;
    socket?.close();
    expect(live.connection.send({ to: bobId, text: 'Tea?' })).toBe(false);
  });
});

describe('the end of a connection', () => {
  test('is for good if it is asked for', async () => {
    live.connection.close();
    live.connection.close();
    expect(live.connection.status).toBe('closed');
    expect(live.statuses).toEqual(['open', 'closed']);
    expect(live.connection.send({ text: 'anybody?' })).toBe(false);
    await createItem({ client: ada.client, body: { title: 'Lamp' } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(live.events).toEqual([]);
    expect(sockets).toHaveLength(1);
  });

  test('comes with the sign-out', async () => {
    await ada.session.signOut();
    expect(live.connection.status).toBe('closed');
    await expect.poll(() => sockets[0]?.readyState).toBe(WebSocket.CLOSED);
  });

  test('comes with the end of the session elsewhere, and with it the sign-out here', async () => {
    await (await outsider(BASE, person)).call('DELETE', '/api/auth/sessions');
    await expect.poll(() => live.connection.status).toBe('closed');
    expect(ada.session.signedIn).toBe(false);
    expect(live.statuses).toEqual(['open', 'waiting', 'closed']);
    expect(sockets).toHaveLength(1);
  });

  test('is no end if the token has expired: it goes on with another one', async () => {
    const tokens = expirable(memoryTokens());
    const recorded = recordedSockets();
    const brief = connect(BASE, { tokens, webSocket: recorded.webSocket });
    await brief.session.signIn(person);
    tokens.replace(await commands.shortenToken((await brief.session.accessToken()) ?? '', 2));
    const closed: Array<number> = [];
    const here = listen(brief);
    recorded.sockets[0]?.addEventListener('close', ({ code }) => closed.push(code));
    await opened(here);
    const [first] = recorded.sockets;
    first?.addEventListener('close', ({ code }) => closed.push(code));
    await expect.poll(() => recorded.sockets.length).toBe(2);
    await opened(here);
    expect(closed).toEqual([4401]);
    expect(brief.count(REFRESH)).toBe(1);
    expect(here.statuses).toEqual(['open', 'waiting', 'connecting', 'open']);
    expect(brief.session.signedIn).toBe(true);
    await createItem({ client: ada.client, body: { title: 'Lamp' } });
    await expect.poll(() => here.events.map(told)).toEqual(['item.created Lamp']);
  });

  test('holds, if it is asked for while a change is told', async () => {
    let refused = false;
    const tokens = expirable(memoryTokens());
    const recorded = recordedSockets();
    const eve = connect(BASE, {
      tokens,
      webSocket: recorded.webSocket,
      fetch: (request) => {
        refused ||= request.url.endsWith('/refresh');
        return fetch(refused ? new Request('http://127.0.0.1:9/') : request);
      },
    });
    await eve.session.signIn(person);
    tokens.expire();
    const here: Live = listen(eve, { onStatus: (status) => status === 'waiting' && here.connection.close() });
    await expect.poll(() => here.connection.status).toBe('closed');
    refused = false;
    // Longer than the first pause.
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(here.statuses).toEqual(['waiting', 'closed']);
    expect(recorded.sockets).toEqual([]);

    const there: Live = listen(ada, { onStatus: (status) => status === 'open' && there.connection.close() });
    await expect.poll(() => there.connection.status).toBe('closed');
    expect(there.resyncs.count).toBe(0);
  });
});

describe('another login', () => {
  test('does not bring a connection back that was closed when it was told', async () => {
    const recorded = recordedSockets();
    const eve = connect(BASE, { tokens: memoryTokens(), webSocket: recorded.webSocket });
    await eve.session.signIn(person);
    // Told before the connection is.
    const closing: { end?: () => void } = {};
    eve.session.subscribe(() => closing.end?.());
    const here = listen(eve);
    await opened(here);
    closing.end = here.connection.close.bind(here.connection);
    await eve.session.signIn(await newPerson(BASE));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(here.connection.status).toBe('closed');
    expect(here.statuses).toEqual(['open', 'closed']);
    expect(recorded.sockets).toHaveLength(1);
  });

  test('is followed: it tells what the new user may see, and has everything read anew', async () => {
    const other = await newPerson(BASE);
    const first = ada.session.loginId;
    await ada.session.signIn(other);
    expect(ada.session.loginId).not.toBe(first);
    await expect.poll(() => live.statuses).toEqual(['open', 'connecting', 'open']);
    expect(live.resyncs.count).toBe(2);
    await createItem({ client: (await signedIn(person)).client, body: { title: "Ada's" } });
    await createItem({ client: ada.client, body: { title: "Bob's" } });
    await expect.poll(() => live.events.map(told)).toEqual(["item.created Bob's"]);
  });

  test('is not disturbed by what the one before still waited for', async () => {
    const asked = gate();
    const go = gate();
    const tokens = expirable(memoryTokens());
    const eve = connect(BASE, {
      tokens,
      fetch: async (request) => {
        if (!request.url.endsWith('/refresh')) return fetch(request);
        asked.open();
        await go.opened;
        throw new TypeError('the connection was lost');
      },
    });
    await eve.session.signIn(person);
    tokens.expire();
    const here = listen(eve);
    const waiting = thrownBy(eve.session.accessToken());
    await asked.opened;
    await eve.session.signIn(await newPerson(BASE));
    await opened(here);
    go.open();
    await waiting;
    // Longer than the first pause.
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(here.statuses).toEqual(['open']);
    expect(here.connection.send({ text: 'still here' })).toBe(true);
  });
});

describe('a listener that throws', () => {
  let reported: Array<string>;

  beforeEach(() => {
    reported = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(String(error)));
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
  });

  test('is reported, and the connection goes on', async () => {
    const statuses: Array<string> = [];
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    const connection = ada.realtime({
      onStatus: (status) => {
        statuses.push(status);
        throw new Error(status);
      },
      onResync: fail('resync'),
      onEvent: fail('event'),
      onMessage: fail('message'),
      onRefusal: fail('refusal'),
    });
    onTestFinished(() => connection.close());
    await expect.poll(() => reported).toEqual(['Error: open', 'Error: resync']);
    sockets[1]?.close();
    await expect.poll(() => statuses).toEqual(['open', 'waiting', 'connecting', 'open']);
    reported.length = 0;
    await createItem({ client: ada.client, body: { title: 'Lamp' } });
    await expect.poll(() => reported).toContain('Error: event');
    connection.send({ to: person.id, text: 'Tea?' });
    await expect.poll(() => reported).toContain('Error: message');
    connection.send({ to: 'nobody' });
    await expect.poll(() => reported).toContain('Error: refusal');
    expect(connection.status).toBe('open');
  });
});

test('a WebSocket that the page may not open is tried again', async () => {
  let allowed = false;
  class Forbidden extends WebSocket {
    constructor(url: string, protocols: Array<string>) {
      if (!allowed) throw new DOMException('not from here', 'SecurityError');
      super(url, protocols);
    }
  }
  const eve = connect(BASE, { tokens: memoryTokens(), webSocket: Forbidden });
  await eve.session.signIn(person);
  const here = listen(eve);
  await expect.poll(() => here.connection.status).toBe('waiting');
  allowed = true;
  await opened(here);
});

test('an event is one of those that its type names', () => {
  const names = (event: ServerEvent): string => {
    switch (event.event) {
      case 'item.created':
      case 'item.updated':
      case 'item.deleted':
        return event.item.title;
      case 'user.updated':
      case 'user.deleted':
        return event.user.email;
    }
  };
  expect(live.events.map(names)).toEqual([]);
});
