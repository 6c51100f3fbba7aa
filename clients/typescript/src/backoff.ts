/** The first pause, in milliseconds; each that follows is twice as long. */
const FIRST = 500;
/** The longest. */
const LONGEST = 30_000;

/** Tries again, at first soon and then less and less often, each time with some chance so that not all come at once. */
export class Backoff {
  readonly #work: () => void;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Does `work` each time. */
  constructor(work: () => void) {
    this.#work = work;
  }

  /** Tries again after the next pause. */
  schedule(): void {
    const pause = Math.min(LONGEST, FIRST * 2 ** this.#tries) * (0.5 + Math.random() / 2);
    this.#tries += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fire(), pause);
  }

  /** It worked: the next pause is a short one. */
  reset(): void {
    this.stop();
    this.#tries = 0;
  }

  /** Does not try again. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Does not wait any longer, if it waits. */
  hurry(): void {
    if (this.#timer !== undefined) this.#fire();
  }

  #fire(): void {
    this.stop();
    this.#work();
  }
}
