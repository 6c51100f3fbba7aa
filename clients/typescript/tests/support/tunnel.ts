import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can get lost without a word, as with a machine that sleeps or a router that forgets. */
export class Tunnel {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #deaf = false;

  private constructor(target: URL) {
    this.#server = createServer((here) => {
      if (this.#deaf) {
        this.#sockets.add(here.pause());
        return;
      }
      const there = connect(Number(target.port), target.hostname);
      for (const socket of [here, there]) {
        this.#sockets.add(socket);
        // What ends one of them ends the other.
        socket.on('error', () => {});
        socket.once('close', () => this.#sockets.delete(socket));
      }
      here.pipe(there);
      there.pipe(here);
    });
  }

  /** Opens one to the server at this address. */
  static async to(target: string): Promise<Tunnel> {
    const tunnel = new Tunnel(new URL(target));
    await new Promise<void>((resolve) => tunnel.#server.listen(0, '127.0.0.1', resolve));
    return tunnel;
  }

  get url(): string {
    // Not a path of a socket, and listening.
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** From now on nothing comes through what is connected, in neither direction, nor, if it is `deaf`, through what connects
   * later. */
  lose(deaf: boolean): void {
    this.#deaf = deaf;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** Ends it. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
