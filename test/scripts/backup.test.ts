import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { backUp, BackupError, restore, restoredAt } from "../../scripts/lib/backup.ts";
import { openDatabase } from "../../scripts/lib/sqlite.ts";

const fresh = () => mkdtempSync(join(tmpdir(), "usance-backup-"));

/** A folder with two databases, one of them open and with rows that only its write-ahead log has. */
function used() {
  const folder = fresh();
  const open = openDatabase(join(folder, "guard.sqlite"), "CREATE TABLE IF NOT EXISTS signed (n INTEGER)");
  for (let n = 0; n < 100; n++) open.prepare("INSERT INTO signed VALUES (?)").run(n);
  openDatabase(join(folder, "reports.sqlite"), "CREATE TABLE IF NOT EXISTS reports (n INTEGER)").close();
  writeFileSync(join(folder, "notes.txt"), "not a database");
  return { folder, open };
}

function rows(path: string): number {
  const database = openDatabase(path, "");
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM signed").get()?.["n"]);
  } finally {
    database.close();
  }
}

describe("backups of databases", () => {
  it("are each as it is at one moment, while a process writes, and come back whole", () => {
    const { folder, open } = used();
    const [target, again] = [join(fresh(), "backup"), join(fresh(), "again")];
    const list = backUp(folder, target, 1_000);
    expect(list.files.map(({ name }) => name)).to.deep.equal(["guard.sqlite", "reports.sqlite"]);
    open.prepare("INSERT INTO signed VALUES (100)").run();
    expect(restoredAt(folder)).to.equal(0);
    expect(restore(target, again, 2_000)).to.deep.equal(list);
    expect(rows(join(again, "guard.sqlite"))).to.equal(100);
    expect(restoredAt(again)).to.equal(2_000);
    open.close();
    expect(rows(join(folder, "guard.sqlite"))).to.equal(101);
  });

  it("never replace anything", () => {
    const { folder, open } = used();
    open.close();
    const target = join(fresh(), "backup");
    backUp(folder, target, 1_000);
    for (const refused of [() => backUp(folder, target, 1_000), () => restore(target, folder, 2_000)])
      expect(refused).to.throw(BackupError).with.property("code", "NotEmpty");
    expect(restoredAt(folder)).to.equal(0);
  });

  it("are refused where there is nothing, or not what was written", () => {
    expect(() => backUp(fresh(), fresh(), 1))
      .to.throw(BackupError)
      .with.property("code", "NothingThere");
    expect(() => restore(fresh(), fresh(), 1))
      .to.throw(BackupError)
      .with.property("code", "NothingThere");
    const { folder, open } = used();
    open.close();
    const target = join(fresh(), "backup");
    backUp(folder, target, 1_000);
    const path = join(target, "guard.sqlite");
    const content = readFileSync(path);
    content[content.length - 1]! ^= 1;
    writeFileSync(path, content);
    const again = fresh();
    expect(() => restore(target, again, 1))
      .to.throw(BackupError)
      .with.property("code", "Damaged");
    expect(readdirSync(again)).to.deep.equal([]);
    for (const text of [
      "",
      "{}",
      '{"format":1,"takenAt":1,"files":[{"name":"../x.sqlite","bytes":1,"sha256":"00"}]}',
    ]) {
      writeFileSync(join(target, "backup.json"), text);
      expect(() => restore(target, again, 1))
        .to.throw(BackupError)
        .with.property("code", "Malformed");
    }
    writeFileSync(join(again, "restored.json"), "{}");
    expect(() => restoredAt(again))
      .to.throw(BackupError)
      .with.property("code", "Malformed");
  });
});
