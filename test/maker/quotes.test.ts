import { expect } from "chai";
import { defaultQuotes, quotes, type QuoteState } from "../../scripts/maker/quotes.ts";
import { lotsFor } from "../../scripts/maker/snapshot.ts";
import { market } from "../takers/paper.ts";

function state(fields: Partial<QuoteState> = {}): QuoteState {
  return { market: market(), fair: 2_000, position: 0, capital: 1e6, othersBid: 0, othersAsk: 0, ...fields };
}

const bidsOf = (orders: ReturnType<typeof quotes>) =>
  orders.filter(({ lots }) => lots > 0).map(({ tick }) => tick);
const asksOf = (orders: ReturnType<typeof quotes>) =>
  orders.filter(({ lots }) => lots < 0).map(({ tick }) => tick);

describe("quotes of the market maker", () => {
  it("stand on both sides of fair value, each level further away", () => {
    const orders = quotes(state());
    expect(bidsOf(orders)).to.deep.equal([1_997, 1_990, 1_972]);
    expect(asksOf(orders)).to.deep.equal([2_003, 2_010, 2_028]);
    const [first] = orders;
    expect(first?.lots).to.equal(lotsFor(market(), 1e6 * defaultQuotes.levels[0]!.share));
  });

  it("never stand where the fill band refuses them", () => {
    const band = { lowestFill: 1_900, highestFill: 2_100 };
    const high = quotes(state({ market: market(band), fair: 2_500 }));
    expect(Math.max(...bidsOf(high))).to.equal(2_100);
    expect(Math.min(...asksOf(high))).to.be.greaterThan(2_500);
    const low = quotes(state({ market: market(band), fair: 1_500 }));
    expect(Math.min(...asksOf(low))).to.equal(1_900);
    expect(Math.max(...bidsOf(low))).to.be.lessThan(1_500);
  });

  it("do not meet the orders of others", () => {
    const orders = quotes(state({ othersBid: 2_050, othersAsk: 2_051 }));
    expect(Math.min(...asksOf(orders))).to.equal(2_051);
    expect(Math.max(...bidsOf(quotes(state({ othersAsk: 1_950 }))))).to.equal(1_949);
  });

  it("lean against inventory and leave out the side that would add to a full one", () => {
    const full = lotsFor(market(), 1e6 * defaultQuotes.maxInventory);
    const long = quotes(state({ position: full / 2 }));
    expect(Math.max(...bidsOf(long))).to.be.lessThan(1_997);
    expect(bidsOf(quotes(state({ position: full })))).to.deep.equal([]);
    expect(asksOf(quotes(state({ position: -full })))).to.deep.equal([]);
    expect(asksOf(quotes(state({ position: full })))).to.have.length(3);
  });

  it("are at least as large as what the mark price counts", () => {
    for (const { lots } of quotes(state({ capital: 10 }))) expect(Math.abs(lots)).to.equal(1_000);
  });

  it("are absent where nothing can be quoted", () => {
    expect(quotes(state({ market: market({ open: false }) }))).to.deep.equal([]);
    expect(quotes(state({ fair: NaN }))).to.deep.equal([]);
    expect(quotes(state({ capital: 0 }))).to.deep.equal([]);
  });

  it("never cross themselves, whatever the band", () => {
    for (const fair of [2, 3, 50, 1_000, 16_000_000])
      for (const width of [0, 1, 60]) {
        const band = { mark: fair, lowestFill: Math.max(1, fair - width), highestFill: fair + width };
        const orders = quotes(state({ fair, market: market(band) }));
        const [bids, asks] = [bidsOf(orders), asksOf(orders)];
        expect(Math.max(...bids, 0)).to.be.lessThan(Math.min(...asks));
        expect(new Set(bids).size).to.equal(bids.length);
        expect(new Set(asks).size).to.equal(asks.length);
        for (const bid of bids) expect(bid).to.be.greaterThan(0);
      }
  });
});
