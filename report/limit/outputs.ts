import type { FindLimit } from '../../core/schemas/find-limit.ts';
import { html } from '../html/markup.ts';
import { page, paste, section } from '../html/page.ts';
import { table } from '../html/table.ts';
import { captionedTable, codeBlock, markdown } from '../outputs/markdown-kit.ts';
import { aligned } from '../outputs/terminal.ts';
import { plain } from '../words/phrase.ts';
import { gridOf, type Table } from '../words/table.ts';
import { answerSentences, askedRows, stepsTable } from './limit-phrases.ts';

/** For a terminal, ending in a newline. */
export function terminalLimit(search: FindLimit): string {
  const steps = stepsTable(search);
  // Where its runs lie is in the files.
  const lines = aligned(gridOf(steps, plain).map((row) => row.slice(0, -1)));
  const answer = answerSentences(search).map(plain);
  return [...answer, ...(search.steps.length > 0 ? ['', ...lines] : [])]
    .map((line) => `${aligned([[line]])[0]}\n`)
    .join('');
}

export function limitMarkdown(search: FindLimit): string {
  const { command } = search.question;
  const parts = [
    `# ${markdown(titleOf(search))}`,
    ...answerSentences(search).map((sentence) => `**${markdown(sentence)}**`),
    captionedTable(stepsTable(search)),
    captionedTable(askedTable(search)),
    codeBlock('sh', command),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A page in one file, like a run's report. */
export function limitPage(search: FindLimit): string {
  const title = titleOf(search);
  const header = html`<h1>${title}</h1>
${answerSentences(search).map((sentence) => html`<p class="verdict">${sentence}</p>\n`)}`;
  const main = [
    section('steps', 'Steps', table(stepsTable(search))),
    section('asked', 'What was asked', table(askedTable(search)), paste(search.question.command)),
  ];
  const footer = html`<p>Made by connrig ${search.connrigVersion}; connrig report of a run's folder tells all about one step.</p>`;
  return page(`${title} · connrig`, header, main, footer);
}

const titleOf = ({ target, question }: FindLimit): string => `How many ${question.of} ${target.name} holds`;

const askedTable = (search: FindLimit): Table => ({
  caption: 'What was asked',
  columns: [{ title: '' }, { title: '', words: true }],
  rows: askedRows(search).map(([head, cell]) => ({ head, cells: [cell] })),
});
