import { Command } from "commander";
import { backUp, restore, type BackupList } from "../../lib/backup.ts";
import { answer } from "../session.ts";

const now = (): number => Math.floor(Date.now() / 1_000);

/**
 * `backup` and `restore` of a process that keeps databases in a folder.
 * @param owner The command that has them.
 * @param folderOf Reads the folder from a configuration.
 */
export function backupCommands(owner: string, folderOf: (path: string) => string): Command[] {
  const tell = (command: Command, folder: string, { files, takenAt }: BackupList, sentence: string): void =>
    answer(command, {
      json: { folder, takenAt, files },
      text: [
        { columns: ["file", "bytes", "sha256"], rows: files.map((file) => Object.values(file).map(String)) },
        sentence,
      ],
    });
  const exampleOf = (command: string, option: string): string =>
    `\nExamples:\n  usance ${owner} ${command} --config ${owner}.jsonc ${option}`;
  return [
    new Command("backup")
      .description("copy all databases, each as it is at one moment, while the process runs")
      .requiredOption("--config <file>", "configuration of the process")
      .requiredOption("--to <folder>", "where to; must not exist, or be empty")
      .addHelpText("after", exampleOf("backup", "--to backup"))
      .action(({ config, to }: { config: string; to: string }, self: Command) => {
        tell(self, to, backUp(folderOf(config), to, now()), `The backup is whole in ${to}.`);
      }),
    new Command("restore")
      .description("put a backup into the empty folder of a process that does not run")
      .requiredOption("--config <file>", "configuration of the process")
      .requiredOption("--from <folder>", "the backup")
      .addHelpText("after", exampleOf("restore", "--from backup"))
      .action(({ config, from }: { config: string; from: string }, self: Command) => {
        const folder = folderOf(config);
        tell(
          self,
          folder,
          restore(from, folder, now()),
          "What was signed after the backup is not known: for days that have ended by now nothing new is signed.",
        );
      }),
  ];
}
