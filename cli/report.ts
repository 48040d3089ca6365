import { join } from 'node:path';
import type { Command } from 'commander';
import { type OptionValues, readCommandLine } from '../config/read-options.ts';
import { REPORT_OPTIONS } from '../config/report-options.ts';
import { usageError } from '../core/values/errors.ts';
import { hintFor } from '../core/values/shell.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** Adds `connrig report <folder>`: makes the reports of a run again, from its record alone. */
export function addReportCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('report')
    .description('make the reports of a run folder again, finished or not; or an index of all runs in a folder')
    .argument('<folder>', 'a run folder, such as runs/20260101T120000Z-builtin, or one of run folders, such as runs');
  addOptions(command, REPORT_OPTIONS).action(async () => {
    const line = readLine(command, REPORT_OPTIONS, deps.env, 1);
    const options = readCommandLine('report', REPORT_OPTIONS, line);
    const [folder = ''] = line.words;
    await report(folder, options, deps);
  });
}

async function report(
  folder: string,
  { json, sizing, sizeBy, png }: OptionValues<typeof REPORT_OPTIONS>,
  deps: CliDeps,
): Promise<void> {
  const { isFolderOfRuns } = await import('../report/fold/run-index.ts');
  if (isFolderOfRuns(folder)) {
    if (sizing !== undefined || sizeBy !== undefined || png) {
      throw usageError(
        [`${folder} holds many runs: --plan, --size-by and --png are for one of them`],
        'connrig report --help',
      );
    }
    return index(folder, json, deps);
  }
  const [{ terminalTable }, { writeReports }] = await Promise.all([
    import('../report/outputs/terminal.ts'),
    import('../report/outputs/write-report.ts'),
  ]);
  const { summary, charts } = writeReports(
    folder,
    (made) => {
      if (json) deps.stdout.write(`${JSON.stringify(made, null, 2)}\n`);
      else deps.stdout.write(terminalTable(made));
    },
    { ...(sizing && { sizing }), ...(sizeBy && { sizeBy }) },
  );
  if (summary.error) {
    const { code, message, hint } = summary.error;
    deps.stderr.write(`${code}: ${message} — ${hintFor(hint, folder)}\n`);
  }
  deps.stderr.write(`\n${join(folder, 'report.html')}\n`);
  if (png) {
    const { drawPngs } = await import('../report/outputs/png.ts');
    const { PATH } = deps.env;
    for (const path of await drawPngs(folder, charts, PATH ?? '')) deps.stderr.write(`${path}\n`);
  }
}

async function index(folder: string, json: boolean, deps: CliDeps): Promise<void> {
  const [{ writeIndex }, { terminalIndex }] = await Promise.all([
    import('../report/outputs/write-index.ts'),
    import('../report/outputs/index-page.ts'),
  ]);
  const { index, file } = writeIndex(folder, deps.version);
  if (json)
    for (const { folder: run, summary } of index.runs) deps.stdout.write(`${JSON.stringify({ run, summary })}\n`);
  else deps.stdout.write(terminalIndex(index));
  for (const { why } of index.unreadable) deps.stderr.write(`warning: ${why}\n`);
  deps.stderr.write(`\n${file}\n`);
}
