import { readFileSync } from "node:fs";
import { postPrint, signReport, sortReports, type Deployment, type SignedReport } from "@usance/sdk";
import type { Account, Chain, Client, Hash, Hex, LocalAccount, Transport } from "viem";
import { getBlock } from "viem/actions";
import { TU1D_CONFIG } from "../deploy/terms.ts";
import { dateOfPeriod, SECONDS_PER_DAY } from "../lib/calendar.ts";
import { TU1D, calculatePrints, type CalculatedPrint } from "./calculation.ts";
import { localPanel } from "./panel.ts";

/** The real series, as it is kept with the project. */
export const DATA_FILE = new URL("../../data/token-usage-daily.csv", import.meta.url);

/** What a reporter is created with. */
export interface ReporterOptions {
  /** Client whose account sends the posts; it need not be a reporter. */
  client: Client<Transport, Chain | undefined, Account>;
  deployment: Deployment;
  /** The data, byte for byte; the project's own series when left out. */
  file?: Uint8Array;
  /** Another index and its prints, instead of those that the data gives of TU1D. */
  series?: { readonly index: Hex; readonly prints: readonly CalculatedPrint[] };
  /** Keys of the panel; the local test panel when left out. */
  panel?: readonly LocalAccount[];
  /** Signatures that a print needs. */
  quorum?: number;
}

/** Revision and deadline of a report. */
export interface ReportTerms {
  /** 1 when left out; a correction carries a higher one. */
  revision?: number;
  /** Last second at which it may be posted; a day after the newest block when left out. */
  deadline?: bigint;
  /** Reporters who sign; the quorum when left out. */
  signers?: number;
}

/** Calculates prints from the data, has a quorum sign them and posts them. */
export class Reporter {
  /** Every print that the data allows, by period. Days missing at source have none. */
  readonly prints: ReadonlyMap<number, CalculatedPrint>;
  readonly #options: Required<Omit<ReporterOptions, "file" | "series">>;
  readonly #index: Hex;

  constructor(options: ReporterOptions) {
    this.#options = {
      panel: options.panel ?? localPanel(),
      quorum: options.quorum ?? TU1D_CONFIG.quorum,
      client: options.client,
      deployment: options.deployment,
    };
    const { index = TU1D, prints = calculatePrints(options.file ?? readFileSync(DATA_FILE)) } =
      options.series ?? {};
    this.#index = index;
    this.prints = new Map(prints.map((print) => [print.period, print]));
  }

  /**
   * Has a quorum sign the print of a day. The quorum rotates from day to day, so that every key is in use.
   * @returns The reports in the order of their signers, as a post needs them.
   * @throws RangeError where the data lacks the day.
   */
  async signPrint(period: number, terms: ReportTerms = {}): Promise<SignedReport[]> {
    const print = this.prints.get(period);
    if (print === undefined) throw new RangeError(`The data has no ${dateOfPeriod(period)}.`);
    const { client, deployment, panel, quorum } = this.#options;
    const deadline = terms.deadline ?? (await getBlock(client)).timestamp + BigInt(SECONDS_PER_DAY);
    const signers = Array.from(
      { length: terms.signers ?? quorum },
      (_, seat) => panel[(period + seat) % panel.length],
    );
    const reports = await Promise.all(
      signers
        .filter((account) => account !== undefined)
        .map((account) =>
          signReport({
            account,
            chainId: deployment.chainId,
            usageIndex: deployment.usageIndex,
            index: this.#index,
            revision: terms.revision ?? 1,
            deadline,
            period,
            value: print.value,
            vintage: print.vintage,
          }),
        ),
    );
    return sortReports(reports);
  }

  /** Signs and posts the print of a day; the push to the markets is part of the same transaction. */
  async post(period: number, terms: ReportTerms = {}): Promise<Hash> {
    const { client, deployment } = this.#options;
    const reports = await this.signPrint(period, terms);
    const { revision = 1 } = terms;
    return postPrint(client, { deployment, index: this.#index, period, revision, reports });
  }
}
