import { cancelAllAfter, decodeUsanceError, setBuilder, setOperator } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { Command } from "commander";
import type { Address } from "viem";
import { getBlock, readContract } from "viem/actions";
import { parseAddress, parseDuration, parseMoment } from "../arguments.ts";
import { clock } from "../explain.ts";
import { accountOptions, examples, parseAccount } from "../options.ts";
import type { Answer } from "../output.ts";
import { pastEvents } from "../past.ts";
import { action, resolveAccount, type AccountOptions, type Session } from "../session.ts";
import { confirm } from "../transactions.ts";

/** Longest time of a dead-man switch, seconds. */
const LONGEST_SWITCH = 30 * 86_400;

/** `usance account operator`, `builder` and `switch`: who else may trade or earn, and what ends all orders. */
export function accountRights(): Command[] {
  return [operatorCommand(), builderCommand(), switchCommand()];
}

function operatorCommand(): Command {
  const command = new Command("operator").description(
    "session keys: who may trade for an account, until when",
  );
  examples(
    accountOptions(
      command
        .command("add")
        .description("let an address place and cancel orders; it can never withdraw")
        .argument("<address>", "the operator", parseAddress)
        .requiredOption("--until <time>", "last moment, such as 2025-12-31T00:00:00Z", parseMoment),
    ).action(action(addOperator)),
    "usance account operator add 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --until 2025-12-31T00:00:00Z",
  );
  examples(
    accountOptions(
      command
        .command("remove")
        .description("end an operator's right at once")
        .argument("<address>", "the operator", parseAddress),
    ).action(action(removeOperator)),
    "usance account operator remove 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  );
  examples(
    accountOptions(command.command("show").description("operators, with those whose time is over")).action(
      action(showOperators),
    ),
    "usance account operator show",
  );
  return command;
}

function builderCommand(): Command {
  const command = new Command("builder").description(
    "builders: what the interface that brings an order may earn",
  );
  examples(
    accountOptions(
      command
        .command("set")
        .description("allow a builder a fee on what the orders take that it brings")
        .argument("<builder>", "number of the builder's account", parseAccount)
        .argument("<cap>", "highest fee in basis points, such as 1.5, up to 10; 0 allows none"),
    ).action(action(allowBuilder)),
    "usance account builder set 2055 1.5",
  );
  examples(
    accountOptions(command.command("show").description("builders and what each may take")).action(
      action(showBuilders),
    ),
    "usance account builder show",
  );
  return command;
}

function switchCommand(): Command {
  const command = new Command("switch").description(
    "dead-man switch: ends all orders unless it is set again in time",
  );
  examples(
    accountOptions(
      command
        .command("set")
        .description("all orders die after this time, unless it is set again before")
        .argument("<time>", "5s to 30d, such as 90s, 5m or 2h", parseDuration),
    ).action(action(setSwitch)),
    "usance account switch set 5m",
  );
  examples(
    accountOptions(command.command("off").description("take the switch off")).action(
      action((session: Session, options: AccountOptions) => setSwitch(session, 0, options)),
    ),
    "usance account switch off",
  );
  examples(
    accountOptions(command.command("show").description("when orders die, if nothing happens")).action(
      action(showSwitch),
    ),
    "usance account switch show",
  );
  return command;
}

async function addOperator(
  session: Session,
  operator: Address,
  options: AccountOptions & { until: bigint },
): Promise<Answer> {
  const now = await timeOf(session);
  if (options.until <= now)
    throw new Error(`The operator's time must end after ${clock(now)}: ${clock(options.until)} is over.`);
  return writeOperator(session, operator, options.until, options);
}

function removeOperator(session: Session, operator: Address, options: AccountOptions): Promise<Answer> {
  return writeOperator(session, operator, 0n, options);
}

async function writeOperator(
  session: Session,
  operator: Address,
  expiry: bigint,
  options: AccountOptions,
): Promise<Answer> {
  const accountId = await resolveAccount(session, options);
  const client = await session.signer();
  const hash = await setOperator(client, { deployment: session.deployment, accountId, operator, expiry });
  await confirm(session, hash);
  return {
    json: { account: accountId, operator, until: expiry === 0n ? null : iso(expiry), transaction: hash },
    text: [
      expiry === 0n
        ? `${operator} trades for account ${accountId} no longer`
        : `${operator} may trade for account ${accountId} until ${clock(expiry)}, and never withdraw`,
    ],
  };
}

async function showOperators(session: Session, options: AccountOptions): Promise<Answer> {
  const accountId = await resolveAccount(session, options);
  const [events, now] = await Promise.all([
    pastEvents(session, "OperatorSet", { account: accountId }),
    timeOf(session),
  ]);
  // The last word about each counts.
  const latest = new Map(events.map(({ args }) => [args.operator, BigInt(args.expiry)]));
  const operators = [...latest]
    .filter(([, expiry]) => expiry !== 0n)
    .map(([operator, expiry]) => ({ operator, until: iso(expiry), expiry, active: expiry >= now }));
  return {
    json: {
      account: accountId,
      operators: operators.map(({ operator, until, active }) => ({ operator, until, active })),
    },
    text: [
      {
        columns: ["operator", "until", ""],
        rows: operators.map(({ operator, expiry, active }) => [
          operator,
          clock(expiry),
          active ? "" : "over",
        ]),
        empty: `nobody but its owner trades for account ${accountId}`,
      },
    ],
  };
}

async function allowBuilder(
  session: Session,
  builderId: number,
  text: string,
  options: AccountOptions,
): Promise<Answer> {
  const cap = tenthsOfBasisPoint(text);
  const accountId = await resolveAccount(session, options);
  const client = await session.signer();
  const hash = await setBuilder(client, { deployment: session.deployment, accountId, builderId, cap });
  await confirm(session, hash);
  return {
    json: { account: accountId, builder: builderId, capBps: basisPoints(cap), transaction: hash },
    text: [
      cap === 0
        ? `account ${builderId} earns nothing from account ${accountId}`
        : `account ${builderId} may earn up to ${basisPoints(cap)} basis points of what its orders take for account ${accountId}`,
    ],
  };
}

async function showBuilders(session: Session, options: AccountOptions): Promise<Answer> {
  const accountId = await resolveAccount(session, options);
  const events = await pastEvents(session, "BuilderSet", { account: accountId });
  const latest = new Map(events.map(({ args }) => [args.builder, args.cap]));
  const builders = [...latest]
    .filter(([, cap]) => cap !== 0)
    .map(([builder, cap]) => ({ builder, capBps: basisPoints(cap) }));
  return {
    json: { account: accountId, builders },
    text: [
      {
        columns: ["builder's account", "basis points, at most"],
        rows: builders.map(({ builder, capBps }) => [String(builder), capBps]),
        empty: `no builder earns from account ${accountId}`,
      },
    ],
  };
}

async function setSwitch(session: Session, seconds: number, options: AccountOptions): Promise<Answer> {
  if (seconds !== 0 && (seconds < 5 || seconds > LONGEST_SWITCH))
    throw new Error(`The switch takes 5s to 30d, not ${seconds}s.`);
  const accountId = await resolveAccount(session, options);
  const client = await session.signer();
  const hash = await cancelAllAfter(client, { deployment: session.deployment, accountId, seconds });
  await confirm(session, hash);
  return describeSwitch(accountId, await readSwitch(session, accountId), { transaction: hash });
}

async function showSwitch(session: Session, options: AccountOptions): Promise<Answer> {
  const accountId = await resolveAccount(session, options);
  return describeSwitch(accountId, await readSwitch(session, accountId));
}

function describeSwitch(
  account: number,
  { deadline, fired }: { deadline: bigint; fired: boolean },
  more: object = {},
): Answer {
  const until = deadline === 0n ? null : iso(deadline);
  return {
    json: { account, until, fired, ...more },
    text: [
      until === null
        ? `account ${account} has no dead-man switch set`
        : fired
          ? `the switch of account ${account} fired after ${clock(deadline)}: its orders are dead, and none can be placed before they are gone (\`usance order cancel-all\`)`
          : `all orders of account ${account} die after ${clock(deadline)}`,
    ],
  };
}

async function readSwitch(
  session: Session,
  accountId: number,
): Promise<{ deadline: bigint; fired: boolean }> {
  try {
    const [deadline, now] = await Promise.all([
      readContract(session.client, {
        address: session.deployment.clearinghouse,
        abi: clearinghouseAbi,
        functionName: "switchDeadline",
        args: [accountId],
      }),
      timeOf(session),
    ]);
    return { deadline: BigInt(deadline), fired: deadline !== 0 && BigInt(deadline) < now };
  } catch (error) {
    throw decodeUsanceError(error);
  }
}

async function timeOf({ client }: Session): Promise<bigint> {
  return (await getBlock(client)).timestamp;
}

function iso(seconds: bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString();
}

function tenthsOfBasisPoint(text: string): number {
  const [, whole, tenth = "0"] = /^(\d{1,3})(?:\.(\d))?$/.exec(text) ?? [];
  if (whole === undefined)
    throw new Error(`${text} is not a fee in basis points with at most one decimal, such as 1.5.`);
  return Number(whole) * 10 + Number(tenth);
}

function basisPoints(tenths: number): string {
  return tenths % 10 === 0 ? String(tenths / 10) : `${Math.floor(tenths / 10)}.${tenths % 10}`;
}
