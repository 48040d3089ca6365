/**
 * Whether JSON has the shape of an interface, as TypeScript's own compiler understands the declarations: what it would
 * say of a literal, but for values that are only known at run time.
 */
import ts from 'typescript';

export interface TypeShapes {
  /** @returns what is wrong, each with its path; nothing when the value is of that type */
  problems(value: unknown, file: string, typeName: string): string[];
}

/** @param files declarations (.d.ts) that export the types */
export function shapesIn(files: readonly string[]): TypeShapes {
  const program = ts.createProgram(files, { strict: true, noLib: false, target: ts.ScriptTarget.ES2023, types: [] });
  const checker = program.getTypeChecker();
  return {
    problems(value, file, typeName) {
      const source = program.getSourceFile(file);
      const module = source && checker.getSymbolAtLocation(source);
      const exported = module && checker.getExportsOfModule(module).find(({ name }) => name === typeName);
      if (!exported) throw new Error(`${file} exports no ${typeName}`);
      const aliased = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      return problemsOf(checker, value, checker.getDeclaredTypeOfSymbol(aliased), typeName);
    },
  };
}

function problemsOf(checker: ts.TypeChecker, value: unknown, type: ts.Type, path: string): string[] {
  const wrong = [`${path} is ${JSON.stringify(value)?.slice(0, 60)}, not ${checker.typeToString(type)}`];
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
  if (type.isUnion()) {
    const tries = type.types.map((one) => problemsOf(checker, value, one, path));
    if (tries.some((problems) => problems.length === 0)) return [];
    // Among objects the nearest one says more than that it is none of them.
    const deep = tries.filter((problems) => problems[0]?.startsWith(`${path}.`));
    return deep.sort((a, b) => a.length - b.length)[0] ?? wrong;
  }
  if (type.isStringLiteral() || type.isNumberLiteral()) return value === type.value ? [] : wrong;
  if (type.flags & ts.TypeFlags.BooleanLiteral) return String(value) === checker.typeToString(type) ? [] : wrong;
  if (type.flags & ts.TypeFlags.Null) return value === null ? [] : wrong;
  if (type.flags & ts.TypeFlags.Undefined) return value === undefined ? [] : wrong;
  if (type.flags & ts.TypeFlags.String) return typeof value === 'string' ? [] : wrong;
  if (type.flags & ts.TypeFlags.Number) return typeof value === 'number' ? [] : wrong;
  if (typeof value !== 'object' || value === null) return wrong;
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    if (!Array.isArray(value) || !element) return wrong;
    return value.flatMap((one, i) => problemsOf(checker, one, element, `${path}.${i}`));
  }
  return Array.isArray(value) ? wrong : problemsOfObject(checker, value as Record<string, unknown>, type, path);
}

function problemsOfObject(
  checker: ts.TypeChecker,
  value: Readonly<Record<string, unknown>>,
  type: ts.Type,
  path: string,
): string[] {
  const others = type.getStringIndexType();
  const properties = new Map(checker.getPropertiesOfType(type).map((property) => [property.name, property]));
  const problems = Object.entries(value).flatMap(([key, one]) => {
    const property = properties.get(key);
    const wanted = property ? checker.getTypeOfSymbol(property) : others;
    return wanted ? problemsOf(checker, one, wanted, `${path}.${key}`) : [`${path}.${key} is unknown`];
  });
  for (const [name, property] of properties) {
    const isMethod = checker.getTypeOfSymbol(property).getCallSignatures().length > 0;
    const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    if (!(name in value) && !isOptional && !isMethod) problems.push(`${path}.${name} is missing`);
  }
  return problems;
}
