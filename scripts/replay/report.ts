import { drawCharts } from "./charts.ts";
import type { PriceRecord, ReplayResult, SettlementRecord, SpreadLeg } from "./result.ts";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const price = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat("en-US", { minimumFractionDigits: 4, maximumFractionDigits: 4 });

const STYLE = `
  :root { color-scheme: light; }
  * { box-sizing: border-box; }
  body { margin: 0; background: #f4f6f8; color: #1f2933;
    font: 14px/1.45 "Liberation Sans", "Helvetica Neue", Arial, sans-serif; }
  main { max-width: 1260px; margin: 0 auto; padding: 28px 24px 40px; }
  h1 { margin: 0; font-size: 26px; letter-spacing: -0.01em; }
  h2 { margin: 0; font-size: 15px; }
  p { margin: 4px 0 0; color: #66727f; }
  .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 12px; margin: 20px 0; }
  .tile, figure, section { background: #fff; border: 1px solid #e1e6eb; border-radius: 8px; }
  .tile { padding: 10px 14px; }
  .tile b { display: block; font-size: 21px; font-variant-numeric: tabular-nums; }
  .tile span { color: #66727f; font-size: 12px; }
  .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(560px, 1fr)); gap: 16px; }
  figure { margin: 0; padding: 14px 14px 8px; }
  figcaption { margin-bottom: 8px; }
  figcaption p { font-size: 12px; margin: 1px 0 0; }
  figure svg { display: block; width: 100%; height: auto; }
  section { margin-top: 16px; padding: 16px; overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; margin-top: 10px; font-variant-numeric: tabular-nums; }
  th, td { padding: 5px 10px; text-align: right; border-top: 1px solid #e9edf0; white-space: nowrap; }
  th { color: #66727f; font-weight: 600; font-size: 12px; border-top: 0; }
  th.text, td.text { text-align: left; }
  .good { color: #15806b; } .bad { color: #c9302c; font-weight: 600; }
  footer { margin-top: 18px; color: #66727f; font-size: 12px; }
`;

/** Writes the report of a replay: one HTML page that needs nothing else, no script and no network. */
export function renderReport(result: ReplayResult): string {
  const { settlements, conservation, details } = result;
  const tiles: [value: string, label: string][] = [
    [whole.format(result.days), "simulated days"],
    [whole.format(result.prints), "prints posted"],
    [whole.format(result.fills), "fills"],
    [whole.format(result.fundingUpdates), "funding updates"],
    [whole.format(result.liquidations), "liquidations"],
    [`${settlements.filter(({ matches }) => matches).length} of ${settlements.length}`, "settlements exact"],
    [whole.format(result.transactions), "transactions"],
    [`${conservation.maxDrift}`, `drift in ${whole.format(conservation.checks)} checks`],
  ];
  const charts = drawCharts(result).map(
    ({ title, caption, svg }) =>
      `<figure><figcaption><h2>${escape(title)}</h2><p>${escape(caption)}</p></figcaption>${svg}</figure>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Usance: replay of ${result.from} to ${result.to}</title>
<style>${STYLE}</style>
</head>
<body><main>
<h1>Usance: futures on AI token usage</h1>
<p>Replay of real daily usage, ${result.from} to ${result.to}${result.complete ? "" : " (ended early)"}: every print signed by a
quorum of reporters, every order a signed transaction on a local chain. Seed ${result.seed}, ${whole.format(result.seconds)} seconds.</p>
<div class="tiles">${tiles.map(([value, label]) => `<div class="tile"><b>${escape(value)}</b><span>${escape(label)}</span></div>`).join("")}</div>
<div class="charts">${charts.join("\n")}</div>
${section(
  "Settlements",
  "Price that the contract wrote beside the mean of the month's prints calculated from the data file, in points of the contract.",
  settlementTable(settlements, price),
)}
${result.prices === undefined ? "" : priceSections(result.prices)}
${section(
  "Liquidations",
  `The last ${Math.min(20, details.liquidations.length)} of ${details.liquidations.length} steps. Data and margins cause them; nothing in the run is scripted to.`,
  table(
    ["*date", "*participant", "*market", "*step", "lots", "price", "fee or shortfall, USD"],
    details.liquidations
      .slice(-20)
      .map((each) => [
        each.date,
        escape(each.participant),
        each.market,
        each.kind,
        whole.format(each.lots),
        each.price === null ? "–" : price.format(each.price),
        whole.format(each.cost),
      ]),
  ),
)}
${section(
  "Participants",
  "Amounts in USD of the test collateral.",
  table(
    ["*name", "*role", "deposited", "withdrawn", "equity", "profit"],
    details.participants.map((each) => [
      escape(each.name),
      each.role,
      whole.format(each.deposited),
      whole.format(each.withdrawn),
      whole.format(each.equity),
      each.profit < 0 ? bad(whole.format(each.profit)) : whole.format(each.profit),
    ]),
  ),
)}
${section(
  "Gas",
  "Whole transactions, by function called.",
  table(
    ["*function", "calls", "smallest", "median", "largest"],
    Object.entries(result.gas).map(([name, { count, min, median, max }]) => [
      name,
      ...[count, min, median, max].map((value) => whole.format(value)),
    ]),
  ),
)}
<footer>Data: tokens routed per UTC day by OpenRouter (openrouter.ai/rankings), CC BY 4.0.</footer>
</main></body>
</html>
`;
}

function settlementTable(settlements: readonly SettlementRecord[], price: Intl.NumberFormat): string {
  return table(
    ["*market", "*settled on", "price", "mean of prints", "divisor", "days filled", "*exact"],
    settlements.map((each) => [
      each.market,
      each.settledOn,
      price.format(each.price),
      exact.format(each.mean),
      `${each.divisor}`,
      each.filledDays.join(", ") || "–",
      each.matches ? good("yes") : bad("no"),
    ]),
  );
}

/** TPX and GPX, with what of them is synthetic. */
function priceSections({ labels, prints, settlements, spreads }: PriceRecord): string {
  const leg = ({ lots, mark }: SpreadLeg) => [whole.format(lots), exact.format(mark)];
  return [
    section(
      "Settlements of TPX and GPX",
      `USD. TPX: ${labels.TPX}. GPX: ${labels.GPX}. ${whole.format(prints)} prints of both.`,
      settlementTable(settlements, exact),
    ),
    section(
      "Token-to-GPU spread",
      `Each trade is one batch of two fill-or-kill orders: both legs or neither. Marks in USD. GPX: ${labels.GPX}.`,
      table(
        ["*date", "*month", "*trade", "TPX lots", "TPX mark", "GPX lots", "GPX mark"],
        spreads.map((each) => [each.date, each.month, each.kind, ...leg(each.tokens), ...leg(each.hours)]),
      ),
    ),
  ].join("\n");
}

function section(title: string, caption: string, content: string): string {
  return `<section><h2>${escape(title)}</h2><p>${escape(caption)}</p>${content}</section>`;
}

/** Table of cells that are HTML already; a column whose title starts with * holds text. */
function table(titles: readonly string[], rows: readonly string[][]): string {
  const cell = (tag: string, content: string, column: number) =>
    `<${tag}${titles[column]!.startsWith("*") ? ' class="text"' : ""}>${content}</${tag}>`;
  const head = titles.map((title, column) => cell("th", escape(title.replace(/^\*/, "")), column)).join("");
  const body = rows.map(
    (row) => `<tr>${row.map((content, column) => cell("td", content, column)).join("")}</tr>`,
  );
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function good(text: string): string {
  return `<span class="good">${escape(text)}</span>`;
}

function bad(text: string): string {
  return `<span class="bad">${escape(text)}</span>`;
}

function escape(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}
