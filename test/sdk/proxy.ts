import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";

/** What a request asks a node for, and its answer. */
type Call = { method: string; params: unknown[]; id: number };
/** Answers a request in the node's place, or gives nothing. */
type Interceptor = (call: Call) => { code: number; message: string } | "drop" | undefined;

/**
 * A provider between a client and a node: it passes HTTP requests and WebSockets on, until it is told to drop them, to close
 * them or to refuse what they ask for.
 */
export class Proxy {
  intercept: Interceptor = () => undefined;
  /** Requests that came, by method. */
  readonly calls: Call[] = [];
  readonly #server = createServer((incoming, outgoing) => void this.#pass(incoming, outgoing));
  readonly #sockets = new Set<Socket>();
  readonly #target: URL;
  #isDown = false;
  /** WebSockets that were opened. */
  opened = 0;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server.on("connection", (socket: Socket) => {
      if (this.#isDown) socket.destroy();
      this.#keep(socket);
    });
    this.#server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
      this.opened++;
      const upstream = connect(Number(this.#target.port), this.#target.hostname, () => {
        const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${String(value)}`);
        upstream.write(`GET / HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      this.#keep(upstream);
      for (const one of [socket, upstream])
        one.on("close", () => [socket, upstream].forEach((s) => s.destroy()));
    });
  }

  static async to(rpc: string): Promise<Proxy> {
    const proxy = new Proxy(rpc);
    await new Promise<void>((done) => proxy.#server.listen(0, "127.0.0.1", done));
    return proxy;
  }

  get http(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get ws(): string {
    return this.http.replace("http", "ws");
  }

  /** Cuts every connection and refuses new ones. */
  down(): void {
    this.#isDown = true;
    this.cut();
  }

  up(): void {
    this.#isDown = false;
  }

  /** Cuts every connection; new ones are welcome. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((done) => this.#server.close(done));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const call = JSON.parse(body) as Call;
    this.calls.push(call);
    const answer = this.intercept(call);
    if (answer === "drop") return void incoming.socket.destroy();
    if (answer) {
      outgoing.setHeader("content-type", "application/json");
      return void outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: call.id, error: answer }));
    }
    const headers = { "content-type": "application/json" };
    const onward = request(this.#target, { method: "POST", headers }, (reply) => reply.pipe(outgoing));
    onward.on("error", () => outgoing.destroy());
    onward.end(body);
  }
}
