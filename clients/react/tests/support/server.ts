import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { APP, BINARY } from './needed';

/** Settings of a server: variables of its environment. */
export type Settings = Readonly<Record<string, string>>;

/** The administrator that every server begins with. */
export const ROOT = { email: 'root@example.com', password: 'correct horse battery 1' } as const;

/** How long a server may take to start, in milliseconds. */
const PATIENCE = 20_000;

/** A message that the server would have sent. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** The real server on a folder and a port of its own, with the built app. */
export class Server {
  /** Where it is: app and API are one origin. */
  readonly origin: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #settings: Settings;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, settings: Settings) {
    this.#folder = folder;
    this.#port = port;
    this.#settings = settings;
    this.origin = `http://127.0.0.1:${port}`;
  }

  /** Starts one on an empty folder. `settings` go before those that tests are run with. */
  static async start(settings: Settings = {}): Promise<Server> {
    const folder = await mkdtemp(path.join(tmpdir(), 'plinth-app-'));
    const server = new Server(folder, await freePort(), settings);
    try {
      await server.start();
    } catch (error) {
      await server.dispose();
      throw error;
    }
    return server;
  }

  /** Starts it again on the same folder and port, and waits until it answers. */
  async start(): Promise<void> {
    const home = path.join(this.#folder, 'home');
    mkdirSync(home, { recursive: true });
    const log = openSync(this.#log, 'a');
    const started = spawn(BINARY, ['serve'], {
      cwd: home,
      stdio: ['ignore', log, log],
      // Nothing of the caller's own settings.
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        ENVIRONMENT: 'development',
        HOST: '127.0.0.1',
        PORT: String(this.#port),
        STATIC_DIR: APP,
        APP_ORIGIN: this.origin,
        BCRYPT_COST: '4',
        FIRST_SUPERUSER: ROOT.email,
        FIRST_SUPERUSER_PASSWORD: ROOT.password,
        RATE_LIMIT_ENABLED: 'false',
        ...this.#settings,
      },
    });
    closeSync(log);
    this.#process = started;
    const deadline = Date.now() + PATIENCE;
    while (!(await this.#isReady())) {
      if (started.exitCode !== null || Date.now() > deadline) {
        throw new Error(`the server does not get ready; its log:\n${await readFile(this.#log, 'utf8')}`);
      }
      await pause(20);
    }
  }

  /** Lets it shut down in order. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Ends it in the middle of whatever it does, as a crash would. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Ends it for good, and throws away what it has stored. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** What the server would have sent, the newest first. */
  async mail(): Promise<ReadonlyArray<Mail>> {
    const response = await fetch(`${this.origin}/dev/mail`, { headers: { Accept: 'application/json' } });
    if (!response.ok) throw new Error(`/dev/mail answers ${response.status}`);
    // The shape is the server's own; what is not there shows in the test that looks for it.
    return (await response.json()) as ReadonlyArray<Mail>;
  }

  get #log(): string {
    return path.join(this.#folder, 'log');
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.origin}/health/ready`)).ok;
    } catch {
      return false;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  }
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const closed = once(probe, 'close');
  probe.close();
  await closed;
  if (address === null || typeof address === 'string') throw new Error('a TCP socket has an address');
  return address.port;
}
