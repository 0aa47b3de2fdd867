import { expect } from "chai";
import {
  dailyGrowth,
  defaultForecast,
  expectedMeanMove,
  forecastDay,
  perpetualFair,
  windowFair,
} from "../../scripts/maker/forecast.ts";
import { PrintHistory } from "../../scripts/maker/history.ts";
import { near } from "./near.ts";

function historyOf(days: number, value: (day: number) => number): PrintHistory {
  const history = new PrintHistory();
  for (let day = 0; day < days; day++) history.record(day, value(day));
  return history;
}

describe("forecast of usage", () => {
  it("takes the mean of the prints that are there", () => {
    const history = new PrintHistory();
    expect(history.mean()).to.equal(undefined);
    history.record(1, 10);
    history.record(3, 20);
    expect(history.mean()).to.equal(15);
    expect(history.newest).to.equal(3);
    expect(history.at(2)).to.equal(undefined);
    expect(() => history.record(4, 0)).to.throw(RangeError);
  });

  it("sees no growth in a flat series, and forecasts the level", () => {
    const flat = historyOf(40, () => 1_000);
    expect(dailyGrowth(flat)).to.equal(0);
    expect(forecastDay(flat, 100)).to.equal(1_000);
    expect(windowFair(flat, 30, 60)).to.equal(1_000);
    expect(expectedMeanMove(flat)).to.satisfy(near(0, 1e-12));
    expect(perpetualFair(flat, 1_000, 28_800)).to.satisfy(near(1_000, 1e-9));
  });

  it("believes a part of the growth, bounded, and lets it fade", () => {
    const growing = historyOf(40, (day) => 1_000 * 1.01 ** day);
    expect(dailyGrowth(growing)).to.satisfy(near(defaultForecast.belief * Math.log(1.01), 1e-9));
    const far = forecastDay(growing, 400)!;
    expect(far).to.be.greaterThan(forecastDay(growing, 60)!);
    expect(far).to.satisfy(near(forecastDay(growing, 500)!, 1));
    const exploding = historyOf(40, (day) => 1_000 * 1.5 ** day);
    expect(dailyGrowth(exploding)).to.equal(defaultForecast.maxDailyGrowth);
  });

  it("needs a history as long as the growth is measured over", () => {
    expect(dailyGrowth(historyOf(10, () => 1_000))).to.equal(0);
    expect(forecastDay(new PrintHistory(), 5)).to.equal(undefined);
    expect(windowFair(new PrintHistory(), 1, 2)).to.equal(undefined);
  });

  it("blends the prints of the window with the forecast", () => {
    const history = historyOf(15, () => 1_000);
    history.record(15, 1_700);
    // Fifteen days at 1,000, one at 1,700, fourteen at the new mean of 1,100.
    expect(windowFair(history, 0, 29, { ...defaultForecast, belief: 0 })).to.satisfy(
      near((15 * 1_000 + 1_700 + 14 * 1_100) / 30, 1e-9),
    );
    expect(windowFair(history, 0, 14)).to.equal(1_000);
  });

  it("knows the day that leaves the mean", () => {
    const history = historyOf(14, (day) => (day === 7 ? 2_000 : 1_000));
    // The 2,000 leave and are expected to come again, as the same weekday.
    expect(expectedMeanMove(history, { ...defaultForecast, belief: 0 })).to.satisfy(near(0, 1e-12));
    expect(expectedMeanMove(new PrintHistory())).to.equal(0);
  });

  it("asks a premium that funding pays away", () => {
    const growing = historyOf(40, (day) => 1_000 * 1.01 ** day);
    const move = expectedMeanMove(growing);
    expect(move).to.be.greaterThan(0);
    expect(perpetualFair(growing, 1_000, 28_800)).to.satisfy(near(1_000 * (1 + move / 3), 1e-9));
  });
});
