import { ContractError, type ContractErrorName, type UsanceError } from "@usance/sdk";
import { expect } from "chai";

/** The typed error that a call ends with. */
export async function failure(call: Promise<unknown>): Promise<UsanceError> {
  return call.then(
    (result) => expect.fail(`the call succeeded: ${stringify(result)}`),
    (error: unknown) => error as UsanceError,
  );
}

function stringify(result: unknown): string {
  return (
    JSON.stringify(result, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)) ??
    "nothing"
  );
}

/** Expects a call to end with an error of the contracts that has these operands. */
export async function refused(call: Promise<unknown>, name: ContractErrorName, args?: object): Promise<void> {
  const error = await failure(call);
  expect(error, String(error)).to.be.instanceOf(ContractError);
  expect(error.name).to.equal(name);
  if (args) expect((error as ContractError).args).to.deep.include(args);
}

/** Waits for what a watcher brings. */
export async function until<value>(get: () => value | undefined): Promise<value> {
  for (let tries = 0; tries < 200; tries++) {
    const value = get();
    if (value !== undefined) return value;
    await new Promise((done) => setTimeout(done, 20));
  }
  return expect.fail("nothing came");
}
