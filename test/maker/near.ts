/** Whether a number is within `delta` of another. Chai's own `closeTo` takes only integers beside Hardhat's matchers. */
export function near(expected: number, delta: number): (actual: number) => boolean {
  return (actual) => Math.abs(actual - expected) <= delta;
}
