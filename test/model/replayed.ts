import type { Action } from "./actions.ts";

/** Sequences on which model and chain once differed, or that reach what chance seldom does. They are run before the random ones. */
export const REPLAYED: { name: string; actions: Action[] }[] = [];
