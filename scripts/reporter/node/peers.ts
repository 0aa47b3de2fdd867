import type { Address, Hex } from "viem";
import { z } from "zod";
import { fetchJson } from "../../lib/http.ts";
import { fetchStatements } from "../../statements/exchange.ts";
import { signedStatementSchema, statementToJson } from "../../statements/json.ts";
import type { SignedStatement } from "../../statements/signed.ts";
import type { StoredStatement } from "../../statements/store.ts";
import type { KnownDay } from "./days.ts";
import { reportListSchema, reportToJson, type FullReport } from "./reports.ts";

/** Most that is read of an answer. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Another reporter of the panel. */
export interface Peer {
  readonly address: Address;
  /** Where its node answers, without a slash at its end. */
  readonly url: string;
}

/** What a print was calculated from, as a peer tells it. Not verified. */
export type DayInputs = Pick<KnownDay, "previous"> & {
  period: number;
  statements: readonly SignedStatement[];
};

const daySchema = z.object({
  period: z.int().min(0),
  previous: z
    .object({
      period: z.int().min(0),
      vintage: z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>,
    })
    .nullable(),
  statements: z.array(signedStatementSchema).max(10_000),
});

/** Writes a day as what `JSON.stringify` takes. */
export function dayToJson({ printed, previous, statements }: KnownDay): z.input<typeof daySchema> {
  return { period: printed.period, previous: previous ?? null, statements: statements.map(statementToJson) };
}

/** Asks one peer. Every call may throw: a peer may be away, slow, or lie. */
export class PeerClient {
  readonly address: Address;
  readonly #url: string;
  readonly #limits: { timeoutSeconds: number; maxBytes: number };

  constructor({ address, url }: Peer, timeoutSeconds: number) {
    this.address = address;
    this.#url = url;
    this.#limits = { timeoutSeconds, maxBytes: MAX_BYTES };
  }

  /** Statements of a day with the times at which the peer says it received them. */
  statements(period: number): Promise<StoredStatement[]> {
    return fetchStatements(this.#url, period, this.#limits);
  }

  /** Reports that the peer knows, its own and others'. */
  async reports(index: Hex, period: number, revision: number): Promise<FullReport[]> {
    const answer = await fetchJson(`${this.#url}/reports/${index}/${period}/${revision}`, this.#limits);
    return reportListSchema.parse(answer).reports;
  }

  /** Hands reports over. */
  async send(reports: readonly FullReport[]): Promise<void> {
    await fetchJson(`${this.#url}/reports`, this.#limits, { reports: reports.map(reportToJson) });
  }

  /** What the print with a vintage was calculated from. */
  async day(vintage: Hex): Promise<DayInputs> {
    const day = daySchema.parse(await fetchJson(`${this.#url}/days/${vintage}`, this.#limits));
    return { ...day, previous: day.previous ?? undefined };
  }
}
