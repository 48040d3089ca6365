import { join } from 'node:path';
import type { Command } from 'commander';
import { type OptionValues, readCommandLine } from '../config/read-options.ts';
import { REPORT_OPTIONS } from '../config/report-options.ts';
import { usageError } from '../core/values/errors.ts';
import { hintFor } from '../core/values/shell.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** Where its usual chart puts it, in a namespace for what watches. */
const PROMETHEUS_URL = 'http://prometheus.monitoring:9090';

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

async function report(folder: string, options: OptionValues<typeof REPORT_OPTIONS>, deps: CliDeps): Promise<void> {
  const { json, sizing, sizeBy, png, kubernetes } = options;
  const problem = kubernetesProblem(options);
  if (problem !== undefined) throw usageError([problem], 'connrig report --help');
  const { isFolderOfRuns } = await import('../report/fold/run-index.ts');
  if (isFolderOfRuns(folder)) {
    if (sizing !== undefined || sizeBy !== undefined || png || kubernetes) {
      throw usageError(
        [`${folder} holds many runs: --plan, --size-by, --png and --kubernetes are for one of them`],
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
      // Printed below: it may be refused, and the reports are there nevertheless.
      if (kubernetes) return;
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
  if (kubernetes) {
    const { kubernetesManifests } = await import('../report/kubernetes/manifests.ts');
    const { perPod, autoscaler = 'hpa', workload = 'target' } = options;
    const { podMetric = 'connrig_server_connections_open', prometheusUrl = PROMETHEUS_URL } = options;
    const asked = { name: workload, autoscaler, metric: podMetric, prometheusUrl, perPod };
    deps.stdout.write(kubernetesManifests(summary, asked));
  }
  if (png) {
    const { drawPngs } = await import('../report/outputs/png.ts');
    const { PATH } = deps.env;
    for (const path of await drawPngs(folder, charts, PATH ?? '')) deps.stderr.write(`${path}\n`);
  }
}

const OF_KUBERNETES = ['autoscaler', 'perPod', 'workload', 'podMetric', 'prometheusUrl'] as const;

/** What can't be meant, in a sentence. */
function kubernetesProblem(options: OptionValues<typeof REPORT_OPTIONS>): string | undefined {
  const given = OF_KUBERNETES.filter((key) => options[key] !== undefined).map((key) => `--${REPORT_OPTIONS[key].name}`);
  if (!options.kubernetes) return given.length === 0 ? undefined : `${given.join(', ')}: only with --kubernetes`;
  if (options.json) return '--kubernetes prints YAML on stdout, and --json prints JSON: give one of them';
  return options.prometheusUrl !== undefined && options.autoscaler !== 'keda'
    ? '--prometheus-url: only with --autoscaler keda'
    : undefined;
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
