// The node of a replay, in a process of its own: `fork` starts it, a message tells where it listens, and it ends with
// its parent unless the parent has said that it should stay.
import { network } from "hardhat";

const [, , port = "0", date = "2025-01-01T00:00:00Z"] = process.argv;

const server = await network.createServer(
  { network: "node", override: { initialDate: date } },
  "127.0.0.1",
  Number(port),
);
const address = await server.listen();

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await server.close();
  process.exit(0);
}

let stay = false;
process.on("message", (message) => {
  if (message === "stay") stay = true;
});
process.on("disconnect", () => {
  if (!stay) void end();
});
process.on("SIGTERM", () => void end());
process.on("SIGINT", () => void end());
process.send?.({ port: address.port });
