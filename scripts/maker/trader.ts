import { approveCollateral, deposit, getAccountId, withdraw } from "@usance/sdk";
import { maxUint256 } from "viem";
import { tokensOf, unitsOf } from "./market-data.ts";
import type { AccountSnapshot } from "./snapshot.ts";
import type { Wallet } from "./wallet.ts";

/** A participant: a wallet with an account at the exchange, and what went in and out of it. */
export class Trader {
  /** Account of the newest subaccount; 0 before the first deposit. */
  accountId = 0;
  /** Every account that it ever had, retired ones included. */
  readonly accounts: number[] = [];
  /** Collateral tokens deposited and withdrawn so far. */
  deposited = 0;
  withdrawn = 0;
  #subaccount = 0;
  #approved = false;

  constructor(
    readonly name: string,
    readonly wallet: Wallet,
  ) {}

  /** Deposits collateral tokens, opening the account at the first time. */
  async deposit(tokens: number): Promise<void> {
    const { wallet } = this;
    const { client, deployment } = wallet;
    if (!this.#approved) await wallet.send(approveCollateral, { amount: maxUint256 });
    this.#approved = true;
    const subaccount = this.#subaccount;
    const amount = unitsOf(tokens);
    await wallet.send(deposit, { subaccount, amount });
    this.deposited += tokensOf(amount);
    if (this.accountId === 0) {
      const owner = client.account.address;
      this.accountId = await getAccountId(client, { deployment, owner, subaccount });
      this.accounts.push(this.accountId);
    }
  }

  /** Withdraws collateral tokens to the wallet. */
  async withdraw(tokens: number): Promise<void> {
    const amount = unitsOf(tokens);
    const to = this.wallet.client.account.address;
    await this.wallet.send(withdraw, { accountId: this.accountId, amount, to });
    this.withdrawn += tokensOf(amount);
  }

  /** Leaves an account that was absorbed: the next deposit opens another. */
  leaveRetired(account: AccountSnapshot | undefined): void {
    if (account?.retired !== true || account.id !== this.accountId) return;
    this.accountId = 0;
    this.#subaccount++;
  }
}
