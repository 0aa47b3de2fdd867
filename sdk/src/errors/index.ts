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
  InvalidCursorError,
  InvalidDecimalError,
  InvalidDeploymentError,
  InvalidSignedOrderError,
  OffStepError,
  OffTickError,
  OutOfRangeError,
} from "./inputErrors.ts";
export { CallFailedError, UsanceError } from "./UsanceError.ts";
