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
}

/** Writes JSON with bigints as decimal texts. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2);
}

const NUMBER = /^[-+]?[\d.,]+ ?[%M]?$|^-?$/;

/** Aligns a table: columns of numbers to the right, everything else to the left. */
export function formatTable({ columns, rows, empty = "none" }: Table): string {
  if (rows.length === 0) return empty;
  const layout = columns.map((title, column) => {
    const cells = rows.map((row) => row[column] ?? "");
    return {
      width: Math.max(title.length, ...cells.map((cell) => cell.length)),
      right: cells.every((cell) => NUMBER.test(cell)),
    };
  });
  return [columns, ...rows]
    .map((row) =>
      layout
        .map(({ width, right }, column) => {
          const cell = row[column] ?? "";
          return right ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The text of an answer, with the end of its last line. */
export function formatAnswer({ json, text }: Answer, asJson: boolean): string {
  const lines = asJson
    ? [toJson(json)]
    : text.map((part) => (typeof part === "string" ? part : formatTable(part)));
  return `${lines.join("\n")}\n`;
}
