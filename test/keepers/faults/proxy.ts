import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A JSON-RPC request. */
export interface RpcRequest {
  id: number;
  method: string;
  params?: unknown[];
}

/** A JSON-RPC answer. */
export interface RpcAnswer {
  id: number;
  result?: unknown;
  error?: { code: number; message: string };
}

/** What a fault does with a request: `pass` has the node answer it, as it is or changed; nothing breaks the connection off. */
export type Fault = (
  request: RpcRequest,
  pass: (changed?: Partial<RpcRequest>) => Promise<RpcAnswer>,
) => Promise<RpcAnswer | undefined>;

/** A node's HTTP interface with faults: it stands between a keeper and a real node. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: string;
  /** What goes wrong; nothing when left out. */
  fault: Fault | undefined;
  /** Methods that were asked for, in their order. */
  readonly asked: string[] = [];

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = target;
  }

  static async start(target: string): Promise<FaultProxy> {
    const server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
        const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as RpcRequest;
        const answer = await proxy.#answer(body).catch(() => undefined);
        if (answer === undefined) response.destroy();
        else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
      })();
    });
    const proxy = new FaultProxy(server, target);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: RpcRequest): Promise<RpcAnswer | undefined> {
    this.asked.push(request.method);
    const pass = async (changed: Partial<RpcRequest> = {}): Promise<RpcAnswer> => {
      const response = await fetch(this.#target, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", ...request, ...changed }),
      });
      return (await response.json()) as RpcAnswer;
    };
    return this.fault === undefined ? pass() : this.fault(request, pass);
  }
}

/** A node that answers nothing. */
export const drops: Fault = () => Promise.resolve(undefined);

/** A node that takes transactions and breaks off before it says so. */
export const dropsAnswersToSends: Fault = async (request, pass) => {
  const answer = await pass();
  return request.method === "eth_sendRawTransaction" ? undefined : answer;
};

/** A node that hears of everything twice. */
export const duplicates: Fault = async (_, pass) => {
  await pass();
  return pass();
};

/** A node that shows another chain: its blocks have other hashes. */
export const lies: Fault = async (request, pass) => {
  const answer = await pass();
  if (request.method === "eth_getBlockByNumber" && answer.result)
    answer.result = { ...answer.result, hash: `0x${"ab".repeat(32)}` };
  return answer;
};

/** A node that has stood still at a block. */
export function lagsAt(block: bigint): Fault {
  const at = `0x${block.toString(16)}`;
  return async (request, pass) => {
    const params = request.params?.map((parameter) => (parameter === "latest" ? at : parameter));
    const [asked] = params ?? [];
    if (request.method === "eth_blockNumber") return { ...(await pass()), result: at };
    if (request.method === "eth_getBlockByNumber" && typeof asked === "string" && BigInt(asked) > block)
      return { ...(await pass()), result: null };
    return pass({ ...(params && { params }) });
  };
}
