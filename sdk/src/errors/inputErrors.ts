import { UsanceError } from "./UsanceError.ts";

/** A field of a deployment file is missing or wrong. */
export class InvalidDeploymentError extends UsanceError {
  override readonly name = "InvalidDeploymentError";

  constructor(
    readonly field: string,
    readonly value: unknown,
  ) {
    super(
      `The deployment's ${field} is ${JSON.stringify(value) ?? "missing"}: check deployments/<chainId>.json.`,
    );
  }
}

/** A field of a signed order in JSON is missing or wrong. */
export class InvalidSignedOrderError extends UsanceError {
  override readonly name = "InvalidSignedOrderError";

  constructor(
    readonly field: string,
    readonly value: unknown,
  ) {
    super(
      `The signed order's ${field} is ${JSON.stringify(value) ?? "missing"}: write it with formatSignedOrder.`,
    );
  }
}

/** A text is not a decimal number. */
export class InvalidDecimalError extends UsanceError {
  override readonly name = "InvalidDecimalError";

  constructor(readonly text: string) {
    super(
      `${typeof text === "string" ? `"${text}"` : String(text)} is not a decimal number: write digits with at most one point, such as "3841.5".`,
    );
  }
}

/** A value is not a whole number of steps. */
export class OffStepError extends UsanceError {
  override readonly name: string = "OffStepError";

  constructor(
    readonly text: string,
    readonly step: string,
    advice = "write a multiple of it",
  ) {
    super(`"${text}" is not a multiple of ${step}: ${advice}.`);
  }
}

/** A price is not a whole number of ticks. */
export class OffTickError extends OffStepError {
  override readonly name = "OffTickError";

  constructor(
    text: string,
    tickSize: string,
    /** The prices next to it that are on a tick, points. */
    readonly below: string,
    readonly above: string,
  ) {
    super(
      text,
      tickSize,
      `the nearest prices are ${below} and ${above}, and roundToTick rounds to one of them`,
    );
  }
}

/** A number does not fit the word that the contract keeps it in. */
export class OutOfRangeError extends UsanceError {
  override readonly name = "OutOfRangeError";

  constructor(
    readonly field: string,
    readonly value: bigint,
    readonly min: bigint,
    readonly max: bigint,
  ) {
    super(`${field} is ${value}: it must lie between ${min} and ${max}.`);
  }
}

/** An action needs somebody who signs. */
export class AccountMissingError extends UsanceError {
  override readonly name = "AccountMissingError";

  constructor() {
    super("No account signs: create the client with an account, or pass one as `account`.");
  }
}

/** A text is not the cursor of a watcher. */
export class InvalidCursorError extends UsanceError {
  override readonly name = "InvalidCursorError";

  constructor(readonly cursor: string) {
    super(`"${cursor}" is not the cursor of a watch: pass what onCursor gave, or fromBlock in its place.`);
  }
}

/** A transaction would have to pay more than it may. */
export class FeeLimitError extends UsanceError {
  override readonly name = "FeeLimitError";

  constructor(
    /** Wei for a unit of gas. */
    readonly needed: bigint,
    readonly limit: bigint,
  ) {
    super(`The fee would be ${needed} wei for a unit of gas and may be ${limit}: wait, or allow more.`);
  }
}
