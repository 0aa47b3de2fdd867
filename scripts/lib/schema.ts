import { z } from "zod";
import { periodOfDate } from "./calendar.ts";

/** A date such as "2025-01-31" in a configuration, read as a UTC day number. */
export const dateSchema = z.string().transform((text, context) => {
  try {
    return periodOfDate(text);
  } catch {
    context.addIssue({ code: "custom", message: `"${text}" is not a date such as 2025-01-31` });
    return z.NEVER;
  }
});
