import ts from 'typescript';
import type { Problem } from './problem.ts';
import type { RepositoryFile } from './repository.ts';

/**
 * Object literals that are spread where they stand, such as `{ a, ...{ b, c } }`. TypeScript doesn't look for excess properties
 * in them, so a misspelt optional field compiles.
 */
export function checkSpreadLiterals(files: readonly RepositoryFile[]): Problem[] {
  return files.flatMap(({ path, text }) => {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
    const problems: Problem[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isSpreadAssignment(node) && ts.isObjectLiteralExpression(node.expression)) {
        const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
        problems.push({
          path,
          line,
          sentence: 'An object literal is spread. Write its properties without the spread.',
        });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return problems;
  });
}
