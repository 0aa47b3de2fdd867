// The SDK for ethers: typed contracts, and what helps with them. Nothing here needs viem at run time.
export * from "../abis.ts";
export {
  dropReasons,
  marketKinds,
  marketPhases,
  orderKinds,
  type DropReason,
  type MarketKind,
  type MarketPhase,
  type OrderKind,
} from "../enums.ts";
export {
  ContractError,
  isContractError,
  type ContractErrorArgs,
  type ContractErrorName,
} from "../errors/ContractError.ts";
export { errorsAbi } from "../errors/errorsAbi.ts";
export {
  InvalidDecimalError,
  InvalidDeploymentError,
  OffStepError,
  OffTickError,
  OutOfRangeError,
} from "../errors/inputErrors.ts";
export { CallFailedError, UsanceError } from "../errors/UsanceError.ts";
export type { Deployment } from "../internal/deployment.ts";
export { encodeOrder, type Order } from "../internal/order.ts";
export * from "../orders/index.ts";
export * from "../units/index.ts";
export { eventsOf, mined, previewOrder, type UsanceEvent } from "./actions.ts";
export * from "./contracts/index.ts";
export { decodeUsanceError } from "./errors.ts";
export { loadDeployment, usance, type Usance } from "./usance.ts";
