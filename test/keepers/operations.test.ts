import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createProgram, everyCommand } from "../../scripts/cli/program.ts";
import { parseConfig } from "../../scripts/keepers/config.ts";
import { addProcessMetrics, createMetrics } from "../../scripts/keepers/metrics.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** What the keeper's registry has: names of series with their labels. */
async function knownSeries(): Promise<Map<string, Set<string>>> {
  const metrics = createMetrics();
  addProcessMetrics(metrics);
  const series = new Map<string, Set<string>>();
  for (const { name, type } of await metrics.registry.getMetricsAsJSON()) {
    const labels = (metrics.registry.getSingleMetric(name) as unknown as { labelNames?: string[] })
      .labelNames;
    const known = new Set(labels ?? []);
    series.set(name, known);
    if (String(type) !== "histogram") continue;
    for (const part of ["bucket", "sum", "count"]) series.set(`${name}_${part}`, new Set([...known, "le"]));
  }
  return series;
}

/** Words of PromQL that name no series. */
const WORDS = new Set(
  "abs absent and avg by count histogram_quantile increase max min on or rate sum time unless without".split(
    " ",
  ),
);

/** Series and labels that an expression names. */
function namesIn(expression: string): { series: string[]; labels: string[] } {
  const labels: string[] = [];
  const rest = expression
    .replaceAll(/\{([^}]*)\}/g, (_, inner: string) => {
      for (const [, label = ""] of inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"[^"]*"/g)) labels.push(label);
      return "";
    })
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/\b(?:by|on|without)\s*\(([^)]*)\)/g, (_, inner: string) => {
      labels.push(...inner.split(",").map((label) => label.trim()));
      return "";
    });
  const words = [...rest.matchAll(/[a-zA-Z_]\w*/g)].map(([word]) => word);
  return { series: words.filter((word) => !WORDS.has(word)), labels };
}

/** What an expression names that the registry does not have. */
function unknownIn(expression: string, known: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const { series, labels } = namesIn(expression);
  const reachable = new Set(series.flatMap((name) => [...(known.get(name) ?? [])]));
  return [
    ...(series.length === 0 ? ["no series"] : []),
    ...series.filter((name) => !known.has(name)),
    ...labels.filter((label) => !reachable.has(label)).map((label) => `label ${label}`),
  ];
}

/** Anchors of a page, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  return new Set(
    [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe("the alert rules for Prometheus", () => {
  const text = read("ops/prometheus/keepers.rules.yml");
  const rules = text
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((block) => ({
      name: /^\w+/.exec(block)?.[0] ?? "",
      expression: /^ {8}expr: (.*(?:\n {10,}.*)*)/m.exec(block)?.[1] ?? "",
      summary: /^ {10}summary: (.*)$/m.exec(block)?.[1] ?? "",
      runbook: /^ {10}runbook_url: docs\/runbook\.md#(\S+)$/m.exec(block)?.[1] ?? "",
      severity: /severity: (\w+)/.exec(block)?.[1] ?? "",
      labels: [...block.matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label),
    }));

  it("name series and labels that the keeper has", async () => {
    const known = await knownSeries();
    expect(rules.length).to.be.greaterThan(12);
    expect(rules.length).to.equal(text.match(/- alert:/g)?.length);
    for (const { name, expression } of rules) expect(unknownIn(expression, known), name).to.deep.equal([]);
    expect(unknownIn("rate(usance_keeper_gone_total[5m]) > 0", known)).to.deep.equal([
      "usance_keeper_gone_total",
    ]);
    expect(unknownIn('usance_market_phase{keeper="x"}', known)).to.deep.equal(["label keeper"]);
  });

  it("say what is wrong and where to read on", async () => {
    const known = await knownSeries();
    const anchors = anchorsOf(read("docs/runbook.md"));
    expect(new Set(rules.map(({ name }) => name)).size).to.equal(rules.length);
    for (const { name, expression, summary, runbook, severity, labels } of rules) {
      expect(summary.length, name).to.be.greaterThan(10);
      expect([...anchors], name).to.include(runbook);
      expect(severity, name).to.be.oneOf(["warning", "critical"]);
      const { series } = namesIn(expression);
      for (const label of labels)
        expect(
          series.some((each) => known.get(each)?.has(label)),
          `${name}: ${label}`,
        ).to.be.true;
    }
  });
});

describe("the dashboard for Grafana", () => {
  interface Panel {
    id: number;
    type: string;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets?: { expr: string }[];
  }
  const { panels } = JSON.parse(read("ops/grafana/keepers.json")) as { panels: Panel[] };

  it("names series and labels that the keeper has, and shows each that is the keeper's own", async () => {
    const known = await knownSeries();
    const shown = new Set<string>();
    for (const { type, title, targets = [] } of panels) {
      if (type !== "row") expect(targets, title).not.to.be.empty;
      for (const { expr } of targets) {
        expect(unknownIn(expr, known), title).to.deep.equal([]);
        for (const name of namesIn(expr).series) shown.add(name.replace(/_bucket$/, ""));
      }
    }
    // Numbers of blocks are behind the lag that is shown.
    const left = [...known.keys()].filter(
      (name) => name.startsWith("usance_") && !/_(bucket|sum|count|block_number)$/.test(name),
    );
    expect(left.filter((name) => !shown.has(name))).to.deep.equal([]);
  });

  it("has panels that do not overlap", () => {
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    for (const [i, { gridPos: a, title }] of panels.entries()) {
      expect(a.x + a.w, title).to.be.at.most(24);
      for (const { gridPos: b, title: other } of panels.slice(i + 1))
        expect(
          a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
          `${title} and ${other}`,
        ).to.be.false;
    }
  });
});

/** Parses words as the command line does, and gives the command that they reach. */
async function commandOf(words: readonly string[]): Promise<string> {
  const program = createProgram({ writeOut: () => {}, writeErr: () => {} });
  let reached = "";
  for (const command of everyCommand(program))
    if (command.commands.length === 0)
      command.action(() => void (reached = `${command.parent?.name()} ${command.name()}`));
  await program.parseAsync(words, { from: "user" });
  return reached;
}

describe("the unit for systemd", () => {
  const unit = read("ops/systemd/usance-keeper.service");
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];

  it("starts what the command line takes, from a file that is there", async () => {
    const [node, file = "", ...words] = (value("ExecStart") ?? "").split(" ");
    expect(node).to.equal("/usr/bin/node");
    expect(existsSync(join(root, file.replace("/opt/usance/", "")))).to.be.true;
    expect(await commandOf(words)).to.equal("keeper run");
    // Only what it is handed may be named.
    const handed = [...unit.matchAll(/^LoadCredential=([\w.]+):/gm)].map(([, name]) => name);
    const named = words.flatMap((word) => /^%d\/(.+)$/.exec(word)?.[1] ?? []);
    expect(named).to.deep.equal(handed);
  });

  it("waits for the end of a transaction, starts again after an error, and may do little", () => {
    const { stopSeconds } = parseConfig({}).supervision;
    expect(Number(value("TimeoutStopSec"))).to.be.greaterThan(stopSeconds);
    expect(value("Restart")).to.equal("on-failure");
    for (const name of ["DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictNamespaces"])
      expect(value(name), name).to.equal("yes");
    expect(value("ProtectSystem")).to.equal("strict");
    expect(value("CapabilityBoundingSet")).to.equal("");
    // The engine compiles to memory that it then runs.
    expect(value("MemoryDenyWriteExecute")).to.equal(undefined);
    expect(unit).not.to.match(/PRIVATE_KEY|0x[0-9a-f]{8}/i);
  });
});

describe("the container", () => {
  const file = read("ops/docker/Dockerfile").replaceAll("\\\n", " ");
  const lines = file.split("\n").filter((row) => row !== "" && !row.startsWith("#"));
  const instructions = lines.map((row) => {
    const [, name = "", rest = ""] = /^\s*([A-Z]+)\s+(.*)$/.exec(row) ?? [];
    return { name, rest: rest.trim() };
  });
  const start = instructions.findLastIndex(({ name }) => name === "FROM");
  const final = instructions.slice(start);
  const last = (name: string) => final.findLast((each) => each.name === name)?.rest ?? "";
  const copies = instructions
    .filter(({ name, rest }) => name === "COPY" && !rest.startsWith("--from"))
    .map(({ rest }) => rest.split(/\s+/));

  it("copies what is there, and nothing that the ignore file keeps out", () => {
    const allowed = read("ops/docker/Dockerfile.dockerignore")
      .split("\n")
      .flatMap((row) => (row.startsWith("!") ? [row.slice(1)] : []));
    for (const path of copies.flatMap((words) => words.slice(0, -1))) {
      expect(existsSync(join(root, path)), path).to.be.true;
      expect(allowed, path).to.include(path);
    }
  });

  it("runs without rights, with no secret in it, and says whether it lives", () => {
    expect(
      instructions
        .filter(({ name }) => name === "FROM")
        .every(({ rest }) => /^node:24-slim( AS \w+)?$/.test(rest)),
    ).to.be.true;
    expect(last("USER")).to.equal("node");
    expect(last("HEALTHCHECK")).to.include(`:${parseConfig({}).http.port}/live`);
    expect(instructions.map(({ name }) => name)).not.to.include("ARG");
    expect(file).not.to.match(/PRIVATE_KEY|SECRET|PASSPHRASE=|0x[0-9a-f]{8}/i);
  });

  it("starts from the files that it copies, and from no others", async () => {
    const folder = mkdtempSync(join(tmpdir(), "usance-"));
    // The final stage: its own copies, and the SDK and the packages that the first one built.
    const own = copies.filter((words) => final.some(({ rest }) => rest === words.join(" ")));
    for (const path of [...own.flatMap((words) => words.slice(0, -1)), "sdk/package.json", "sdk/dist"]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(join(root, path), join(folder, path), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const [program = "", ...entry] = JSON.parse(last("ENTRYPOINT")) as string[];
    const command = JSON.parse(last("CMD")) as string[];
    expect(program).to.equal("node");
    expect(await commandOf(command)).to.equal("keeper run");
    // There is no configuration where the image looks for it: it says so before it asks any node.
    const { status, stderr } = spawnSync(process.execPath, [...entry, ...command], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(stderr).to.equal("There is no keeper configuration at /config/keeper.jsonc.\n");
    expect(status).to.equal(1);
  });
});
