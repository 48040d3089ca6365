import type { Command } from 'commander';
import { type Examined, examinePlan } from '../client/examine.ts';
import type { ExaminedFleet, examineFleet } from '../client/examine-fleet.ts';
import type { PlanOutline } from '../client/plan-outline.ts';
import { type Ability, readAbilities } from '../client/preflight/abilities.ts';
import { explain } from '../client/preflight/check.ts';
import { amount, type CheckName, type Finding, type Judgement } from '../client/preflight/finding.ts';
import { DOCTOR_OPTIONS } from '../config/doctor-options.ts';
import type { RunConfig } from '../config/run-config.ts';
import { humanCount, humanMs } from '../core/values/units.ts';
import { alignColumns } from './aligned-columns.ts';
import { addOptions } from './command-options.ts';
import type { CliDeps } from './deps.ts';
import type { FleetSplit } from './fleet-split.ts';
import { addPlanArguments, readPlan } from './plan-arguments.ts';

/**
 * `connrig doctor`: would this run, told by the options of `connrig run`, fit on this machine, and what could it measure?
 *
 * @throws RigError (exit 3) from the action when something would fail, after printing
 */
export function addDoctorCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('doctor')
    .description(
      "check this machine's limits against a run, and what it lets a run measure; findings name the command that helps",
    );
  addPlanArguments(command);
  addOptions(command, DOCTOR_OPTIONS).action(async () => {
    await tellWhetherItFits(await readPlan(command, DOCTOR_OPTIONS, deps.env), deps);
  });
}

/**
 * Prints what was found on stdout, and, for `connrig run --dry-run`, what the run is going to do.
 *
 * @throws RigError (exit 3, or 4 for an address out of reach and a Redis that doesn't do) when something would fail, after printing; what {@link examinePlan} throws, before
 */
export async function tellWhetherItFits(config: RunConfig, deps: CliDeps, outline?: PlanOutline): Promise<void> {
  const { stdout } = deps;
  const examined = await examinePlan(config);
  const { need, findings, most, snapshot, setups, obstacle } = examined;
  // A dry run says who would hold what.
  const split =
    config.fleet !== undefined && outline
      ? await (await import('./fleet-split.ts')).splitOf(setups, config, deps)
      : undefined;
  const fleet = config.fleet !== undefined && !outline ? await lookAtFleet(config, setups, deps) : undefined;
  const { abilities, readingMs } = await readAbilities();
  if (config.json) {
    const found = {
      schema: 1,
      ...(outline && { plan: outline }),
      ...(split && { fleet: split.legs }),
      need,
      findings,
      most,
      snapshot,
      abilities,
      readingMs,
      ...(fleet && { fleet: withoutError(fleet) }),
    };
    stdout.write(`${JSON.stringify(found, withoutInfinity, 2)}\n`);
  } else {
    const plan = outline ? `${(await import('./plan-text.ts')).planText(outline)}\n\n` : '';
    const machine = [
      ...(split && split.legs.length > 0 ? [(await import('./fleet-split.ts')).splitText(split)] : []),
      ...(findings.length > 0 ? [tableOf(findings)] : []),
      // What other machines hold doesn't have to fit here.
      ...(split ? [fleetSummaryOf(examined, split)] : fleet ? [] : [summaryOf(examined)]),
      ...(fleet ? [(await import('./fleet-text.ts')).fleetText(fleet)] : []),
    ];
    stdout.write(`${plan}${[...machine, abilitiesOf(abilities, readingMs)].join('\n\n')}\n`);
  }
  // What can be measured is told all the same.
  const error = obstacle ?? explain(findings) ?? split?.problem ?? fleet?.error;
  if (error) throw error;
}

/** Loaded by those alone who have one. */
const lookAtFleet = async (...given: Parameters<typeof examineFleet>): ReturnType<typeof examineFleet> =>
  (await import('../client/examine-fleet.ts')).examineFleet(...given);

const withoutError = ({ error: _, ...fleet }: ExaminedFleet): Omit<ExaminedFleet, 'error'> => fleet;

/** What a check is about, for people: what there may be too little of, and whose it is. */
export const CHECK_NOUNS = {
  files: "the client's open files",
  'target-files': "the target's open files",
  'files-ceiling': 'open files of one process',
  'system-files': "the machine's open files",
  ports: "the client's local ports",
  backlog: "the target's backlog",
  'syn-backlog': "the machine's SYN backlog",
  threads: "the machine's threads",
  'tcp-memory': "the machine's TCP buffers",
  conntrack: "the machine's table of connections",
  memory: "the machine's memory",
} as const satisfies Record<CheckName, string>;

const MARKS = { ok: 'ok', warn: 'tight', fail: 'FAILS', unknown: '?' } as const satisfies Record<Judgement, string>;

/** One line a finding, columns aligned; the command only where something is to be done. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, ok, is, needed, inBytes, knob, command }) => [
    MARKS[ok],
    CHECK_NOUNS[what],
    amount(is, inBytes),
    amount(needed, inBytes),
    ok === 'ok' || ok === 'unknown' ? knob : command,
  ]);
  return alignColumns([['', 'what', 'is', 'needed', 'knob, or what to do'], ...rows], [2, 3]);
}

/** What can be measured here; where something can't, what to do about it. */
function abilitiesOf(abilities: readonly Ability[], readingMs: number): string {
  const rows = abilities.map(({ what, ok, sentence, remedy }) => [
    ok ? 'ok' : 'lacks',
    what,
    remedy === '' ? sentence : `${sentence} — ${remedy}`,
  ]);
  return `${alignColumns([['', 'to measure', 'what there is'], ...rows])}\n\nOne reading of all meters takes ${humanMs(readingMs)}.`;
}

function summaryOf({ need: { connections, targetOnThisMachine }, findings, most }: Examined): string {
  const fits = findings.every(({ ok }) => ok !== 'fail');
  const where = targetOnThisMachine ? 'with both ends on this machine' : 'from this machine';
  const answer = `${counted(connections)} ${where}: ${verdictOf(connections, fits)}.`;
  return most.limiter === null
    ? answer
    : `${answer}\nAs it is, up to ${humanCount(most.connections)} fit; the first limit is ${CHECK_NOUNS[most.limiter]}.`;
}

const fleetSummaryOf = ({ need }: Examined, { problem }: FleetSplit): string =>
  `${counted(need.connections)} over the fleet: ${verdictOf(need.connections, !problem)}.`;

const counted = (connections: number): string =>
  connections === 1 ? '1 connection' : `${humanCount(connections)} connections`;

function verdictOf(connections: number, fit: boolean): string {
  if (connections === 1) return fit ? 'fits' : "doesn't fit";
  return fit ? 'fit' : "don't fit";
}

/** JSON has no Infinity, and its null would read as "unknown". */
const withoutInfinity = (_key: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY ? 'unlimited' : value;
