import type { Command } from 'commander';
import { type Ability, readAbilities } from '../client/preflight/abilities.ts';
import {
  amount,
  checkMachine,
  explain,
  type Finding,
  type Judgement,
  mostConnections,
} from '../client/preflight/check.ts';
import { needOf } from '../client/preflight/machine-demand.ts';
import { readSnapshot } from '../client/preflight/snapshot.ts';
import { DOCTOR_OPTIONS } from '../config/doctor-options.ts';
import { readCommandLine } from '../config/read-options.ts';
import { humanCount, humanMs } from '../core/values/units.ts';
import { alignColumns } from './aligned-columns.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/**
 * `connrig doctor`: would a run of this size fit on this machine, both ends on it, and what could it measure? Prints
 * what was found on stdout.
 *
 * @throws RigError (exit 3) from the action when something would fail, after printing
 */
export function addDoctorCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('doctor')
    .description(
      "check this machine's limits against a plan, and what it lets a run measure; findings name the command that helps",
    );
  addOptions(command, DOCTOR_OPTIONS).action(async () => {
    const { connections, json } = readCommandLine(
      'doctor',
      DOCTOR_OPTIONS,
      readLine(command, DOCTOR_OPTIONS, deps.env),
    );
    const snapshot = await readSnapshot();
    const need = needOf({ connections, targetOnThisMachine: true, workers: snapshot.cores });
    const findings = checkMachine(need, snapshot);
    const most = mostConnections(need, snapshot);
    const { abilities, readingMs } = await readAbilities();
    if (json) {
      const found = { schema: 1, need, findings, most, snapshot, abilities, readingMs };
      deps.stdout.write(`${JSON.stringify(found, withoutInfinity, 2)}\n`);
    } else {
      const limits = `${tableOf(findings)}\n\n${summaryOf(connections, findings, most)}\n`;
      deps.stdout.write(`${limits}\n${abilitiesOf(abilities, readingMs)}\n`);
    }
    const error = explain(findings);
    if (error) throw error;
  });
}

const MARKS = { ok: 'ok', warn: 'tight', fail: 'FAILS', unknown: '?' } as const satisfies Record<Judgement, string>;

/** One line a finding, columns aligned; the command only where something is to be done. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, ok, is, needed, inBytes, knob, command }) => [
    MARKS[ok],
    what,
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

function summaryOf(
  connections: number,
  findings: readonly Finding[],
  most: ReturnType<typeof mostConnections>,
): string {
  const fits = findings.every(({ ok }) => ok !== 'fail');
  const answer = `${humanCount(connections)} connections with both ends on this machine: ${fits ? 'fit' : "don't fit"}.`;
  return most.limiter === null
    ? answer
    : `${answer}\nAs it is, up to ${humanCount(most.connections)} fit; the first limit is ${most.limiter}.`;
}

/** JSON has no Infinity, and its null would read as "unknown". */
const withoutInfinity = (_key: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY ? 'unlimited' : value;
