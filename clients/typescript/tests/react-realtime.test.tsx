import { flushSync } from 'react-dom';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Message, memoryTokens } from '../src/index.js';
import { pause, render, settled } from './support/app.js';
import { type Connected, connect } from './support/client.js';
import { listen, recordedSockets } from './support/live.js';
import { Live, live, opened } from './support/live-app.js';
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
    expect(live()?.status).toBe('open');
    expect(sockets).toHaveLength(1);
  });

  test('is one in strict mode', async () => {
    const app = render(ada, <Live channels={['kitchen']} />, { strict: true });
    await opened();
    await settled(app);
    expect(sockets).toHaveLength(1);
  });

  test('outlasts the component, for another one or the same to come back to', async () => {
    const heard: Array<string> = [];
    const app = render(ada, <Live />);
    await opened();
    app.show(null);
    await pause(1_200);
    app.show(<Live onResync={() => heard.push('resync')} onStatus={(status) => heard.push(status)} />);
    await settled(app);
    expect(live()?.status).toBe('open');
    expect(sockets.map(({ readyState }) => readyState)).toEqual([WebSocket.OPEN]);
    expect(heard).toEqual([]);
  });

  test('is closed when nothing has come back to it, and opened for the next', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const app = render(ada, <Live />);
    await opened();
    app.show(null);
    await settled(app);
    vi.advanceTimersByTime(30_000);
    await expect.poll(() => sockets[0]?.readyState).toBe(WebSocket.CLOSED);
    app.show(<Live />);
    await expect.poll(() => sockets[1]?.readyState).toBe(WebSocket.OPEN);
    await opened();
  });

  test('does not outlast the provider', async () => {
    const app = render(ada, <Live />);
    await opened();
    app.remove();
    await expect.poll(() => sockets.map(({ readyState }) => readyState)).toEqual([WebSocket.CLOSED]);
  });

  test('is there while somebody is signed in', async () => {
    const app = render(ada, <Live />);
    await opened();
    await app.auth().logout();
    await expect.poll(() => live()?.status).toBe('closed');
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
    expect(live()?.send({ to: 'nobody' })).toBe(true);
    expect(live()?.send({ to: person.id, text: 'hello' })).toBe(true);
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

test('a component that another one takes off the page is not told any more', async () => {
  const heard: Array<string> = [];
  const app = render(
    ada,
    <>
      <Live key="first" onEvent={() => flushSync(() => app.show(null))} />
      <Live key="second" onEvent={({ event }) => heard.push(event)} />
    </>,
  );
  await opened();
  await elsewhere.call('POST', '/api/items', { title: 'Lamp' });
  await expect.poll(() => app.queries.isFetching()).toBe(0);
  await settled(app);
  expect(heard).toEqual([]);
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
