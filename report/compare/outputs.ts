import { html } from '../html/markup.ts';
import { bulletList, figures, note, page, section } from '../html/page.ts';
import { foldedTable, table } from '../html/table.ts';
import { bullets, captionedTable, markdown } from '../outputs/markdown-kit.ts';
import { aligned } from '../outputs/terminal.ts';
import { plain } from '../words/phrase.ts';
import { gridOf, type Table } from '../words/table.ts';
import { type ComparedRun, type Comparison, sizeOf } from './comparison.ts';
import { chartsOf } from './comparison-charts.ts';
import { legTables, runsTable, sentencesOf } from './comparison-phrases.ts';

/** For a terminal, ending in a newline. */
export function terminalComparison(comparison: Comparison): string {
  const blocks = [
    sentencesOf(comparison).map(plain),
    ...tablesOf(comparison).map((one) => [plain(one.caption), ...aligned(gridOf(one, plain))]),
    comparison.warnings.map((warning) => `warning: ${warning}`),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${aligned([[line]])[0]}\n`).join(''))
    .join('\n');
}

export function markdownComparison(comparison: Comparison): string {
  const { runs, warnings } = comparison;
  const sections = [
    `# ${markdown(titleOf(runs))}`,
    ...sentencesOf(comparison).map((sentence) => `**${markdown(sentence)}**`),
    ...(warnings.length > 0 ? ['Before you believe it:', bullets(warnings.map(markdown))] : []),
    ...tablesOf(comparison).map(captionedTable),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** A page in one file, like a run's report. */
export function comparisonPage(comparison: Comparison, connrigVersion: string): string {
  const { runs, warnings, legs, maxGrowthPercent } = comparison;
  const header = html`<h1>${titleOf(runs)}</h1>
${sentencesOf(comparison).map((sentence) => html`<p class="verdict">${sentence}</p>\n`)}`;
  const main = [
    warnings.length > 0 && section('warnings', 'Before you believe it', note('warning', bulletList(warnings))),
    ...legs.map((one) =>
      section(
        one.name,
        one.name,
        figures(chartsOf(one, runs, maxGrowthPercent)),
        legTables(one, runs).map((shown) => (runs.length > 2 ? foldedTable(shown) : table(shown))),
      ),
    ),
    section('runs', 'What was compared', table(runsTable(runs))),
  ];
  return page(
    `${titleOf(runs)} · connrig`,
    header,
    main,
    html`<p>Made by connrig ${connrigVersion} from the folders of these runs.</p>`,
  );
}

/** `compare.json`: every number, exactly. */
export function comparisonJson({ runs, warnings, maxGrowthPercent, legs: compared }: Comparison): unknown {
  return {
    schema: 1,
    runs: runs.map(({ letter, folder, run, summary }) => ({
      letter,
      folder,
      name: summary.name,
      status: summary.status,
      startedAt: run.startedAt,
      target: run.target.name,
      launches: run.plan.launches,
    })),
    warnings,
    maxGrowthPercent,
    protocols: compared.map(({ name, protocol, transport, family, legs, parts }) => ({
      leg: name,
      protocol,
      transport,
      family,
      legs: legs.map((leg) => leg && sizeOf(leg)),
      parts,
    })),
  };
}

const titleOf = (runs: readonly ComparedRun[]): string =>
  runs.map(({ letter, summary }) => `${letter}: ${summary.name}`).join(' · ');

const tablesOf = ({ runs, legs }: Comparison): Table[] => [
  ...legs.flatMap((one) => legTables(one, runs)),
  runsTable(runs),
];
