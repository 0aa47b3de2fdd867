export {
  ContractError,
  isContractError,
  type ActionErrorType,
  type ContractErrorArgs,
  type ContractErrorName,
} from "./ContractError.ts";
export { decodeUsanceError } from "./decodeUsanceError.ts";
export { errorsAbi } from "./errorsAbi.ts";
export {
  AccountMissingError,
  FeeLimitError,
  InvalidCursorError,
  InvalidDecimalError,
  InvalidDeploymentError,
  InvalidSignedOrderError,
  OffStepError,
  OffTickError,
  OutOfRangeError,
} from "./inputErrors.ts";
export { isNodeError, NodeError, type NodeErrorName } from "./nodeErrors.ts";
export { CallFailedError, UsanceError } from "./UsanceError.ts";
