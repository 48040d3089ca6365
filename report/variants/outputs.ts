import type { VariantsResult } from '../../core/schemas/variants.ts';
import { drawnFigure } from '../html/figure.ts';
import { html } from '../html/markup.ts';
import { bulletList, figures, note, page, section } from '../html/page.ts';
import { foldedTable, table } from '../html/table.ts';
import { bullets, captionedTable, image, markdown } from '../outputs/markdown-kit.ts';
import { aligned } from '../outputs/terminal.ts';
import type { Circumstance } from '../words/circumstances.ts';
import { counted, type Part, plain, say } from '../words/phrase.ts';
import { gridOf, type Table } from '../words/table.ts';
import type { DrawnVariants } from './charts.ts';
import {
  commandsTable,
  partsTable,
  runsTableOf,
  sentencesOfVariants,
  shownPartsTable,
  variantsTable,
} from './tables.ts';

/** For a terminal, ending in a newline. */
export function terminalVariants(result: VariantsResult): string {
  const tables = [variantsTable(result), shownPartsTable(result)].filter((one) => one !== null);
  const blocks = [
    sentencesOfVariants(result).map(plain),
    ...tables.map((one) => [plain(one.caption), ...aligned(gridOf(one, plain))]),
    warningsOf(result).map((warning) => `warning: ${warning}`),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${aligned([[line]])[0]}\n`).join(''))
    .join('\n');
}

/** A page in one file, like a run's report. */
export function variantsPage(
  result: VariantsResult,
  circumstances: readonly Circumstance[],
  charts: readonly DrawnVariants[],
): string {
  const warnings = warningsOf(result);
  const header = html`<h1>${titleOf(result)}</h1>
${sentencesOfVariants(result).map((sentence) => html`<p class="verdict">${sentence}</p>\n`)}`;
  const main = [
    warnings.length > 0 && section('warnings', BEFORE, note('warning', bulletList(warnings))),
    section('variants', 'The variants', table(variantsTable(result)), figures(charts.map(drawnFigure))),
    section('parts', 'Part by part', partsTables(result).map(foldedTable)),
    section(
      'runs',
      RUNS,
      html`<p>${howMeasured(result)}</p>\n`,
      table(commandsTable(result)),
      foldedTable(runsTableOf(result)),
    ),
    section('measured-on', MEASURED_ON, bulletList(circumstances.map(({ label, value }) => say`${label}: ${value}`))),
  ];
  return page(`${titleOf(result)} · connrig`, header, main, html`<p>Made by connrig ${result.connrigVersion}.</p>`);
}

/** The same for a pull request or a document; its charts are files beside it. */
export function variantsMarkdown(
  result: VariantsResult,
  circumstances: readonly Circumstance[],
  charts: readonly DrawnVariants[],
): string {
  const warnings = warningsOf(result);
  const sections = [
    `# ${markdown(titleOf(result))}`,
    ...sentencesOfVariants(result).map((sentence) => `**${markdown(sentence)}**`),
    ...(warnings.length > 0 ? [`${BEFORE}:`, bullets(warnings.map(markdown))] : []),
    captionedTable(variantsTable(result)),
    ...charts.map(image),
    '## Part by part',
    ...partsTables(result).map(captionedTable),
    `## ${RUNS}`,
    markdown(howMeasured(result)),
    captionedTable(commandsTable(result)),
    captionedTable(runsTableOf(result)),
    `## ${MEASURED_ON}`,
    bullets(circumstances.map(({ label, value }) => markdown(say`${label}: ${value}`))),
  ];
  return `${sections.join('\n\n')}\n`;
}

const [BEFORE, RUNS, MEASURED_ON] = ['Before you believe it', 'How it was measured', 'What it was measured on'];

const titleOf = ({ target }: VariantsResult): string => `Variants of ${target ?? 'a target that was not measured'}`;

const warningsOf = ({ isWhole, warnings }: VariantsResult): string[] => [
  ...(isWhole ? [] : ['it was not finished: the same command goes on with it']),
  ...warnings,
];

function partsTables({ variants }: VariantsResult): Table[] {
  const [base, ...others] = variants;
  return base === undefined ? [] : others.filter(({ parts }) => parts.length > 0).map((one) => partsTable(one, base));
}

const howMeasured = ({ repeats, variants, seed }: VariantsResult): Part =>
  say`${counted(repeats, 'run')} of each variant and ${counted(variants[0]?.planned ?? 0, 'run')} of ${variants[0]?.name ?? ''}, each with a fresh target, in random order (seed ${String(seed)}).`;
