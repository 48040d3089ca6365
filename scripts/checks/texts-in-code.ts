import ts from 'typescript';
import type { Text } from './text.ts';

/** Below this a string is a name, a path or a label. */
const FEWEST_WORDS = 4;

/** Comments of a file, and its strings that are sentences: messages, hints, help. */
export function readCodeTexts(path: string, text: string): Text[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const texts: Text[] = [];
  const comments = new Map<number, ts.CommentRange>();
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) comments.set(range.pos, range);
    for (const range of ts.getTrailingCommentRanges(text, node.getEnd()) ?? []) comments.set(range.pos, range);
    const words = readString(node);
    if (words !== undefined) {
      if (words.trim().split(/\s+/).length >= FEWEST_WORDS) texts.push({ words, line: lineAt(node.getStart(source)) });
      if (ts.isStringLiteralLike(node) || ts.isBinaryExpression(node)) return;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...texts, ...readComments([...comments.values()], text, lineAt)].sort((a, b) => a.line - b.line);
}

/** What a string says, with one word for each value that it is filled with; pieces that are added up are one. */
function readString(node: ts.Node): string | undefined {
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [readString(node.left), readString(node.right)];
    return left === undefined && right === undefined ? undefined : `${left ?? 'value'}${right ?? 'value'}`;
  }
  // A text of several lines is data or a page.
  if (ts.isStringLiteralLike(node)) return node.text.trim().includes('\n') ? '' : node.text;
  if (!ts.isTemplateExpression(node) || isProgram(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `value${literal.text}`).join('');
}

/** Templates that a tag makes something else of, and those of several lines, hold code or markup. */
const isProgram = (node: ts.TemplateExpression): boolean =>
  (ts.isTaggedTemplateExpression(node.parent) && node.parent.tag.getText() !== 'say') || node.head.text.includes('\n');

function readComments(ranges: readonly ts.CommentRange[], text: string, lineAt: (at: number) => number): Text[] {
  const lines = ranges.flatMap(({ pos, end }) =>
    text
      .slice(pos, end)
      .split('\n')
      .map((line, index) => ({
        line: lineAt(pos) + index,
        words: line.replace(/^\s*(?:\/\/+|\/\*+|\*(?!\/))|\*\/\s*$/g, ''),
      })),
  );
  lines.sort((a, b) => a.line - b.line);
  const texts: Array<{ words: string; line: number }> = [];
  let lastLine = -1;
  for (const { line, words } of lines) {
    // Two spaces more begin a drawing or an example; a tag or an item begins a text of its own.
    const isDrawing = /^\s{3}|[│├└┌─╱▶]/.test(words) || /^\s*(?:\/\/|#)/.test(words);
    const isNew = line !== lastLine + 1 || /^\s*(?:@\w|[-*]\s|\||\d+\.\s)/.test(words);
    const last = texts.at(-1);
    if (isDrawing || words.trim() === '') continue;
    lastLine = line;
    const said = words.replace(/^\s*(?:@\w+|[-*])\s/, ' ').replace(/`[^`]*`/g, '`code`');
    if (isNew || last === undefined) texts.push({ words: said.trim(), line });
    else last.words += `\n${said.trim()}`;
  }
  return texts;
}
