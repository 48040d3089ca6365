import { humanValue, type Objective, readObjective } from '../../core/limit/objectives.ts';
import type { FindLimit, Limited, SearchStep } from '../../core/schemas/find-limit.ts';
import { count, type Part, type Phrase, plain, say } from '../words/phrase.ts';
import type { Table } from '../words/table.ts';

/** What is counted, for people. */
const UNITS: Readonly<Record<Limited, readonly [one: string, many: string]>> = {
  connections: ['connection', 'connections'],
  opens: ['open a second', 'opens a second'],
  messages: ['message a second', 'messages a second'],
};

/** `4,000 connections`. */
export function limitedCount(at: number, of: Limited): Phrase {
  const [one, many] = UNITS[of];
  return say`${count(at)} ${at === 1 ? one : many}`;
}

/** The answer, in sentences. */
export function answerSentences(search: FindLimit): Phrase[] {
  const { status, bracket, question, most, maxSteps, error } = search;
  const { held, broke } = bracket;
  const { of } = question;
  const holds = held && say`${limitedCount(held.at, of)} hold (${times(held)})`;
  const breaks =
    broke && say`${count(broke.at)} ${broke.isClient ? 'were too many for the client' : 'break'}: ${broke.by}`;
  const soFar = [...(holds ? [say`${holds}.`] : []), ...(breaks ? [say`${breaks}.`] : [])];
  switch (status) {
    case 'found':
      return [say`${holds!}; ${breaks!}.`];
    case 'client':
      return holds
        ? [say`At least ${holds}. The client is what ended it, not the target: at ${count(broke!.at)}, ${broke!.by}.`]
        : [say`Nothing is known of the target: ${breaks!}.`];
    case 'unbroken':
      return most.isAsked
        ? [say`At least ${holds!}: ${most.why}.`]
        : [say`At least ${holds!}. What ended it is not the target, but ${most.why}.`];
    case 'none':
      return [say`Not even ${limitedCount(broke!.at, of)} holds: ${broke!.by}.`];
    case 'wide':
      return [
        ...soFar,
        say`${count(maxSteps)} steps were not enough to tell it more closely: --max-steps with more goes on.`,
      ];
    case 'gone':
      return [
        ...soFar,
        say`The target was gone after that, so nothing more could be asked of it: ${error?.message ?? ''}.`,
      ];
    case 'failed':
      return [...soFar, say`The search could not go on: ${error?.message ?? ''}.`];
    default:
      return [...soFar, 'It was interrupted: the same command goes on with it.'].map((part) => say`${part}`);
  }
}

const times = ({ times: held, of }: { readonly times: number; readonly of: number }): string => `${held} of ${of}`;

/** How a step went, in a line: `held 3 of 3`, `broke: rtt.p99 was 812 ms, not < 50ms`. */
export function verdictOfStep({ verdict, repeats }: SearchStep): string {
  const held = repeats.filter(({ state }) => state === 'held').length;
  const by = repeats.find(({ state }) => state === verdict)?.by ?? '';
  if (verdict === 'held') return `held ${held} of ${repeats.length}`;
  if (verdict === null) return 'not through';
  return `${verdict === 'broke' ? 'broke' : 'the client'}: ${by}`;
}

/** What was measured in a step: the worst of its repeats that counted. */
export function valuesOfStep({ repeats, verdict }: SearchStep, objectives: readonly string[]): string[] {
  return objectives.map((expression) => {
    const objective = readObjective(expression);
    const values = repeats
      .filter(({ state }) => state === verdict)
      .flatMap((repeat) => repeat.values.find((one) => one.objective === expression)?.value ?? []);
    return typeof objective === 'string' || values.length === 0 ? '–' : humanValue(objective.name, Math.max(...values));
  });
}

/** Every step, in the order in which they were made. */
export function stepsTable({ steps, question }: FindLimit): Table {
  const { of, objectives } = question;
  const names = objectives.map((expression) => {
    const read: Objective | string = readObjective(expression);
    return typeof read === 'string' ? expression : read.name;
  });
  return {
    caption: 'Steps, in their order; of the repeats the worst that counted',
    columns: [
      { title: 'step' },
      { title: of === 'connections' ? of : `${of} a second` },
      ...names.map((title) => ({ title })),
      { title: 'what came of it', words: true },
      { title: 'runs', words: true },
    ],
    rows: steps.map((step, i) => ({
      head: `${i + 1}`,
      cells: [
        count(step.at),
        ...valuesOfStep(step, objectives),
        verdictOfStep(step),
        step.repeats.map(({ folder }) => folder).join(', '),
      ] satisfies Part[],
    })),
  };
}

/** What was asked, but for the command: a name and a value each. */
export function askedRows({ question, from, most, within, target }: FindLimit): Array<readonly [string, string]> {
  const { of, objectives, memoryLimitBytes, repeats, holdMs } = question;
  return [
    ['target', target.name],
    ['what has to hold', [...objectives].join(', ') || '–'],
    ...(memoryLimitBytes === null ? [] : ([['memory limit', humanValue('memory', memoryLimitBytes)]] as const)),
    ['first guess', `${plain(limitedCount(from.at, of))}: ${from.why}`],
    ['no further than', `${plain(limitedCount(most.at, of))}: ${most.why}`],
    [
      'a step',
      `${holdMs / 1000} s, ${repeats === 1 ? 'once' : `${repeats} times`}; the ends of the bracket within ${within} %`,
    ],
  ];
}
