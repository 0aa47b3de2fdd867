import type { ServerResponse } from "node:http";
import { z } from "zod";
import { answerJson, fetchJson, type Limits } from "../lib/http.ts";
import { StatementError } from "./errors.ts";
import { signedStatementSchema, statementToJson } from "./json.ts";
import type { StatementStore, StoredStatement } from "./store.ts";

const PATH = /^\/statements\/(\d{1,10})$/;

const listSchema = z.object({
  statements: z.array(z.object({ statement: signedStatementSchema, receivedAt: z.int().min(0) })).max(10_000),
});

/**
 * Answers `GET /statements/:period` with every statement of that day: a contributor's own, or what a reporter received.
 * @returns Whether the request was one.
 */
export function serveStatements(store: StatementStore, url: string, response: ServerResponse): boolean {
  const period = PATH.exec(url)?.[1];
  if (period === undefined) return false;
  const statements = store
    .statementsOf(Number(period))
    .map(({ signed, receivedAt }) => ({ statement: statementToJson(signed), receivedAt }));
  answerJson(response, 200, { statements });
  return true;
}

/**
 * Asks a contributor or a reporter for the statements of a day. They are not verified yet.
 * @param base Address, without a slash at its end.
 * @throws StatementError Malformed, HttpError, or the error of fetch.
 */
export async function fetchStatements(
  base: string,
  period: number,
  limits: Limits,
): Promise<StoredStatement[]> {
  const parsed = listSchema.safeParse(await fetchJson(`${base}/statements/${period}`, limits));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StatementError(
      "Malformed",
      issue?.path.join(".") ?? "",
      issue?.message ?? "?",
      "a list of statements",
    );
  }
  return parsed.data.statements.map(({ statement, receivedAt }) => ({ signed: statement, receivedAt }));
}
