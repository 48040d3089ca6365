import type { Command } from 'commander';
import { oneOf } from '../config/option.ts';
import { readSizing } from '../config/sizing.ts';
import { usageError } from '../core/values/errors.ts';
import { hintFor } from '../core/values/shell.ts';
import { SIZE_BY } from '../core/values/sizing-plan.ts';
import type { CliDeps } from './deps.ts';

interface Options {
  readonly json?: boolean;
  readonly plan?: string;
  readonly png?: boolean;
  readonly sizeBy?: string;
}

/** Adds `connrig report <folder>`: makes the reports of a run again, from its record alone. */
export function addReportCommand(program: Command, deps: CliDeps): void {
  program
    .command('report')
    .description('make the reports of a run folder again, finished or not; or an index of all runs in a folder')
    .argument('<folder>', 'a run folder, such as runs/20260101T120000Z-builtin, or one of run folders, such as runs')
    .option('--plan <file>', 'what to plan for, in place of what the run was given: see docs/reading-a-report.md')
    .option('--size-by <cost>', 'plan by the cost at rest (rest), or by the dearer of that and a burst (dearer)')
    .option('--png', 'draw the charts as PNG as well, with a Chromium that is installed')
    .option('--json', 'print summary.json on stdout; of many runs, one summary a line')
    .action((folder: string, options: Options) => report(folder, options, deps));
}

async function report(folder: string, options: Options, deps: CliDeps): Promise<void> {
  const { json = false, plan, png = false } = options;
  const { isFolderOfRuns } = await import('../report/fold/run-index.ts');
  if (isFolderOfRuns(folder)) {
    if (plan !== undefined || options.sizeBy !== undefined || png) {
      throw usageError(
        [`${folder} holds many runs: --plan, --size-by and --png are for one of them`],
        'connrig report --help',
      );
    }
    return index(folder, json, deps);
  }
  const sizing = plan === undefined ? undefined : readSizing(plan);
  if (sizing && 'problem' in sizing) throw usageError([`--plan: ${sizing.problem}`], 'connrig report --help');
  const sizeBy = options.sizeBy === undefined ? undefined : oneOf(SIZE_BY)(options.sizeBy);
  if (sizeBy && 'problem' in sizeBy) throw usageError([`--size-by: ${sizeBy.problem}`], 'connrig report --help');
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
    { ...(sizing && { sizing: sizing.value }), ...(sizeBy && { sizeBy: sizeBy.value }) },
  );
  if (summary.error) {
    const { code, message, hint } = summary.error;
    deps.stderr.write(`${code}: ${message} — ${hintFor(hint, folder)}\n`);
  }
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
