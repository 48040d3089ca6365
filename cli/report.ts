import type { Command } from 'commander';
import { terminalTable } from '../report/terminal.ts';
import { writeReport } from '../report/write-report.ts';
import type { CliDeps } from './deps.ts';

/** Adds `connrig report <folder>`: makes the reports of a run again, from its record alone. */
export function addReportCommand(program: Command, deps: CliDeps): void {
  program
    .command('report')
    .description('make the reports of a run folder again, finished or not')
    .argument('<folder>', 'a run folder, such as runs/20260101T120000Z-builtin')
    .option('--json', 'print summary.json on stdout')
    .action((folder: string, { json = false }: { json?: boolean }) => {
      const summary = writeReport(folder, (made) => {
        if (json) deps.stdout.write(`${JSON.stringify(made, null, 2)}\n`);
        else deps.stdout.write(terminalTable(made));
      });
      if (!summary.error) return;
      const { code, message, hint } = summary.error;
      deps.stderr.write(`${code}: ${message} — ${hint.replaceAll('<run folder>', folder)}\n`);
    });
}
