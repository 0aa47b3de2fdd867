import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A way to a node that a test can shut: the node itself goes on. */
export class Doorway {
  readonly #server: Server;

  private constructor(rpc: string) {
    this.#server = createServer((request, response) => {
      void text(request)
        .then((body) => fetch(rpc, { method: "POST", body, headers: { "content-type": "application/json" } }))
        .then(async (answer) => response.writeHead(answer.status).end(await answer.text()))
        .catch(() => response.destroy());
    });
  }

  static async open(rpc: string): Promise<Doorway> {
    const doorway = new Doorway(rpc);
    doorway.#server.listen(0, "127.0.0.1");
    await once(doorway.#server, "listening");
    return doorway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Shuts it: nobody is answered any more. */
  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
