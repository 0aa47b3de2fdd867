// Writes docs/api: the reference of everything that @usance/sdk exports, from the comments of its sources.
// `--check` writes nothing and fails where the committed pages are stale.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  Application,
  Comment,
  CommentTag,
  Converter,
  ReflectionKind,
  type DeclarationReflection,
  type Context,
} from "typedoc";
import { root } from "./lib/production.ts";

const sdk = join(root, "sdk");
const out = join(root, "docs", "api");

// One page each; the two entries have what is left.
const pages = ["actions", "orders", "signedOrders", "units", "reports", "errors"].map(
  (name) => `src/${name}/index.ts`,
);

/** Generated sources: their names say all, and they are longer than the rest together. */
const GENERATED = /(\/abis|\/ethers\/contracts\/\w+|\/ethers\/contracts\/factories\/\w+)\.ts$/;

const READS = "Actions that read";
const SENDS = "Actions that send a transaction";

/** Under which heading of its page a declaration stands. */
function groupOf(kind: ReflectionKind, file: string): string | undefined {
  if (!/\/actions\/\w+\.ts$/.test(file)) return undefined;
  if (kind === ReflectionKind.Function) return READS;
  if (kind === ReflectionKind.Variable) return SENDS;
  return undefined;
}

async function generate(folder: string): Promise<void> {
  const app = await Application.bootstrapWithPlugins({
    name: "@usance/sdk",
    entryPoints: [...pages, "src/index.ts", "src/ethers/index.ts"].map((path) => join(sdk, path)),
    tsconfig: join(sdk, "tsconfig.json"),
    basePath: join(sdk, "src"),
    plugin: ["typedoc-plugin-markdown"],
    readme: "none",
    disableSources: true,
    disableGit: true,
    outputs: [{ name: "markdown", path: folder }],
    excludeExternals: true,
    logLevel: "Error",
    sort: ["source-order"],
    groupOrder: [READS, SENDS, "Functions", "Classes", "*"],
    router: "module",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    hideGroupHeadings: false,
    useCodeBlocks: true,
    expandObjects: false,
    expandParameters: false,
    parametersFormat: "table",
    propertiesFormat: "table",
    typeDeclarationFormat: "table",
    typeDeclarationVisibility: "compact",
  } as Parameters<typeof Application.bootstrapWithPlugins>[0]);
  app.converter.on(
    Converter.EVENT_CREATE_DECLARATION,
    (context: Context, reflection: DeclarationReflection) => {
      const file =
        context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName ?? "";
      const group = groupOf(reflection.kind, file);
      // An action's errors are told where it says what it throws.
      if (GENERATED.test(file) || /\w+ErrorType$/.test(reflection.name)) {
        context.project.removeReflection(reflection);
      } else if (group !== undefined) {
        reflection.comment ??= new Comment();
        reflection.comment.blockTags.push(new CommentTag("@group", [{ kind: "text", text: group }]));
      }
    },
  );
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    // What an entry merely passes on stands on the page that has it.
    for (const reference of project.getReflectionsByKind(ReflectionKind.Reference)) {
      project.removeReflection(reference);
    }
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the sources of the SDK.");
  await app.generateOutputs(project);
}

/** Pages by path. */
function read(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".md"),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

const folder = mkdtempSync(join(tmpdir(), "usance-api-"));
try {
  await generate(folder);
  const [committed, fresh] = [read(out), read(folder)];
  const stale = [...new Set([...committed.keys(), ...fresh.keys()])].filter(
    (path) => committed.get(path) !== fresh.get(path),
  );
  if (process.argv.includes("--check")) {
    if (stale.length > 0) {
      console.error(`stale in docs/api: ${stale.join(", ")}; run npm run docs:api`);
      process.exitCode = 1;
    }
  } else {
    rmSync(out, { recursive: true, force: true });
    for (const [path, text] of fresh) {
      mkdirSync(dirname(join(out, path)), { recursive: true });
      writeFileSync(join(out, path), text);
    }
    console.log(`${fresh.size} pages in docs/api, ${stale.length} of them changed`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
