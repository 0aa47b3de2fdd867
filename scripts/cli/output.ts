/** A table for people: column titles and rows of texts. */
export interface Table {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** Said instead where there are no rows. */
  empty?: string;
}

/** What a command answers: the same content for programs and for people. */
export interface Answer {
  /** Printed with --json; bigints become decimal texts. */
  json: unknown;
  /** Printed without. */
  text: readonly (string | Table)[];
  /** One sentence on what of it went wrong: it is printed after the rest, and the exit code is 1. */
  failure?: string;
}

/** Writes JSON with bigints as decimal texts. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2);
}

const NUMBER = /^([-+]?[\d,]+(\.\d+)?)?( ?[%M])?$|^-$/;

/** Aligns a table: numbers by their decimal points, everything else to the left. Columns without title and content are left out. */
export function formatTable({ columns, rows, empty = "none" }: Table): string {
  if (rows.length === 0) return empty;
  const kept = columns.flatMap((title, column) =>
    title !== "" || rows.some((row) => row[column]) ? [column] : [],
  );
  const layout = kept.map((column) => {
    const title = columns[column] ?? "";
    const given = rows.map((row) => row[column] ?? "");
    const right = given.every((cell) => NUMBER.test(cell));
    const cells = right ? alignPoints(given) : given;
    return { title, right, cells, width: Math.max(title.length, ...cells.map((cell) => cell.length)) };
  });
  const place = (text: string, { right, width }: (typeof layout)[number]) =>
    right ? text.padStart(width) : text.padEnd(width);
  const line = (textOf: (column: (typeof layout)[number]) => string) =>
    layout
      .map((column) => place(textOf(column), column))
      .join("  ")
      .trimEnd();
  return [line(({ title }) => title), ...rows.map((_, row) => line(({ cells }) => cells[row] ?? ""))].join(
    "\n",
  );
}

/** Pads numbers behind, so that their decimal points stand below one another where they end in one column. */
function alignPoints(cells: readonly string[]): string[] {
  const behind = (cell: string) => {
    const point = cell.indexOf(".");
    return point < 0 ? 0 : cell.length - point;
  };
  // A sign behind the numbers holds their places.
  if (cells.some((cell) => /[%M]$/.test(cell))) return [...cells];
  const most = Math.max(...cells.map(behind));
  return cells.map((cell) => cell.padEnd(cell.length + most - behind(cell)));
}

/** The text of an answer, with the end of its last line. */
export function formatAnswer({ json, text }: Answer, asJson: boolean): string {
  const lines = asJson
    ? [toJson(json)]
    : text.map((part) => (typeof part === "string" ? part : formatTable(part)));
  return `${lines.join("\n")}\n`;
}
