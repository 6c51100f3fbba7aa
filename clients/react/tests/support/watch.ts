import type { BrowserContext, ConsoleMessage, Request } from '@playwright/test';

/** What Chromium says when there is nobody to talk to. */
const OUTAGE =
  /net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED|ABORTED)|INTERNET_DISCONNECTED|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED|INCOMPLETE_CHUNKED_ENCODING)|WebSocket connection to .* failed/;

/** What a request fails with when the page does not want the answer any more. */
const NOT_WANTED = 'net::ERR_ABORTED';

/**
 * Looks over the shoulder of every page: an error in the console, one that nobody catches, a breach of the content security
 * policy, or a request to another origin is a fault, unless the test has said that it comes.
 */
export class Watch {
  readonly #faults: Array<string> = [];
  /** Statuses that the test expects, and whether they came. */
  readonly #expected = new Map<number, boolean>();
  #outage = false;

  /** Watches every page of a context that should ask that origin alone. */
  async follow(context: BrowserContext, origin: string): Promise<void> {
    context.on('console', (message) => this.#heard(message));
    context.on('weberror', (error) => this.#faults.push(`uncaught: ${error.error().message}`));
    context.on('request', (request) => this.#asked(request.url(), origin));
    context.on('requestfailed', (request) => this.#failed(request));
    context.on('page', (page) => {
      page.on('websocket', (socket) => this.#asked(socket.url().replace(/^ws/, 'http'), origin));
    });
    // What is blocked is told to the page alone.
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
  }

  /** The test makes the server answer with these statuses, each at least once. */
  expectStatus(...statuses: ReadonlyArray<number>): void {
    for (const status of statuses) this.#expected.set(status, this.#expected.get(status) ?? false);
  }

  /** With some luck the server answers with these. */
  allowStatus(...statuses: ReadonlyArray<number>): void {
    for (const status of statuses) this.#expected.set(status, true);
  }

  /** The test takes the server away. */
  expectOutage(): void {
    this.#outage = true;
  }

  /** All that was wrong. */
  faults(): ReadonlyArray<string> {
    const missing = [...this.#expected].filter(([, came]) => !came);
    return [...this.#faults, ...missing.map(([status]) => `no answer had the status ${status}`)];
  }

  #heard(message: ConsoleMessage): void {
    if (message.type() !== 'error') return;
    const text = message.text();
    const status = Number(/the server responded with a status of (\d{3})/.exec(text)?.[1]);
    if (this.#expected.has(status)) this.#expected.set(status, true);
    else if (!this.#outage || !OUTAGE.test(text)) {
      this.#faults.push(`console: ${text} (${message.location().url})`);
    }
  }

  #asked(url: string, origin: string): void {
    const { protocol, origin: other } = new URL(url);
    if (!['data:', 'blob:'].includes(protocol) && other !== origin) {
      this.#faults.push(`a request went elsewhere: ${url}`);
    }
  }

  #failed(request: Request): void {
    const reason = request.failure()?.errorText ?? '';
    if (reason === NOT_WANTED || (this.#outage && OUTAGE.test(reason))) return;
    this.#faults.push(`a request failed: ${request.method()} ${request.url()} ${reason}`);
  }
}
