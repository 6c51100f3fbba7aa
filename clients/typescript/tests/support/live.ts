import { onTestFinished } from 'vitest';
import type {
  Message,
  OtherEvent,
  Plinth,
  Realtime,
  RealtimeOptions,
  RealtimeStatus,
  Refusal,
  ServerEvent,
} from '../../src/index.js';

/** A connection, and what it has told. */
export interface Live {
  readonly connection: Realtime;
  readonly statuses: Array<RealtimeStatus>;
  readonly events: Array<ServerEvent>;
  readonly others: Array<OtherEvent>;
  readonly messages: Array<Message>;
  readonly refusals: Array<Refusal>;
  /** How often everything was to be read anew. */
  readonly resyncs: { count: number };
}

/** Opens one, which is closed when the test ends. */
export function listen(plinth: Plinth, { onStatus }: Pick<RealtimeOptions, 'onStatus'> = {}): Live {
  const told: Omit<Live, 'connection'> = {
    statuses: [],
    events: [],
    others: [],
    messages: [],
    refusals: [],
    resyncs: { count: 0 },
  };
  const connection = plinth.realtime({
    onStatus: (status) => {
      told.statuses.push(status);
      onStatus?.(status);
    },
    onEvent: (event) => told.events.push(event),
    onOtherEvent: (event) => told.others.push(event),
    onMessage: (message) => told.messages.push(message),
    onRefusal: (refusal) => told.refusals.push(refusal),
    onResync: () => {
      told.resyncs.count += 1;
    },
  });
  onTestFinished(() => connection.close());
  return { connection, ...told };
}

/** What an event is about, such as `item.created Lamp`. */
export function told(event: ServerEvent): string {
  return `${event.event} ${'item' in event ? event.item.title : event.user.email}`;
}

/** Sockets of the platform, of which a test sees all that were opened. */
export function recordedSockets() {
  const sockets: Array<WebSocket> = [];
  class Recorded extends WebSocket {
    constructor(url: string, protocols: Array<string>) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  return { sockets, webSocket: Recorded };
}
