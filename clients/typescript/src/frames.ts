import type { Item, User } from './generated/types.gen.js';

/** Something has changed that the user may see. `seq` grows from event to event, with gaps. */
export type ServerEvent =
  | {
      readonly event: 'item.created' | 'item.updated' | 'item.deleted';
      readonly item: Item;
      readonly seq: number;
    }
  | { readonly event: 'user.updated' | 'user.deleted'; readonly user: User; readonly seq: number };

/** An event that is none of these: its resource is one of your own, or of a later server. */
export interface OtherEvent {
  /** Its name, such as `project.created`. */
  readonly event: string;
  readonly seq: number;
  /** What the server tells with it, such as `project`. */
  readonly [key: string]: unknown;
}

/** The events of this version. */
const EVENTS: ReadonlySet<unknown> = new Set<ServerEvent['event']>([
  'item.created',
  'item.updated',
  'item.deleted',
  'user.updated',
  'user.deleted',
]);

/** What another client has sent; `from` is the id of its user, and set by the server. */
export interface Message {
  readonly from: string;
  readonly [key: string]: unknown;
}

/** What can be sent: at most 64 KiB of JSON. `event`, `seq` and `error` are the server's own. */
export interface Frame {
  /** The id of the user who gets it. */
  readonly to?: string | undefined;
  /** The channel whose members get it. */
  readonly channel?: string | undefined;
  readonly event?: never;
  readonly seq?: never;
  readonly error?: never;
  readonly [key: string]: unknown;
}

/** Why the server has refused a frame. */
export interface Refusal {
  readonly code: string;
  readonly detail: string;
}

/** What has arrived. */
export type Received =
  | { readonly kind: 'event'; readonly event: ServerEvent }
  | { readonly kind: 'other'; readonly event: OtherEvent }
  | { readonly kind: 'resync'; readonly seq: number }
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'refusal'; readonly refusal: Refusal };

/** Reads a frame of the server. What is none that this version knows is undefined. */
export function readFrame(data: unknown): Received | undefined {
  const frame = parse(data);
  if (!frame) return undefined;
  const { event, seq } = frame;
  // Neither is ever a message's own.
  if (typeof event === 'string' && typeof seq === 'number') {
    if (event === 'resync') return { kind: 'resync', seq };
    // The server's documents hold their shapes.
    if (EVENTS.has(event)) return { kind: 'event', event: frame as unknown as ServerEvent };
    return { kind: 'other', event: { ...frame, event, seq } };
  }
  if (isRefusal(frame['error'])) return { kind: 'refusal', refusal: frame['error'] };
  if (typeof frame['from'] === 'string')
    return { kind: 'message', message: { ...frame, from: frame['from'] } };
  return undefined;
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}

function parse(data: unknown): Record<string, unknown> | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(data);
    // An object that is no array has keys of text.
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
