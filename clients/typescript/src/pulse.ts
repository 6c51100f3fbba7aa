/** How long a connection may be silent before it is asked whether it still lives, in milliseconds. */
const QUIET = 45_000;

/** How long it may take until a connection is open, in milliseconds. */
const HANDSHAKE = 30_000;

/** How long the answer may take, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Finds out that a connection is dead. One that a sleeping machine or a router has lost stays open for ever as far as a
 * page can tell, which sees none of the pings of the WebSocket protocol (RFC 6455 §5.5.2): so it asks, and waits.
 */
export class Pulse {
  readonly #ask: () => void;
  readonly #dead: () => void;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  /** `ask` sends what is answered; `dead` is called if nothing has come for all that. */
  constructor(ask: () => void, dead: () => void) {
    this.#ask = ask;
    this.#dead = dead;
  }

  /** The connection is being made. */
  begin(): void {
    this.#await(HANDSHAKE);
  }

  /** The connection is open, or something has arrived. */
  heard(): void {
    this.stop();
    this.#quiet = setTimeout(() => this.check(), QUIET);
  }

  /** Asks now, unless an answer is waited for, or there is no connection. */
  check(): void {
    if (this.#quiet === undefined) return;
    this.#await(PATIENCE);
    this.#ask();
  }

  /** There is no connection any more. */
  stop(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#waiting);
    this.#quiet = undefined;
    this.#waiting = undefined;
  }

  #await(patience: number): void {
    this.stop();
    this.#waiting = setTimeout(() => {
      this.stop();
      this.#dead();
    }, patience);
  }
}

/** Calls `listener` when the network is there again, and when the page is looked at again. Returns what ends that. */
export function onReturn(listener: () => void): () => void {
  // Elsewhere there is none of them, or one that tells nothing.
  const { window, document } = globalThis;
  const looked = () => {
    if (document.visibilityState === 'visible') listener();
  };
  window?.addEventListener?.('online', listener);
  document?.addEventListener?.('visibilitychange', looked);
  return () => {
    window?.removeEventListener?.('online', listener);
    document?.removeEventListener?.('visibilitychange', looked);
  };
}
