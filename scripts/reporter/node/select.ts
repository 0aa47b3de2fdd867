import { sortReports } from "@usance/sdk";
import type { FullReport } from "./reports.ts";

const BPS = 10_000n;

/** What a post needs. */
export interface Quorum {
  /** Distinct reporters. */
  readonly quorum: number;
  /** Largest (max − min) / median of the values, basis points. */
  readonly maxDispersionBps: number;
}

/**
 * Chooses the reports of a post so that the contract takes it, without those that it would refuse the rest for.
 *
 * Where a quorum says exactly the same, these reports are the post: any others could only pull. Else it is the largest number of reports
 * that are close enough to one another; of several such ranges the narrowest.
 * @param reports Verified, one of each reporter.
 * @returns In the order of signers; undefined where no quorum can be posted.
 */
export function selectReports(
  reports: readonly FullReport[],
  { quorum, maxDispersionBps }: Quorum,
): FullReport[] | undefined {
  const [largest = []] = groupsOf(reports).sort((a, b) => b.length - a.length);
  if (largest.length >= quorum) return sortReports(largest).slice(0, quorum);

  const sorted = [...reports].sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  let best: FullReport[] | undefined;
  for (let first = 0; first < sorted.length; first++)
    for (let end = first + quorum; end <= sorted.length; end++) {
      const range = sorted.slice(first, end);
      if (!isClose(range, maxDispersionBps)) continue;
      const isBetter =
        best === undefined ||
        range.length > best.length ||
        (range.length === best.length && spread(range) < spread(best));
      if (isBetter) best = range;
    }
  return best && sortReports(best);
}

/** Reports that say the same, together. */
function groupsOf(reports: readonly FullReport[]): FullReport[][] {
  const groups = new Map<string, FullReport[]>();
  for (const report of reports) {
    const key = `${report.value} ${report.vintage}`;
    groups.set(key, [...(groups.get(key) ?? []), report]);
  }
  return [...groups.values()];
}

/** The contract's test: spread × 10,000 against the limit times the lower median. */
function isClose(range: readonly FullReport[], maxDispersionBps: number): boolean {
  const median = range[(range.length - 1) >> 1]?.value ?? 0n;
  return spread(range) * BPS <= BigInt(maxDispersionBps) * median;
}

function spread(range: readonly FullReport[]): bigint {
  return (range.at(-1)?.value ?? 0n) - (range[0]?.value ?? 0n);
}
