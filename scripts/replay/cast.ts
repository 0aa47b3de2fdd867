import type { Deployment } from "@usance/sdk";
import { mnemonicToAccount, type HDAccount } from "viem/accounts";
import { defaultForecast } from "../maker/forecast.ts";
import { MarketMaker } from "../maker/maker.ts";
import type { MarketData } from "../maker/market-data.ts";
import { defaultQuotes } from "../maker/quotes.ts";
import { Trader } from "../maker/trader.ts";
import { Wallet, type SigningClient } from "../maker/wallet.ts";
import { TEST_MNEMONIC } from "../reporter/panel.ts";
import { createCrowd } from "../takers/crowd.ts";
import { seededRandom, seedOf } from "../takers/random.ts";
import { TakerRunner } from "../takers/runner.ts";
import { Operator, WALLET_TOKENS } from "./operator.ts";

/** Gas and fees of every transaction: the limit is far above the largest, so that nothing has to be estimated. */
const SETTINGS = { gas: 12_000_000n, maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1_000_000n };

/** Accounts of the test mnemonic, all of them funded by the node. */
const SEATS = { operator: 0, poster: 1, keeper: 2, makers: 3, takers: 5, visitor: 19 };

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
  clientOf: (account: HDAccount) => SigningClient;
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

function accountAt(addressIndex: number): HDAccount {
  return mnemonicToAccount(TEST_MNEMONIC, { addressIndex });
}
