/** Rounds to decimal places: more would only make files larger. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
