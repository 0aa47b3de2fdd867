import { RefusalError } from "../lib/errors.ts";

/** What is wrong with published files. */
export type PublicationErrorCode = "NotFound" | "Malformed" | "WrongRules" | "AlreadyPublished";

/** Refusal of published files, with what was found and what was expected. */
export class PublicationError extends RefusalError<PublicationErrorCode> {
  override readonly name = "PublicationError";
}
