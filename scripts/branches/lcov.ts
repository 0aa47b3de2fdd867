/** One branch of an LCOV report. */
export interface Branch {
  line: number;
  /** How often it was taken; 0 also where its line was never reached. */
  taken: number;
}

export interface FileCoverage {
  /** Path below the repository. */
  file: string;
  branches: Branch[];
}

/** Reads the branches of every file in an LCOV tracefile; a file that stands there twice is summed. */
export function parseLcov(text: string): FileCoverage[] {
  const files = new Map<string, Map<string, Branch>>();
  let current: Map<string, Branch> | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("SF:")) {
      const file = line.slice(3).trim().replaceAll("\\", "/");
      current = files.get(file) ?? new Map<string, Branch>();
      files.set(file, current);
    } else if (line.startsWith("BRDA:")) {
      const match = /^BRDA:(\d+),(.+),(-|\d+)\s*$/.exec(line);
      if (match === null || current === undefined) throw new Error(`Not a line of LCOV: ${line}`);
      const [, at = "", name = "", count = ""] = match;
      const key = `${at},${name}`;
      const branch = current.get(key) ?? { line: Number(at), taken: 0 };
      branch.taken += count === "-" ? 0 : Number(count);
      current.set(key, branch);
    }
  }
  return [...files]
    .map(([file, branches]) => ({ file, branches: [...branches.values()] }))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

export interface Sum {
  taken: number;
  all: number;
}

export function sum(files: readonly FileCoverage[]): Sum {
  const branches = files.flatMap((file) => file.branches);
  return { taken: branches.filter(({ taken }) => taken > 0).length, all: branches.length };
}

/**
 * A share in percent with one decimal, rounded down so that nothing reads as 100 % or as a target that it misses.
 * @throws where there is nothing to count: a report without branches proves nothing.
 */
export function percent({ taken, all }: Sum): string {
  if (all === 0) throw new Error("The report has no branches");
  const tenths = Math.floor((taken * 1000) / all);
  return `${Math.floor(tenths / 10)}${tenths % 10 === 0 ? "" : `.${tenths % 10}`}`;
}

/** One line a file with branches: share, counts, path, and the lines of those never taken. */
export function table(files: readonly FileCoverage[]): string[] {
  return files
    .filter(({ branches }) => branches.length > 0)
    .map((file) => {
      const counted = sum([file]);
      const missed = [...new Set(file.branches.filter(({ taken }) => taken === 0).map(({ line }) => line))];
      const figures = `${percent(counted).padStart(5)} %  ${`${counted.taken}/${counted.all}`.padStart(8)}`;
      const lines =
        missed.length === 0 ? "" : `  never taken: line ${missed.sort((a, b) => a - b).join(", ")}`;
      return `${figures}  ${file.file}${lines}`;
    });
}
