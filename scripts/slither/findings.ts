/** A finding, as far as it names the same thing tomorrow: no line numbers. */
export interface Finding {
  detector: string;
  impact: string;
  /** Contract and function, or the file where there is none. */
  where: string;
}

/** Findings of one detector that stand, and why. `where` may end in `*`. */
export interface Verdict {
  detector: string;
  where: string;
  reason: string;
}

interface Element {
  type: string;
  name: string;
  source_mapping?: { filename_relative?: string };
  type_specific_fields?: { parent?: Element; signature?: string };
}

/** The function or contract that an element belongs to. */
function owner(element: Element): string {
  const { parent } = element.type_specific_fields ?? {};
  if (element.type === "contract") return element.name;
  if (element.type === "function") return `${parent?.name ?? "?"}.${element.name}`;
  if (parent !== undefined) return owner(parent);
  return element.source_mapping?.filename_relative ?? element.name;
}

/** The findings in contracts/, each detector and place once. */
export function findings(report: unknown): Finding[] {
  const detectors =
    (report as { results?: { detectors?: { check: string; impact: string; elements: Element[] }[] } }).results
      ?.detectors ?? [];
  const all = detectors
    .filter(
      ({ elements }) => elements[0]?.source_mapping?.filename_relative?.startsWith("contracts/") ?? false,
    )
    .map(({ check, impact, elements }) => ({
      detector: check,
      impact,
      where: owner(elements[0] as Element),
    }));
  const once = new Map(all.map((finding) => [`${finding.detector} ${finding.where}`, finding]));
  return [...once.values()].sort((a, b) =>
    `${a.detector} ${a.where}` < `${b.detector} ${b.where}` ? -1 : 1,
  );
}

function covers(verdict: Verdict, finding: Finding): boolean {
  if (verdict.detector !== finding.detector) return false;
  return verdict.where.endsWith("*")
    ? finding.where.startsWith(verdict.where.slice(0, -1))
    : finding.where === verdict.where;
}

/** Findings that nobody has judged, and verdicts on what is no longer found. */
export function judge(
  found: readonly Finding[],
  verdicts: readonly Verdict[],
): { open: Finding[]; stale: Verdict[] } {
  return {
    open: found.filter((finding) => !verdicts.some((verdict) => covers(verdict, finding))),
    stale: verdicts.filter((verdict) => !found.some((finding) => covers(verdict, finding))),
  };
}
