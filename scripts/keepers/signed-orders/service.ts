import { setTimeout as sleep } from "node:timers/promises";
import type { KeeperConfig } from "../config.ts";
import type { KeeperLog } from "../keeper.ts";
import type { SidePart } from "../process.ts";
import { Admission, type AdmissionOptions } from "./admission.ts";
import { OrderFolder } from "./folder.ts";
import { Inbox } from "./inbox.ts";
import { contractOf } from "./states.ts";
import { OrderStore } from "./store.ts";

/** Accepted orders and the ways by which they come. */
export interface SignedOrdersService {
  store: OrderStore;
  admission: Admission;
  folder?: OrderFolder | undefined;
  /** Takes orders over HTTP while the process runs. */
  inbox: SidePart;
  close(): void;
}

/**
 * Opens the file of accepted orders.
 * @throws SetupError where the exchange has no contract for them, or the file is of another exchange.
 */
export function openSignedOrders(
  options: Omit<AdmissionOptions, "store"> & {
    config: KeeperConfig["signedOrders"];
    log: KeeperLog;
    /** Told where orders are taken. */
    onListening?: (url: string) => void;
  },
): SignedOrdersService {
  const { config, deployment, log } = options;
  const domain = { chainId: deployment.chainId, contract: contractOf({ deployment }) };
  const { perSigner, mostOrders: most } = config;
  const store = new OrderStore(config.database, domain, { perSigner, most });
  const admission = new Admission({ ...options, store });
  const inbox = new Inbox(config.inbox, admission, store, log);
  const folder = config.folder === undefined ? undefined : new OrderFolder(config.folder, admission, log);
  return {
    store,
    admission,
    folder,
    inbox: {
      name: "signedOrderInbox",
      async run(signal) {
        const url = await inbox.start();
        options.onListening?.(url);
        await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
        await inbox.stop();
      },
      health: () => ({
        healthy: inbox.isListening,
        ...(!inbox.isListening && { wrong: "it does not answer" }),
        rounds: 0,
        failures: 0,
      }),
    },
    close: () => store.close(),
  };
}
