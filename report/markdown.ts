import type { RunFile } from '../core/record.ts';
import type { LegSummary, Summary } from '../core/summary.ts';
import { humanBytes, humanCount } from '../core/units.ts';
import { verdictRows } from './rows.ts';

/** `report.md`: what a run came to, for a pull request or a job summary. */
export function markdownReport(run: RunFile, summary: Summary): string {
  const { environment } = run;
  const sections = [
    `# ${summary.name}: ${summary.status}`,
    ...(summary.error ? [`**${summary.error.code}**: ${summary.error.message}`] : []),
    ...(summary.warnings.length > 0 ? [bullets(summary.warnings)] : []),
    ...(summary.legs.length > 0
      ? [
          table(
            ['', ...summary.legs.map(({ protocol }) => protocol)],
            verdictRows(summary).map(({ label, cells }) => [label.trim(), ...cells]),
          ),
        ]
      : ['No leg began.']),
    ...summary.legs.filter(({ levels }) => levels.length > 0).map(levelTable),
    '## Measured on',
    bullets([
      `target: ${run.target.name} (${run.target.urls.join(', ')})`,
      `${environment.kernel} ${environment.arch}, ${environment.cores} × ${environment.cpuModel}, ${humanBytes(environment.memoryLimitBytes)} of memory`,
      `connrig ${environment.connrigVersion}, Node.js ${environment.nodeVersion}, engine ${run.generator.engine}, ${run.generator.legs.map(({ workers }) => workers).join(' and ')} worker(s)`,
      `begun ${run.startedAt}`,
    ]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function levelTable({ protocol, levels }: LegSummary): string {
  const cell = (bytes: number | null): string => (bytes === null ? '–' : humanBytes(bytes));
  const rows = levels.map(({ open, bytes }) => [
    humanCount(open),
    cell(bytes.total),
    cell(bytes.user),
    cell(bytes.kernel),
  ]);
  return `## ${protocol}: memory by level\n\n${table(['open', 'total', 'user', 'kernel (growth)'], rows)}`;
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

const bullets = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');
