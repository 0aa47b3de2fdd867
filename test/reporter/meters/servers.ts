import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { UsageRow } from "../../../scripts/calculator/statement.ts";
import { at, DAY, memoryLog } from "../log/entries.ts";
import type { MeterContext } from "../../../scripts/reporter/meters/meter.ts";

/** A server on a free port of this computer, for as long as the work takes. */
export async function serving<T>(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
  work: (url: URL) => Promise<T>,
): Promise<T> {
  const server = createServer((request, response) => {
    response.setHeader("connection", "close");
    void answer(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    return await work(new URL(`http://127.0.0.1:${port}`));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** A meter's surroundings with a clock that a test sets. */
export function surroundings(
  hours = 0,
): MeterContext & { now: number; set(period: number, hours?: number): void } {
  const context = {
    source: "s",
    now: at(DAY, hours),
    log: memoryLog(),
    clock: () => context.now,
    set(period: number, of = 0) {
      context.now = at(period, of);
    },
  };
  return context;
}

/** Input, cached, output, reasoning and requests of a row. */
export function amounts({ input, cached, output, reasoning, requests }: UsageRow): bigint[] {
  return [input, cached, output, reasoning, requests];
}
