import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ADMIN, SECRET_KEY } from './constants.js';

/** Settings of the server, by the names of its environment variables. */
export type Settings = Readonly<Record<string, string>>;

/** How long a server may take to be ready, and to stop, in milliseconds. */
const PATIENCE = 20_000;

/** The program under test. */
function binary(): string {
  const built = fileURLToPath(new URL('../../../../target/debug/plinth', import.meta.url));
  const path = resolve(process.env['PLINTH_BINARY'] ?? built);
  if (existsSync(path)) return path;
  throw new Error(
    `There is no server to test against at ${path}. Run \`cargo build\`, or set PLINTH_BINARY to one.`,
  );
}

/** A server on a folder and a port of its own, which it keeps when it is stopped and started again. */
export class Instance {
  readonly #folder = mkdtempSync(join(tmpdir(), 'plinth-client-'));
  readonly #port: number;
  readonly #settings: Settings;
  #process: ChildProcess | undefined;

  private constructor(port: number, settings: Settings) {
    this.#port = port;
    this.#settings = settings;
    // Whatever ends this program, no server outlives it.
    process.once('exit', this.#destroy);
  }

  /** Starts one with these settings, besides those that all have. */
  static async start(settings: Settings = {}): Promise<Instance> {
    const instance = new Instance(await freePort(), settings);
    await instance.start();
    return instance;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it again where it was. Ends when it is ready. */
  async start(): Promise<void> {
    const log = openSync(this.#log, 'a');
    const child = spawn(binary(), ['serve'], {
      cwd: this.#folder,
      // Nothing of the caller's own settings.
      env: {
        PATH: process.env['PATH'],
        HOME: this.#folder,
        ENVIRONMENT: 'development',
        HOST: '127.0.0.1',
        PORT: String(this.#port),
        BCRYPT_COST: '4',
        FIRST_SUPERUSER: ADMIN.email,
        FIRST_SUPERUSER_PASSWORD: ADMIN.password,
        RATE_LIMIT_ENABLED: 'false',
        ACCESS_TOKEN_EXPIRE_MINUTES: '1',
        SECRET_KEY,
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
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    await ended;
    clearTimeout(late);
  }

  /** Stops it for good, and deletes what it has stored. */
  async remove(): Promise<void> {
    await this.stop();
    this.#destroy();
    process.removeListener('exit', this.#destroy);
  }

  get #log(): string {
    return join(this.#folder, 'server.log');
  }

  readonly #destroy = (): void => {
    this.#process?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };
}

/** A port that nobody listens on, below those that connections take: it is to be free again after a restart. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
