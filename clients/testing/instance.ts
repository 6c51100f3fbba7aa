import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Settings of the server, by the names of its environment variables. */
export type Settings = Readonly<Record<string, string>>;

/** The program under test: `PLINTH_BINARY`, or what `cargo build` has made. */
export const BINARY = path.resolve(
  process.env['PLINTH_BINARY'] || fileURLToPath(new URL('../../target/debug/plinth', import.meta.url)),
);

/** How long a server may take to be ready, and to stop, in milliseconds. */
const PATIENCE = 20_000;

/** A real server on a folder and a port of its own, which it keeps when it is stopped and started again. */
export class Instance {
  /** Where it is. */
  readonly url: string;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'plinth-'));
  readonly #port: number;
  readonly #settings: Settings;
  #process: ChildProcess | undefined;

  constructor(port: number, settings: Settings) {
    this.#port = port;
    this.#settings = settings;
    this.url = `http://127.0.0.1:${port}`;
    // Whatever ends this program, no server outlives it.
    process.once('exit', this.#destroy);
  }

  /** Starts one on an empty folder. `settings` go before those that all of its kind have. */
  static async start<Kind extends Instance>(
    this: new (
      port: number,
      settings: Settings,
    ) => Kind,
    settings: Settings = {},
  ): Promise<Kind> {
    const instance = new this(await freePort(), settings);
    try {
      await instance.start();
    } catch (error) {
      await instance.remove();
      throw error;
    }
    return instance;
  }

  /** What all of its kind are set to. */
  protected get defaults(): Settings {
    return {};
  }

  /** Starts it again where it was, and waits until it is ready. */
  async start(): Promise<void> {
    if (!existsSync(BINARY)) {
      throw new Error(`There is no server at ${BINARY}. Run \`cargo build\`, or set PLINTH_BINARY to one.`);
    }
    const log = openSync(this.#log, 'a');
    const child = spawn(BINARY, ['serve'], {
      cwd: this.#folder,
      // Nothing of the caller's own settings.
      env: {
        PATH: process.env['PATH'],
        HOME: this.#folder,
        ENVIRONMENT: 'development',
        HOST: '127.0.0.1',
        PORT: String(this.#port),
        BCRYPT_COST: '4',
        RATE_LIMIT_ENABLED: 'false',
        ...this.defaults,
        ...this.#settings,
      },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#process = child;
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    for (const end = Date.now() + PATIENCE; Date.now() < end; await pause(25)) {
      if (failure) throw failure;
      if (child.exitCode !== null || child.signalCode !== null) break;
      const ready = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      if (ready?.ok) return;
    }
    throw new Error(
      `The server does not get ready. Its log:\n${readFileSync(this.#log, 'utf8').slice(-4_000)}`,
    );
  }

  /** Stops it as an operator does, and waits until it has. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Ends it in the middle of whatever it does, as a crash would. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Ends it for good, and deletes what it has stored. */
  async remove(): Promise<void> {
    await this.kill();
    this.#destroy();
    process.removeListener('exit', this.#destroy);
  }

  get #log(): string {
    return path.join(this.#folder, 'server.log');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    await ended;
    clearTimeout(late);
  }

  readonly #destroy = (): void => {
    this.#process?.kill('SIGKILL');
    // The server may write for a moment still.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  };
}

declare global {
  /** How many ports were tried. Here, since Vitest loads this file more than once. */
  var portsTried: number | undefined;
}

/**
 * A port that nobody listens on, below those that connections take: it is to be free again after a restart. Processes
 * that start together begin their search far from each other.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const tried = globalThis.portsTried ?? 0;
    globalThis.portsTried = tried + 1;
    const port = 20_000 + (((process.pid % 100) * 100 + tried) % 10_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
