import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { commands } from 'vitest/browser';
import { createItem, memoryTokens } from '../src/index.js';
import { type Connected, connect, expirable } from './support/client.js';
import { type Live, listen, recordedSockets, told } from './support/live.js';
import { newPerson, outsider, type Person } from './support/people.js';
import { ownServer } from './support/servers.js';

let base: string;
let person: Person;
let ada: Connected;
let sockets: ReturnType<typeof recordedSockets>['sockets'];

beforeEach(async () => {
  base = await ownServer();
  person = await newPerson(base);
  const recorded = recordedSockets();
  sockets = recorded.sockets;
  ada = connect(base, { tokens: memoryTokens(), webSocket: recorded.webSocket });
  await ada.session.signIn(person);
});

async function opened({ connection }: Live, times: number): Promise<void> {
  await expect.poll(() => sockets.length).toBeGreaterThanOrEqual(times);
  await expect.poll(() => connection.status).toBe('open');
}

describe('a connection that is lost', () => {
  test('comes back and tells what happened in between, nothing twice', async () => {
    const live = listen(ada);
    await opened(live, 1);
    await createItem({ client: ada.client, body: { title: 'before' } });
    await expect.poll(() => live.events.map(told)).toEqual(['item.created before']);
    sockets[0]?.close();
    await createItem({ client: ada.client, body: { title: 'meanwhile' } });
    await opened(live, 2);
    await createItem({ client: ada.client, body: { title: 'after' } });
    await expect
      .poll(() => live.events.map(told))
      .toEqual(['item.created before', 'item.created meanwhile', 'item.created after']);
    expect(live.statuses).toEqual(['open', 'waiting', 'connecting', 'open']);
    expect(live.resyncs.count).toBe(1);
    expect(sockets[1]?.url).toMatch(/\?since=\d+$/);
  });

  test('tells what happened in between even if nothing had happened before', async () => {
    const live = listen(ada);
    await opened(live, 1);
    sockets[0]?.close();
    await createItem({ client: ada.client, body: { title: 'meanwhile' } });
    await opened(live, 2);
    await expect.poll(() => live.events.length + (live.resyncs.count - 1)).toBeGreaterThan(0);
  });

  test('is a member of its channels again, but not of those that it has left', async () => {
    const live = listen(ada);
    live.connection.join('kitchen');
    live.connection.join('cellar');
    await opened(live, 1);
    live.connection.leave('cellar');
    sockets[0]?.close();
    await opened(live, 2);
    live.connection.join('attic');
    for (const channel of ['kitchen', 'cellar', 'attic']) live.connection.send({ channel, text: 'here' });
    await expect.poll(() => live.messages.map(({ channel }) => channel)).toEqual(['kitchen', 'attic']);
    expect(live.refusals.map(({ code }) => code)).toEqual(['not_a_member']);
  });
});

describe('a server that restarts', () => {
  test('is found again, and what happened in between is told', async () => {
    const live = listen(ada);
    live.connection.join('kitchen');
    await opened(live, 1);
    await createItem({ client: ada.client, body: { title: 'before' } });
    await expect.poll(() => live.events.length).toBe(1);

    await commands.stopServer(base);
    await expect.poll(() => live.statuses).toContain('waiting');
    expect(live.connection.status).not.toBe('open');
    expect(ada.session.signedIn).toBe(true);
    await commands.restartServer(base);
    const { id } = await (await outsider(base, person)).call('POST', '/api/items', { title: 'meanwhile' });

    await expect.poll(() => live.connection.status).toBe('open');
    const known = () => live.events.some((event) => 'item' in event && event.item.id === id);
    await expect.poll(() => known() || live.resyncs.count > 1).toBe(true);
    live.connection.send({ channel: 'kitchen', text: 'here' });
    await expect.poll(() => live.messages.length).toBe(1);
    expect(live.refusals).toEqual([]);
    await createItem({ client: ada.client, body: { title: 'after' } });
    await expect.poll(() => live.events.map(told)).toContain('item.created after');
  });

  test('is waited for by who comes while it is down', async () => {
    await commands.stopServer(base);
    const live = listen(ada);
    await expect.poll(() => live.connection.status).toBe('waiting');
    await commands.restartServer(base);
    await expect.poll(() => live.connection.status).toBe('open');
    expect(live.resyncs.count).toBe(1);
  });

  test('is waited for by who would have to refresh first', async () => {
    const tokens = expirable(memoryTokens());
    const eve = connect(base, { tokens });
    await eve.session.signIn(person);
    tokens.expire();
    await commands.stopServer(base);
    const live = listen(eve);
    await expect.poll(() => live.connection.status).toBe('waiting');
    await commands.restartServer(base);
    await expect.poll(() => live.connection.status).toBe('open');
    expect(eve.session.signedIn).toBe(true);
  });

  test('is tried at once when the network is back', async () => {
    await commands.stopServer(base);
    const live = listen(ada);
    // The pauses have grown by then: this one is a second at least.
    await expect.poll(() => live.statuses.filter((status) => status === 'waiting').length).toBe(3);
    // Again where a pause has just ended by itself, and so has the attempt after it.
    await expect
      .poll(() => {
        if (live.connection.status !== 'waiting') return 'no pause';
        window.dispatchEvent(new Event('online'));
        return live.connection.status;
      })
      .toBe('connecting');
  });

  test('that has forgotten the session in the meantime closes the connection', async () => {
    const live = listen(ada);
    await opened(live, 1);
    sockets[0]?.close();
    await (await outsider(base, person)).call('DELETE', '/api/auth/sessions');
    await expect.poll(() => live.connection.status).toBe('closed');
    expect(ada.session.signedIn).toBe(false);
  });
});

describe('a connection that is silent', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
  });

  test('is asked for a sign of life, of which nobody is told', async () => {
    const live = listen(ada);
    await opened(live, 1);
    const arrived: Array<string> = [];
    sockets[0]?.addEventListener('message', ({ data }) => arrived.push(data));
    for (const times of [1, 2]) {
      vi.advanceTimersByTime(44_000);
      expect(arrived).toHaveLength(times - 1);
      vi.advanceTimersByTime(1_000);
      await expect.poll(() => arrived.length).toBe(times);
    }
    expect(arrived.map((frame) => Object.keys(JSON.parse(frame)))).toEqual([['left'], ['left']]);
    expect([live.messages, live.refusals, live.events]).toEqual([[], [], []]);
    expect(live.statuses).toEqual(['open']);
    live.connection.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is given up if it does not get open', async () => {
    const way = await commands.openTunnel(base);
    onTestFinished(() => commands.closeTunnel(way));
    const recorded = recordedSockets();
    const eve = connect(way, { tokens: memoryTokens(), webSocket: recorded.webSocket });
    await eve.session.signIn(person);
    await commands.loseTunnel(way, true);
    const live = listen(eve);
    await expect.poll(() => recorded.sockets.length).toBe(1);
    vi.advanceTimersByTime(29_900);
    expect(live.connection.status).toBe('connecting');
    vi.advanceTimersByTime(100);
    expect(live.statuses).toEqual(['waiting']);
  });

  test.each([
    { when: 'after a while', happens: () => vi.advanceTimersByTime(45_000) },
    { when: 'when the network is back', happens: () => window.dispatchEvent(new Event('online')) },
    {
      when: 'when the page is looked at',
      happens: () => document.dispatchEvent(new Event('visibilitychange')),
    },
  ])('is opened anew if it is dead, $when', async ({ happens }) => {
    const way = await commands.openTunnel(base);
    onTestFinished(() => commands.closeTunnel(way));
    const recorded = recordedSockets();
    const eve = connect(way, { tokens: memoryTokens(), webSocket: recorded.webSocket });
    await eve.session.signIn(person);
    const live = listen(eve);
    await expect.poll(() => live.connection.status).toBe('open');
    await createItem({ client: ada.client, body: { title: 'before' } });
    await expect.poll(() => live.events.map(told)).toEqual(['item.created before']);

    await commands.loseTunnel(way);
    await createItem({ client: ada.client, body: { title: 'meanwhile' } });
    happens();
    vi.advanceTimersByTime(9_900);
    expect(live.statuses).toEqual(['open']);
    vi.advanceTimersByTime(100);
    expect(live.statuses).toEqual(['open', 'waiting']);
    vi.advanceTimersByTime(1_000);
    await expect.poll(() => live.events.map(told)).toEqual(['item.created before', 'item.created meanwhile']);
    expect(live.statuses).toEqual(['open', 'waiting', 'connecting', 'open']);
    expect(recorded.sockets).toHaveLength(2);
  });
});
