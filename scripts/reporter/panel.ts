import type { HDAccount } from "viem/accounts";
import { mnemonicToAccount } from "viem/accounts";
import { PANEL_SIZE } from "../deploy/terms.ts";

/** The mnemonic of local test nodes: known to everybody, so never of use where anything is at stake. */
export const TEST_MNEMONIC = "test test test test test test test test test test test junk";

/** Keys of the local panel: second account of the test mnemonic, so that no trader of a test node signs prints. */
export function localPanel(mnemonic = TEST_MNEMONIC): HDAccount[] {
  return Array.from({ length: PANEL_SIZE }, (_, addressIndex) =>
    mnemonicToAccount(mnemonic, { accountIndex: 1, addressIndex }),
  );
}
