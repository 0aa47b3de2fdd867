import type { Hex } from "viem";
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

/** A hash: 32 bytes in lower-case hex. */
export const hashSchema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "must be 32 bytes in lower-case hex") as unknown as z.ZodType<Hex>;
