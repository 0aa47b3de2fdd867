/** What one line of the hazards table in docs/security.md names: Solidity tests, ids of invariants, TypeScript tests. */
export interface NamedTests {
  hazard: string;
  names: string[];
  open: boolean;
}

/** The rows of the tables below "## Hazards". */
export function hazards(page: string): NamedTests[] {
  const start = page.indexOf("\n## Hazards\n");
  const end = page.indexOf("\n## ", start + 1);
  const rows = page
    .slice(start, end < 0 ? undefined : end)
    .matchAll(/^\| (?!hazard |-)([^|]+) \| (.+) \|$/gm);
  return [...rows].map(([, hazard = "", tests = ""]) => ({
    hazard,
    names: [...tests.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
    open: /\bopen\b/.test(tests.replace(/`[^`]*`/g, "")),
  }));
}

/** Names that exist nowhere. `titles` are "file › title" of the TypeScript tests. */
export function missing(
  rows: readonly NamedTests[],
  known: { functions: ReadonlySet<string>; ids: ReadonlySet<string>; titles: ReadonlySet<string> },
): string[] {
  return rows
    .flatMap(({ names }) => names)
    .filter((name) => !known.functions.has(name) && !known.ids.has(name) && !known.titles.has(name));
}
