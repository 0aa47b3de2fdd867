import type { Market } from "./types.ts";

/** Days of a market's delivery window whose print is not locked, and all of them; 1 of 1 outside of a window. */
export const unlockedShare = ({ window }: Market): { unlocked: bigint; days: bigint } =>
  window.days === 0n
    ? { unlocked: 1n, days: 1n }
    : { unlocked: window.days - window.locked, days: window.days };
