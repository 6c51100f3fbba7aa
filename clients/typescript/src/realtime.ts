import { Backoff } from './backoff.js';
import {
  type Frame,
  type Message,
  type OtherEvent,
  type Refusal,
  readFrame,
  type ServerEvent,
} from './frames.js';
import type { Client } from './generated/client/index.js';
import { getMe } from './generated/sdk.gen.js';
import { onReturn, Pulse } from './pulse.js';
import type { AuthSession } from './session.js';
import { tell } from './tell.js';

/** The protocol that the server speaks; the token travels as a second one, since a browser can set no header here. */
const PROTOCOL = 'plinth.v1';

/** A resync comes to everybody at once: what is shown is read anew within so many milliseconds. */
const RESYNC_SPREAD = 2_000;

/** How long it may take to find out whether the session still lives, in milliseconds. */
const PROBE_TIMEOUT = 30_000;

/** A connection that has lasted so long, in milliseconds, was a good one: the next attempt after it comes soon. */
const LASTING = 5_000;

/** The close code for a session that has ended or a token that has expired. */
const UNAUTHORIZED = 4401;

/** The close code of a connection that the network has lost. */
const ABNORMAL = 1006;

/** Left without having been joined, to get an answer. */
const NO_CHANNEL = 'plinth.pulse';

/** How a connection is: trying, open, waiting to try again, or over for good. */
export type RealtimeStatus = 'connecting' | 'open' | 'waiting' | 'closed';

/** What is told of a connection. */
export interface RealtimeOptions {
  /** Something has changed that the user may see. */
  onEvent?: ((event: ServerEvent) => void) | undefined;
  /** The same of what this client knows nothing of: a resource of your own, or one of a later server. */
  onOtherEvent?: ((event: OtherEvent) => void) | undefined;
  /** Events may have been missed, or none was told yet: what is shown has to be read anew. */
  onResync?: (() => void) | undefined;
  /** Another client has sent this. */
  onMessage?: ((message: Message) => void) | undefined;
  /** The server has refused a frame that was sent here. */
  onRefusal?: ((refusal: Refusal) => void) | undefined;
  /** The connection has changed. */
  onStatus?: ((status: RealtimeStatus) => void) | undefined;
}

/** A connection that comes back when it is lost, and then tells what was missed. */
export interface Realtime {
  /** How it is. */
  readonly status: RealtimeStatus;
  /** Sends to a user (`to`), to a channel that was joined (`channel`), or to everybody. Whether it was sent: messages are
   * not kept while there is no connection. */
  send(frame: Frame): boolean;
  /** Joins a channel, now and after each reconnection. */
  join(channel: string): void;
  /** Leaves it. */
  leave(channel: string): void;
  /** Ends it for good. */
  close(): void;
}

/** Each platform has types of its own for its events, so they are compared both ways, as those of methods are. */
type Handler<Event> = { call(event: Event): void }['call'] | null;

/** What is used of a `WebSocket`: the platform's has it, and that of the package `ws`. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly OPEN: number;
  onopen: Handler<unknown>;
  onmessage: Handler<{ readonly data: unknown }>;
  onclose: Handler<{ readonly code: number }>;
  onerror: Handler<unknown>;
  send(data: string): void;
  close(): void;
}

interface Settings {
  readonly client: Client;
  readonly session: AuthSession;
  readonly url: string;
  /** Asked each time, and as they are: they may be those of an object that has a class. */
  readonly handlers: RealtimeOptions;
  readonly webSocket: new (url: string, protocols: Array<string>) => WebSocketLike;
}

/** Opens one. */
export function openRealtime(settings: Settings): Realtime {
  return new Connection(settings);
}

class Connection implements Realtime {
  readonly #settings: Settings;
  readonly #channels = new Set<string>();
  readonly #backoff: Backoff;
  readonly #ends: Array<() => void> = [];
  #status: RealtimeStatus = 'connecting';
  #socket: WebSocketLike | undefined;
  #pulse: Pulse | undefined;
  /** The highest number of an event that was told; undefined until there was a connection. */
  #seen: number | undefined;
  #loginId: string | undefined;
  #resync: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#loginId = settings.session.loginId;
    this.#backoff = new Backoff(() => void this.#open());
    this.#ends.push(settings.session.subscribe(() => this.#follow()));
    this.#ends.push(
      onReturn(() => {
        this.#backoff.hurry();
        this.#pulse?.check();
      }),
    );
    void this.#open();
  }

  get status(): RealtimeStatus {
    return this.#status;
  }

  send(frame: Frame): boolean {
    const socket = this.#socket;
    // One that is closing would take it, and drop it.
    if (!socket || this.#status !== 'open' || socket.readyState !== socket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  join(channel: string): void {
    this.#channels.add(channel);
    this.send({ join: channel });
  }

  leave(channel: string): void {
    this.#channels.delete(channel);
    this.send({ leave: channel });
  }

  close(): void {
    if (this.#status === 'closed') return;
    for (const end of this.#ends) end();
    this.#backoff.stop();
    clearTimeout(this.#resync);
    this.#abandon();
    this.#change('closed');
  }

  async #open(): Promise<void> {
    const { session, url, webSocket } = this.#settings;
    const id = this.#loginId;
    this.#change('connecting');
    try {
      const token = await session.accessToken();
      if (this.#status === 'closed' || id !== this.#loginId || this.#socket) return;
      if (!token) return this.close();
      // Everything since 0, or a resync: nothing is missed in silence.
      const address = this.#seen === undefined ? url : `${url}?since=${this.#seen}`;
      this.#attach(new webSocket(address, [PROTOCOL, `bearer.${token}`]), token);
    } catch {
      // The server is not there, or will not be asked so often; or the page may not connect to it.
      if (id === this.#loginId) this.#later();
    }
  }

  #attach(socket: WebSocketLike, token: string): void {
    let openedAt: number | undefined;
    const pulse = new Pulse(
      () => this.send({ leave: NO_CHANNEL }),
      () => {
        this.#abandon();
        void this.#lost(ABNORMAL, openedAt, token);
      },
    );
    this.#socket = socket;
    this.#pulse = pulse;
    pulse.begin();
    socket.onopen = () => {
      openedAt = Date.now();
      pulse.heard();
      this.#opened();
    };
    socket.onmessage = ({ data }) => {
      pulse.heard();
      this.#receive(data);
    };
    socket.onclose = ({ code }) => {
      pulse.stop();
      if (socket === this.#socket) void this.#lost(code, openedAt, token);
    };
    // `close` follows. Where errors have to be listened to, as with the package `ws`, this keeps the program going.
    socket.onerror = () => {};
  }

  #opened(): void {
    this.#change('open');
    // Whoever was told may have closed it.
    if (this.#status !== 'open') return;
    for (const channel of this.#channels) this.send({ join: channel });
    // What is shown was read before changes were told.
    if (this.#seen === undefined) tell(() => this.#settings.handlers.onResync?.());
    this.#seen ??= 0;
  }

  #receive(data: unknown): void {
    const { handlers } = this.#settings;
    const frame = readFrame(data);
    switch (frame?.kind) {
      case 'resync':
        this.#seen = Math.max(this.#seen ?? 0, frame.seq);
        clearTimeout(this.#resync);
        this.#resync = setTimeout(() => tell(() => handlers.onResync?.()), Math.random() * RESYNC_SPREAD);
        break;
      case 'event':
        this.#seen = frame.event.seq;
        tell(() => handlers.onEvent?.(frame.event));
        break;
      case 'other':
        this.#seen = frame.event.seq;
        tell(() => handlers.onOtherEvent?.(frame.event));
        break;
      case 'message':
        tell(() => handlers.onMessage?.(frame.message));
        break;
      case 'refusal':
        tell(() => handlers.onRefusal?.(frame.refusal));
        break;
    }
  }

  async #lost(code: number, openedAt: number | undefined, token: string): Promise<void> {
    this.#socket = undefined;
    if (openedAt !== undefined && Date.now() - openedAt >= LASTING) this.#backoff.reset();
    const id = this.#loginId;
    this.#change('waiting');
    try {
      // A browser does not tell why a handshake was refused. An ordinary request finds out whether the session still
      // lives, and renews the token if need be.
      if (code === UNAUTHORIZED) await this.#settings.session.renew(token);
      else if (openedAt === undefined) {
        await getMe({ client: this.#settings.client, signal: AbortSignal.timeout(PROBE_TIMEOUT) });
      }
    } catch {
      // Not now.
    }
    if (id === this.#loginId) this.#later();
  }

  #later(): void {
    if (this.#status === 'closed') return;
    if (!this.#settings.session.signedIn) {
      this.close();
      return;
    }
    // In this order, as whoever is told may close it.
    this.#backoff.schedule();
    this.#change('waiting');
  }

  /** Another login: nothing of what was seen before is its own. */
  #follow(): void {
    // By a listener that was told before this one.
    if (this.#status === 'closed') return;
    const { session } = this.#settings;
    if (!session.signedIn) {
      this.close();
      return;
    }
    this.#loginId = session.loginId;
    this.#seen = undefined;
    this.#abandon();
    this.#backoff.reset();
    void this.#open();
  }

  #abandon(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#pulse?.stop();
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #change(status: RealtimeStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    tell(() => this.#settings.handlers.onStatus?.(status));
  }
}
