import { approveCollateral, topUpFund, type Deployment } from "@usance/sdk";
import { clearinghouseAbi } from "@usance/sdk/abis";
import { maxUint256, parseAbi, parseEventLogs, type Address } from "viem";
import { writeContract } from "viem/actions";
import {
  monthlyListing,
  monthlySymbol,
  openMonths,
  perpetualListing,
  TUX_PERP,
  type MarketListing,
} from "../deploy/markets.ts";
import { Roles, type RoleName } from "../deploy/roles.ts";
import { tokensOf, unitsOf } from "../maker/market-data.ts";
import type { Wallet } from "../maker/wallet.ts";

/** Feed of token usage: the first one that the deployment adds. */
export const USAGE_FEED = 1;

/** What the test dollar has beyond a standard token. */
const MINTER = parseAbi(["function mint(address to, uint256 amount)"]);

const ACCESS_MANAGER = parseAbi([
  "function grantRole(uint64 roleId, address account, uint32 executionDelay)",
]);

/** Collateral tokens that the treasury puts into the insurance fund of a new market. */
const FUND_SEED = 50_000;

/** What the operator of the exchange does with the roles that the deployment gave to its key. */
export class Operator {
  /** Number of every market listed, by name. */
  readonly markets = new Map<string, number>();
  /** Last day of the delivery window of every market, 0 for a perpetual, by number. */
  readonly lastPeriods = new Map<number, number>();
  #approved = false;

  constructor(
    readonly wallet: Wallet,
    readonly deployment: Deployment,
  ) {}

  /** Gives a role of the exchange to another key: the operator administers the roles. */
  async grant(role: RoleName, to: Address): Promise<void> {
    const { wallet, deployment } = this;
    await wallet.transact((settings) =>
      writeContract(wallet.client, {
        address: deployment.accessManager,
        abi: ACCESS_MANAGER,
        functionName: "grantRole",
        args: [Roles[role], to, 0],
        chain: wallet.client.chain,
        ...settings,
      }),
    );
  }

  /** Mints test collateral: the operator is its minter. */
  async mint(to: Address, tokens: number): Promise<void> {
    const { wallet, deployment } = this;
    await wallet.transact((settings) =>
      writeContract(wallet.client, {
        address: deployment.collateral,
        abi: MINTER,
        functionName: "mint",
        args: [to, unitsOf(tokens)],
        chain: wallet.client.chain,
        ...settings,
      }),
    );
  }

  /**
   * Lists what should be open on a day and is not yet: the perpetual and three months.
   * @param index Latest trailing mean, WAD.
   */
  async list(today: number, index: bigint): Promise<void> {
    const terms = { feed: USAGE_FEED, index };
    if (!this.markets.has(TUX_PERP)) await this.#list(TUX_PERP, perpetualListing(terms));
    for (const month of openMonths(today)) {
      const name = monthlySymbol(month);
      if (!this.markets.has(name)) await this.#list(name, monthlyListing(month, terms));
    }
  }

  /** Pays the fees of markets out: the insurance share to their funds, the rest to the operator. */
  async collectFees(markets: readonly number[]): Promise<void> {
    const { wallet, deployment } = this;
    for (const market of markets)
      await wallet.transact((settings) =>
        writeContract(wallet.client, {
          address: deployment.clearinghouse,
          abi: clearinghouseAbi,
          functionName: "collectFees",
          args: [market, wallet.client.account.address],
          chain: wallet.client.chain,
          ...settings,
        }),
      );
  }

  async #list(name: string, listing: MarketListing): Promise<void> {
    const { wallet, deployment } = this;
    const { logs } = await wallet.transact((settings) =>
      writeContract(wallet.client, {
        address: deployment.clearinghouse,
        abi: clearinghouseAbi,
        functionName: "listMarket",
        args: [listing],
        chain: wallet.client.chain,
        ...settings,
      }),
    );
    const [listed] = parseEventLogs({ abi: clearinghouseAbi, eventName: "MarketListed", logs });
    if (listed === undefined) throw new Error(`${name} was not listed`);
    await this.adopt(name, listed.args.market, listing.lastPeriod);
  }

  /** Takes a listed market into its care, with the first money of its fund. */
  async adopt(name: string, market: number, lastPeriod: number): Promise<void> {
    const { wallet } = this;
    this.markets.set(name, market);
    this.lastPeriods.set(market, lastPeriod);
    if (!this.#approved) await wallet.send(approveCollateral, { amount: maxUint256 });
    this.#approved = true;
    await wallet.send(topUpFund, { market, amount: unitsOf(FUND_SEED) });
  }
}

/** Collateral tokens minted to every participant: more than anybody can lose. */
export const WALLET_TOKENS = tokensOf(10n ** 18n);
