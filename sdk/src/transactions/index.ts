export { createSender, type Sender, type SenderOptions } from "./createSender.ts";
export {
  cancelTransaction,
  speedUpTransaction,
  type ReplaceTransactionParameters,
} from "./replaceTransaction.ts";
export {
  TransactionRevertedError,
  waitForTransaction,
  type WaitForTransactionParameters,
  type WaitForTransactionReturnType,
} from "./waitForTransaction.ts";
