import { expect } from "chai";
import { stress } from "../../scripts/hedge/stress.ts";
import { near } from "../maker/near.ts";
import { REAL } from "./made.ts";

/** A series whose 7-day mean is known: each value stands for seven days. */
const flat = (values: readonly number[], days = 7) =>
  new Map(
    values.flatMap((value, step) =>
      Array.from({ length: days }, (_, day) => [step * days + day, value] as const),
    ),
  );

describe("worst cases from the index's own history", () => {
  it("are zero where it stands still", () => {
    expect(stress(flat(Array(20).fill(1_000)), 1, 30)).to.deep.equal({
      days: 30,
      starts: 107,
      oneDay: 0,
      atEnd: 0,
      onTheWay: 0,
      worst: 0,
    });
  });

  it("see the deepest point on the way and not only the end", () => {
    // Falls by half for a week and comes back: whoever held it paid margin calls for the half.
    const values = [...Array<number>(10).fill(1_000), 500, ...Array<number>(10).fill(1_000)];
    const long = stress(flat(values), 1, 30)!;
    expect(long.worst).to.be.satisfy(near(0.5, 1e-12));
    expect(long.onTheWay).to.be.satisfy(near(0.5, 1e-12));
    const short = stress(flat(values), -1, 30)!;
    expect(short.worst).to.be.satisfy(near(1, 1e-12));
  });

  it("take the mean growth out where that is worse: a long gains nothing by growth that was in the price", () => {
    const growing = new Map(Array.from({ length: 200 }, (_, day) => [day, 1_000 * 1.01 ** day]));
    const long = stress(growing, 1, 30)!;
    expect(long.onTheWay).to.be.satisfy(near(0, 0.02));
    const short = stress(growing, -1, 30)!;
    expect(short.atEnd).to.be.satisfy(near(1.01 ** 30 - 1, 0.01));
    expect(short.oneDay).to.be.satisfy(near(0.01, 0.001));
  });

  it("agree with what the design says of the real series", () => {
    const long = stress(REAL, 1, 30)!;
    const short = stress(REAL, -1, 30)!;
    expect(Math.max(long.oneDay, short.oneDay)).to.be.within(0.05, 0.075);
    expect(long.atEnd).to.be.at.most(long.onTheWay + 1e-12);
    expect(long.onTheWay).to.be.at.most(long.worst);
    expect(long.onTheWay).to.be.within(0.2, 0.6);
    expect(short.onTheWay).to.be.above(0.5);
  });

  it("grow with the days, also where few starts have seen all of them", () => {
    const early = new Map([...REAL].slice(0, 140));
    for (const direction of [1, -1] as const) {
      const ways = [10, 41, 72, 103].map((days) => stress(early, direction, days)!.onTheWay);
      expect(ways).to.deep.equal(ways.toSorted((a, b) => a - b));
    }
  });

  it("are not stated from a history that is too short", () => {
    expect(stress(flat(Array(8).fill(1_000)), 1, 30)).to.equal(undefined);
  });
});
