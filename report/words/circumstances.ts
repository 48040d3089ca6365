import { z } from 'zod';
import { isTalk } from '../../core/behaviours/behaviours.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import { openingText } from './opening-phrases.ts';
import { bytes, count, counted, joined, ms, type Part, type Phrase, percent, say } from './phrase.ts';
import { askedText } from './tls-phrases.ts';

/** What a reader wants to know of the config; a record may come from a version that had none of it. */
const Asked = z.object({
  behaviour: z
    .object({ kind: z.string(), beside: z.object({ kind: z.string() }).loose().optional() })
    .loose()
    .optional(),
  perMessageDeflate: z.string().optional(),
  close: z.string().optional(),
  talkMs: z.number().optional(),
  restart: z.object({ signal: z.string() }).loose().optional(),
  vanishForMs: z.number().optional(),
  restMs: z.number().optional(),
  settleTimeoutMs: z.number().optional(),
  command: z.string().optional(),
  headroomPercent: z.number().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  /** How the run was asked for, ready to paste. */
  again: z.string().optional(),
});

/**
 * Every circumstance there is, and what it is called. `mayDiffer`: runs that differ in it are compared all the same, without
 * a warning, since that is what comparing is for.
 */
export const CIRCUMSTANCES = {
  target: { label: 'Target', mayDiffer: true },
  startedBy: { label: 'Started by', mayDiffer: true },
  processes: { label: 'Its processes', mayDiffer: false },
  machine: { label: 'Machine of the client', mayDiffer: false },
  kernel: { label: 'Kernel', mayDiffer: false },
  limits: { label: 'Limits', mayDiffer: false },
  versions: { label: 'Versions', mayDiffer: false },
  client: { label: 'Client', mayDiffer: false },
  plan: { label: 'Plan', mayDiffer: false },
  // Each cost has its own interval over them.
  launches: { label: 'Launches of the target', mayDiffer: true },
  behaviour: { label: 'Open connections', mayDiffer: false },
  talk: { label: 'Round trips counted at each level for', mayDiffer: false },
  restart: { label: 'The target restarts by', mayDiffer: false },
  vanish: { label: 'Vanished peers are looked at for', mayDiffer: false },
  deflate: { label: 'Per-message deflate', mayDiffer: false },
  tls: { label: 'TLS', mayDiffer: false },
  opening: { label: 'How they sign in', mayDiffer: false },
  rest: { label: 'Rest before each reading', mayDiffer: false },
  headroom: { label: 'Headroom asked for', mayDiffer: true },
  labels: { label: 'Labels', mayDiffer: true },
  begun: { label: 'Begun', mayDiffer: true },
  ended: { label: 'Ended', mayDiffer: true },
} as const satisfies Record<string, { readonly label: string; readonly mayDiffer: boolean }>;
export type CircumstanceKey = keyof typeof CIRCUMSTANCES;

/** What stands for a circumstance that nobody could read. */
export const NOT_KNOWN = 'not known';

export interface Circumstance {
  readonly key: CircumstanceKey;
  readonly label: string;
  readonly value: Part;
}

function targetOf({ name, urls, kind }: RunFile['target']): string {
  const others = urls.filter((url) => url !== name);
  return `${name}${others.length > 0 ? ` at ${others.join(', ')}` : ''} (${KIND_WORDS[kind]})`;
}

const KIND_WORDS: Readonly<Record<RunFile['target']['kind'], string>> = {
  builtin: 'built in',
  command: 'started by a command',
  pid: 'a process that ran already',
  exporter: 'its memory by an exporter',
  url: 'by its URL alone',
};

/** The circumstances of a run, by name: what two runs have to have in common to be compared. All of it from run.json. */
export function measuredOn(run: RunFile): Circumstance[] {
  const { environment, target, generator, plan } = run;
  const asked = Asked.safeParse(run.config).data ?? {};
  // One fleet for each leg.
  const workers = generator.legs.slice(0, plan.legs.length).map((leg) => leg.workers);
  const [firstPort, lastPort] = environment.ephemeralPorts ?? [];
  const told: ReadonlyArray<readonly [key: CircumstanceKey, value: Part]> = [
    ['target', targetOf(target)],
    ...(asked.command === undefined ? [] : [['startedBy', asked.command] as const]),
    [
      'processes',
      say`${target.processes === null ? NOT_KNOWN : count(target.processes)}${
        target.descriptorLimit === null ? '' : say`, ${count(target.descriptorLimit)} open files each at most`
      }`,
    ],
    [
      'machine',
      say`${count(environment.cores)} × ${environment.cpuModel}, ${bytes(environment.memoryBytes)} of memory${
        environment.memoryLimitBytes < environment.memoryBytes
          ? say`, ${bytes(environment.memoryLimitBytes)} of it ours`
          : ''
      }`,
    ],
    ['kernel', `${environment.kernel} ${environment.arch}`],
    [
      'limits',
      joined(
        [
          environment.descriptorLimit === null ? [] : say`${count(environment.descriptorLimit)} open files a process`,
          firstPort === undefined || lastPort === undefined
            ? []
            : say`local ports ${String(firstPort)} to ${String(lastPort)}`,
          environment.somaxconn === null ? [] : say`net.core.somaxconn ${count(environment.somaxconn)}`,
        ],
        ', ',
      ),
    ],
    ['versions', `connrig ${environment.connrigVersion}, Node.js ${environment.nodeVersion}`],
    [
      'client',
      say`engine ${generator.engine}, ${
        new Set(workers).size === 1
          ? counted(workers[0]!, 'worker thread')
          : say`${joined(workers.map(count), ' and ')} worker threads`
      }${generator.legs.some(({ securedBy }) => securedBy === 'node-tls') ? ', TLS by node:tls' : ''}`,
    ],
    [
      'plan',
      joined(
        plan.legs.map(
          ({ name, levels, connectsPerSecond, cycles }) =>
            say`${name}: ${counted(levels.length, 'level')} up to ${count(levels.at(-1) ?? 0)}, ${count(connectsPerSecond)} opened per second, ${counted(cycles, 'cycle')}`,
        ),
        '; ',
      ),
    ],
    ['launches', count(plan.launches)],
    ...(asked.behaviour ? [['behaviour', behaviourText(asked.behaviour)] as const] : []),
    ...(asked.talkMs !== undefined && asked.behaviour !== undefined && isTalk(asked.behaviour)
      ? [['talk', ms(asked.talkMs)] as const]
      : []),
    ...(asked.restart ? [['restart', asked.restart.signal] as const] : []),
    ...(asked.vanishForMs !== undefined && asked.behaviour?.kind === 'vanish'
      ? [['vanish', ms(asked.vanishForMs)] as const]
      : []),
    ...(asked.perMessageDeflate !== undefined && plan.legs.some(({ protocol }) => DESCRIPTORS[protocol].compresses)
      ? [['deflate', asked.perMessageDeflate] as const]
      : []),
    ...(plan.legs.some(({ tls }) => tls) ? [['tls', tlsAskedOf(plan.legs)] as const] : []),
    ...(plan.legs.some(({ opening }) => opening) ? [['opening', openingsOf(plan.legs)] as const] : []),
    ...(asked.restMs ? [['rest', ms(asked.restMs)] as const] : []),
    ...(asked.headroomPercent === undefined ? [] : [['headroom', percent(asked.headroomPercent)] as const]),
    ...(labelsOf(run).length === 0 ? [] : [['labels', labelsOf(run).join(', ')] as const]),
    ['begun', run.startedAt],
    ['ended', run.finishedAt ?? 'never said so'],
  ];
  return told.map(([key, value]) => ({ key, label: CIRCUMSTANCES[key].label, value }));
}

const tlsAskedOf = (legs: RunFile['plan']['legs']): Phrase =>
  joined(
    legs.flatMap(({ name, tls }) => (tls ? [`${name}: ${askedText(tls)}`] : [])),
    '; ',
  );

const openingsOf = (legs: RunFile['plan']['legs']): Phrase =>
  joined(
    legs.flatMap(({ name, opening }) => (opening ? [`${name}: ${openingText(opening)}`] : [])),
    '; ',
  );

/** `commit 1a2b3c`, as the run was given them (--label). */
export const labelsOf = ({ config }: Pick<RunFile, 'config'>): string[] =>
  Object.entries(Asked.safeParse(config).data?.labels ?? {}).map(([key, value]) => `${key} ${value}`);

/** The command that makes the run again; null for a run that never said. */
export const againCommand = ({ config }: RunFile): string | null => Asked.safeParse(config).data?.again ?? null;

/** `echo (perSecond 5000, bytes 64)`, `storm (percent 100, cut fin, comesBack fixed 2000)`, `slow (sharePercent 10) beside echo (perSecond 5000, bytes 64)`. */
export function behaviourText({
  kind,
  ...more
}: {
  readonly kind: string;
  readonly beside?: { kind: string } | undefined;
}): string {
  const { beside, ...own } = more;
  const details = Object.entries(own)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value instanceof Object ? Object.values(value).join(' ') : String(value)}`);
  const text = details.length === 0 ? kind : `${kind} (${details.join(', ')})`;
  return beside === undefined ? text : `${text} beside ${behaviourText(beside)}`;
}
