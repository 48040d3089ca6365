import { type Part, phraseOf } from '../words/phrase.ts';
import { gridOf, type Table } from '../words/table.ts';

/**
 * Words as Markdown that shows just them: no markup, no HTML, no links, nobody mentioned. What holds an address or a name
 * that a forge would make a link of becomes code.
 */
export const markdown = (part: Part): string =>
  phraseOf(part)
    .map((piece) => (typeof piece === 'string' ? wordsOf(piece) : piece.text))
    .join('');

/** A user's own string, to the letter. */
export function code(text: string): string {
  const line = oneLine(text);
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = line.startsWith('`') || line.endsWith('`') || line.trim() === '' ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A table with its caption above it. */
export function captionedTable(table: Table): string {
  const [head = [], ...rows] = gridOf(table, (part) => markdown(part).trim());
  const isWords = table.columns.map(({ words = false }) => words);
  return `${markdown(table.caption)}\n\n${markdownTable(head, rows, isWords)}`;
}

/**
 * Rows of cells that are Markdown already. The first column heads the rows, numbers stand to the right.
 *
 * @param isWords of each column; none of them unless said
 */
export function markdownTable(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  isWords: readonly boolean[] = [],
): string {
  // Within a table a bar ends the cell, in code as well.
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll(/(?<!\\)\|/g, '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 || isWords[i] ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** A chart that lies in a file beside the document, with its caption below it. */
export const image = ({
  file,
  title,
  caption,
}: {
  readonly file: string;
  readonly title: string;
  readonly caption: Part;
}): string => `![${markdown(title)}](${file})\n\n${markdown(caption)}`;

export const bullets = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

/** What is to be pasted as it is. */
export function codeBlock(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

const wordsOf = (text: string): string =>
  oneLine(text)
    .split(/( +)/)
    .map((word) => (/@|:\/\/|www\.|\w#\d|^#\d/i.test(word) ? code(word) : word.replace(SPECIAL, '\\$&')))
    .join('')
    .replace(BLOCK, '\\$&')
    .replace(NUMBERED, '\\$&');

/** What means something within a line. */
const SPECIAL = /[\\`*_{}[\]<>&~|$]/g;
/** What makes a heading, a list or a rule of a line that begins with it. */
const BLOCK = /^[#+=-]+(?=\s|$)/;
const NUMBERED = /(?<=^\d+)[.)](?=\s|$)/;

const oneLine = (text: string): string => text.replace(UNPRINTABLE, ' ');
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are meant.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
