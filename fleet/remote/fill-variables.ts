/** Holes that the environment of each worker fills: the names of variables are in a plan, what they say is in no job. */
import { breaksHeader, formsOf, type Hole, madeFit, type Template } from '../../core/opening/template.ts';
import { RigError } from '../../core/values/errors.ts';
import { withoutSecret } from '../../core/values/without-secret.ts';
import type { SharePlan } from './share-plan.ts';

type Values = Readonly<Record<string, string | undefined>>;

type Variable = Extract<Hole, { kind: 'env' }>;

/**
 * The variables that a plan has holes for, with what they say here.
 *
 * @param worker for people
 * @throws RigError EFLEETENV that names each one that is missing, or can't stand where it is wanted
 */
export function variablesOf(plan: SharePlan, env: Values, worker: string): Readonly<Record<string, string>> {
  const wanted = new Map<string, Variable[]>();
  changeHoles(plan, (hole) => {
    wanted.set(hole.name, [...(wanted.get(hole.name) ?? []), hole]);
    return hole;
  });
  const missing = [...wanted.keys()].filter((name) => env[name] === undefined);
  if (missing.length > 0) {
    throw new RigError('EFLEETENV', `the environment of ${worker} has no ${missing.join(', ')}, which the run wants`, {
      hint: `export ${missing.map((name) => `${name}=…`).join(' ')} there before connrig worker`,
    });
  }
  for (const [name, holes] of wanted) {
    if (!holes.some(({ inside }) => inside === 'header') || !breaksHeader(env[name]!)) continue;
    const sentence = `${name} in the environment of ${worker} has a control character in it, and a header can't have one`;
    throw new RigError('EFLEETENV', sentence, { hint: `export ${name}=… there, without a line break` });
  }
  return Object.fromEntries([...wanted.keys()].map((name) => [name, env[name]!]));
}

/** The plan with the values in place of their names. */
export const fillVariables = (plan: SharePlan, variables: Values): SharePlan =>
  changeHoles(plan, ({ name, inside }) => Buffer.from(madeFit(variables[name] ?? '', inside)));

/** Texts for people without the values, and without what else is secret: servers repeat what they were asked. */
export function hideSecrets({ secrets }: Pick<SharePlan, 'secrets'>, variables: Values): (text: string) => string {
  const forms = [...secrets, ...Object.values(variables).flatMap((value) => formsOf(value ?? ''))];
  return (text) => forms.reduce(withoutSecret, text);
}

/** Plain data, with other holes for variables in all its templates. */
function changeHoles<Data>(data: Data, change: (hole: Variable) => Variable | Uint8Array): Data {
  if (typeof data !== 'object' || data === null || data instanceof Uint8Array) return data;
  if (Array.isArray(data)) return data.map((one) => changeHoles(one, change)) as Data;
  if (isTemplate(data)) {
    const parts = data.parts.map((part) => (isVariable(part) ? change(part) : part));
    return { ...data, parts: joined(parts) };
  }
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, changeHoles(value, change)])) as Data;
}

const isTemplate = (data: object): data is Template => 'parts' in data && Array.isArray(data.parts);
const isVariable = (part: Uint8Array | Hole): part is Variable => !(part instanceof Uint8Array) && part.kind === 'env';

/** Literals beside each other are one: that is filled in the shortest time. */
function joined(parts: ReadonlyArray<Uint8Array | Hole>): Array<Uint8Array | Hole> {
  const all: Array<Uint8Array | Hole> = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (last instanceof Uint8Array && part instanceof Uint8Array) all[all.length - 1] = Buffer.concat([last, part]);
    else all.push(part);
  }
  return all;
}
