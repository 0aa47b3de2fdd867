import type { ChildProcess } from "node:child_process";

const children = new Set<ChildProcess>();

process.once("exit", () => {
  // Not SIGKILL: the launcher passes this one on to the process that it started.
  for (const child of children) child.kill("SIGTERM");
});

/** Lets a process end with this one at the latest: a test that fails does not come to ending what it started. */
export function endsWithTests<child extends ChildProcess>(child: child): child {
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}
