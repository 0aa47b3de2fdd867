import type { Deployment } from "@usance/sdk";
import type { Chain, Client, LocalAccount, Transport } from "viem";
import { mnemonicToAccount, type HDAccount } from "viem/accounts";
import type { RoleClient } from "../deploy/price-markets.ts";
import { defaultForecast } from "../maker/forecast.ts";
import { MarketMaker } from "../maker/maker.ts";
import type { MarketData } from "../maker/market-data.ts";
import { defaultQuotes } from "../maker/quotes.ts";
import { Trader } from "../maker/trader.ts";
import { Wallet } from "../maker/wallet.ts";
import { TEST_MNEMONIC } from "../reporter/panel.ts";
import { createCrowd } from "../takers/crowd.ts";
import { seededRandom, seedOf } from "../takers/random.ts";
import { TakerRunner } from "../takers/runner.ts";
import { SpreadRunner, SpreadStrategy } from "../takers/spread.ts";
import { Operator, WALLET_TOKENS } from "./operator.ts";

/** Gas and fees of every transaction: the limit is far above the largest, so that nothing has to be estimated. */
const SETTINGS = { gas: 12_000_000n, maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1_000_000n };

/** Accounts of the test mnemonic, all of them funded by the node. */
const SEATS = { operator: 0, poster: 1, keeper: 2, makers: 3, takers: 5, prices: 13, visitor: 19 };

/** Collateral tokens of the keeper's own account. */
const KEEPER_TOKENS = 1_000;

/** Everybody who takes part in a replay, each with a key of their own. */
export interface Cast {
  operator: Operator;
  keeper: Trader;
  makers: MarketMaker[];
  takers: TakerRunner[];
}

/** What a cast is made with. */
export interface CastOptions {
  clientOf: (account: HDAccount) => Client<Transport, Chain, LocalAccount>;
  deployment: Deployment;
  data: MarketData;
  seed: number;
  /** First UTC day number. */
  since: number;
  onRefused: (error: Error) => void;
}

/** Account of a person who wants to try things on the node that a replay leaves behind. */
export function visitorAccount(): HDAccount {
  return accountAt(SEATS.visitor);
}

/** Account that sends the posts of prints. */
export function posterAccount(): HDAccount {
  return accountAt(SEATS.poster);
}

/** Account of the keepers. */
export function keeperAccount(): HDAccount {
  return accountAt(SEATS.keeper);
}

/** Gives everybody a wallet and collateral tokens. */
export async function assemble(options: CastOptions): Promise<Cast> {
  const { clientOf, deployment, data, seed, since, onRefused } = options;
  const walletAt = (seat: number) => new Wallet(clientOf(accountAt(seat)), deployment, SETTINGS);
  const operator = new Operator(walletAt(SEATS.operator), deployment);
  const keeper = new Trader("keeper", walletAt(SEATS.keeper));
  const makers = [
    { name: "maker 1", capitalPerPoint: 1_000, forecast: defaultForecast, quotes: defaultQuotes },
    // The second sees growth last longer and stands further away: together they make a deeper book.
    {
      name: "maker 2",
      capitalPerPoint: 600,
      forecast: { ...defaultForecast, growthDays: 21, belief: 0.6 },
      quotes: {
        ...defaultQuotes,
        levels: defaultQuotes.levels.map(({ offset, share }) => ({ offset: offset * 1.6, share })),
      },
    },
  ].map(
    ({ name, ...parameters }, place) =>
      new MarketMaker(new Trader(name, walletAt(SEATS.makers + place)), data, parameters),
  );
  const takers = createCrowd(since).map((taker, place) => {
    const trader = new Trader(taker.name, walletAt(SEATS.takers + place));
    return new TakerRunner(taker, trader, seededRandom(seedOf(seed, taker.name)), onRefused);
  });

  const holders = [keeper, ...makers.map(({ trader }) => trader), ...takers.map(({ trader }) => trader)];
  const addresses = holders.map(({ wallet }) => wallet.client.account.address);
  const operatorAddress = operator.wallet.client.account.address;
  for (const address of [operatorAddress, visitorAccount().address, ...addresses])
    await operator.mint(address, WALLET_TOKENS);
  await keeper.deposit(KEEPER_TOKENS);
  return { operator, keeper, makers, takers };
}

/** Who takes part from the first day of the prices on. */
export interface PriceCast {
  /** Holds the roles that add indices and list markets, and writes the synthetic feed. */
  lister: RoleClient;
  maker: MarketMaker;
  spread: SpreadRunner;
}

/** Gives those of the prices their roles, wallets and collateral tokens. */
export async function assemblePrices(
  { clientOf, deployment, data, onRefused }: Omit<CastOptions, "seed" | "since">,
  operator: Operator,
): Promise<PriceCast> {
  const clientAt = (place: number) => clientOf(accountAt(SEATS.prices + place));
  const traderAt = (place: number, name: string) =>
    new Trader(name, new Wallet(clientAt(place), deployment, SETTINGS));
  const lister = clientAt(0);
  for (const role of ["index", "listing"] as const) await operator.grant(role, lister.account.address);
  // Prices are not taken to grow: fair is the mean of what was printed and of the last week for what was not.
  const forecast = { ...defaultForecast, belief: 0 };
  const parameters = { capitalPerPoint: 1_000_000, forecast, quotes: defaultQuotes };
  const maker = new MarketMaker(traderAt(1, "price maker"), data, parameters);
  const strategy = new SpreadStrategy({ capital: 20_000, size: 2_000, stop: 0.01 });
  const spread = new SpreadRunner(strategy, traderAt(2, "token-to-GPU spread"), onRefused);
  for (const { wallet } of [maker.trader, spread.trader])
    await operator.mint(wallet.client.account.address, WALLET_TOKENS);
  return { lister, maker, spread };
}

function accountAt(addressIndex: number): HDAccount {
  return mnemonicToAccount(TEST_MNEMONIC, { addressIndex });
}
