import ts from 'typescript';
import type { Problem } from './problem.ts';
import type { RepositoryFile } from './repository.ts';

interface Export {
  readonly name: string;
  readonly path: string;
  readonly line: number;
}

/** Names that two files export. A type and a value of one name in one file are one thing. */
export function checkExportedNames(files: readonly RepositoryFile[]): Problem[] {
  const first = new Map<string, Export>();
  return files.flatMap(listExports).flatMap(({ name, path, line }) => {
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, { name, path, line });
      return [];
    }
    if (earlier.path === path) return [];
    const sentence = `${earlier.path}:${earlier.line} exports the name ${name}, too. Rename one: a name has one meaning.`;
    return [{ path, line, sentence }];
  });
}

/** What is declared and exported in one statement. What a file passes on keeps its meaning. */
function listExports({ path, text }: RepositoryFile): Export[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  return source.statements.filter(isExported).flatMap((statement) => {
    const line = source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1;
    return readNames(statement).map((name) => ({ name, path, line }));
  });
}

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

function readNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed && statement.name ? [statement.name.text] : [];
}
