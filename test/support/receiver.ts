import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { readJson } from "../../scripts/lib/http.ts";

/** An alert as a webhook gets it. */
export interface ReceivedAlert {
  id: string;
  event: string;
  severity: string;
  at: string;
  chainId: number;
  subject: string;
  text: string;
  details: Record<string, string | number>;
}

/** A webhook that keeps what it took, and refuses when it is told to. */
export class Receiver {
  readonly secret: string;
  /** Alerts that were answered with 200. */
  readonly taken: ReceivedAlert[] = [];
  /** All that came, refused ones too. */
  readonly came: ReceivedAlert[] = [];
  /** Requests whose signature was wrong. */
  forged = 0;
  /** Requests that are still refused. */
  refusals = 0;
  readonly #server: Server;

  private constructor(secret: string) {
    this.secret = secret;
    this.#server = createServer((request, response) => {
      const headers = request.headers;
      void readJson(request, 100_000).then((value) => {
        const alert = value as ReceivedAlert;
        const [, time = "", signature = ""] =
          /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["usance-signature"])) ?? [];
        const text = `${time}.${JSON.stringify(alert)}`;
        const expected = createHmac("sha256", secret).update(text).digest("hex");
        if (signature !== expected || headers["usance-alert-id"] !== alert.id) this.forged += 1;
        this.came.push(alert);
        const refuses = this.refusals > 0;
        if (refuses) this.refusals -= 1;
        else this.taken.push(alert);
        response.writeHead(refuses ? 500 : 200, { connection: "close" }).end();
      });
    });
  }

  static async start(secret: string): Promise<Receiver> {
    const receiver = new Receiver(secret);
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits until an alert was taken that is as wanted. */
  async take(wanted: (alert: ReceivedAlert) => boolean): Promise<ReceivedAlert> {
    for (;;) {
      const found = this.taken.find(wanted);
      if (found !== undefined) return found;
      await sleep(10);
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
