import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserCommand } from 'vitest/node';
import { SECRET_KEY } from './constants.js';
import { Instance, type Settings } from './instance.js';
import { Tunnel } from './tunnel.js';

/** What a test in the browser has done outside of it. */
export interface Commands {
  /** Starts a server for the test alone. */
  startServer(settings: Settings): Promise<string>;
  /** Stops it; what it has stored stays. */
  stopServer(url: string): Promise<void>;
  /** Starts it again where it was. */
  restartServer(url: string): Promise<void>;
  /** Stops it for good. */
  removeServer(url: string): Promise<void>;
  /** Answers every request as a proxy does that finds no server behind it. Returns where. */
  startProxy(): Promise<string>;
  /** Stops that. */
  stopProxy(url: string): Promise<void>;
  /** Opens another way to a server, which can be lost. Returns where it begins. */
  openTunnel(url: string): Promise<string>;
  /** Nothing comes any more through the connections that were made this way; new ones can be, unless it is `deaf`. */
  loseTunnel(url: string, deaf?: boolean): Promise<void>;
  /** Closes it. */
  closeTunnel(url: string): Promise<void>;
  /** The same access token, signed as the server does, that expires in so many seconds. */
  shortenToken(token: string, seconds: number): Promise<string>;
}

declare module 'vitest/internal/browser' {
  interface BrowserCommands extends Commands {}
}

type InNode<Command> = Command extends (...args: infer Args) => infer Result
  ? (...args: [...context: Parameters<BrowserCommand<[]>>, ...args: Args]) => Result
  : never;

const instances = new Map<string, Instance>();
const tunnels = new Map<string, Tunnel>();
const proxies = new Map<string, ReturnType<typeof createServer>>();

/** These, as they run in Node.js. */
export function commands(pageOrigin: string): { [Name in keyof Commands]: InNode<Commands[Name]> } {
  return {
    startServer: async (_, settings) => {
      const instance = await Instance.start({ BACKEND_CORS_ORIGINS: pageOrigin, ...settings });
      instances.set(instance.url, instance);
      return instance.url;
    },
    stopServer: (_, url) => known(url).stop(),
    restartServer: (_, url) => known(url).start(),
    removeServer: async (_, url) => {
      await known(url).remove();
      instances.delete(url);
    },
    startProxy: () =>
      new Promise((resolve) => {
        const proxy = createServer((_request, response) => {
          response.writeHead(502, { 'content-type': 'text/html', 'access-control-allow-origin': '*' });
          response.end('<h1>Bad Gateway</h1>');
        });
        proxy.listen(0, '127.0.0.1', () => {
          // Not a path of a socket, and listening.
          const { port } = proxy.address() as AddressInfo;
          const url = `http://127.0.0.1:${port}`;
          proxies.set(url, proxy);
          resolve(url);
        });
      }),
    stopProxy: async (_, url) => {
      proxies.get(url)?.close();
      proxies.delete(url);
    },
    openTunnel: async (_, target) => {
      const tunnel = await Tunnel.to(target);
      const { url } = tunnel;
      tunnels.set(url, tunnel);
      return url;
    },
    loseTunnel: async (_, url, deaf = false) => tunnels.get(url)?.lose(deaf),
    closeTunnel: async (_, url) => {
      tunnels.get(url)?.close();
      tunnels.delete(url);
    },
    shortenToken: async (_, token, seconds) => shortened(token, seconds),
  };
}

function known(url: string): Instance {
  const instance = instances.get(url);
  if (!instance) throw new Error(`No test has started a server at ${url}`);
  return instance;
}

/** Signed with the key that the server derives from its secret: HKDF-Expand (RFC 5869 §2.3) of one block. */
function shortened(token: string, seconds: number): string {
  const [head, claims] = token.split('.');
  if (!head || !claims) throw new Error('not a JWT');
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), exp };
  const signed = `${head}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}`;
  const key = createHmac('sha256', SECRET_KEY).update('plinth access token HS256\x01').digest();
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}
