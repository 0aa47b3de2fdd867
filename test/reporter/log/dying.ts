// A process that meters a server and closes a day, and dies at the step that it is told, as `kill -9` would end it.
import { fileURLToPath } from "node:url";
import { createPrometheusMeter } from "../../../scripts/reporter/meters/prometheus.ts";
import { closeDay } from "../../../scripts/reporter/log/log.ts";
import { openLog } from "../../../scripts/reporter/log/sqlite.ts";
import { at, DAY } from "./entries.ts";

async function live([path = "", url = "", step = "", count = "0"]: string[]): Promise<void> {
  let left = Number(count);
  const log = openLog(path, {
    contributor: "c",
    clock: () => at(DAY + 2),
    onStep: (reached) => {
      if (reached === step && left-- === 0) process.kill(process.pid, "SIGKILL");
    },
  });
  // The time of a scrape is told by the server, so that every life of the process sees the same.
  const [hours = "0"] = /(?<=# hours )\d+/.exec(await (await fetch(url)).text()) ?? [];
  const meter = createPrometheusMeter(
    { source: "s", log, clock: () => at(DAY, Number(hours)) },
    {
      url: new URL(url),
      timeoutSeconds: 5,
      maxBytes: 100_000,
      marks: { priced: true, ownAccount: false, labelled: true, freeModels: [] },
    },
  );
  await meter.read();
  await closeDay(log, DAY);
  log.end();
}

// The test runner loads every file of its folder.
if (process.argv[1] === fileURLToPath(import.meta.url)) await live(process.argv.slice(2));
