import { type Command, InvalidArgumentError } from 'commander';
import { amount, check, explain, type Finding, mostConnections, type Verdict } from '../client/preflight/check.ts';
import { needOf } from '../client/preflight/need.ts';
import { readSnapshot } from '../client/preflight/snapshot.ts';
import { humanCount, parseQuantity } from '../core/units.ts';
import type { CliDeps } from './deps.ts';

const DEFAULT_CONNECTIONS = 5000;

/**
 * `connrig doctor`: would a run of this size fit on this machine, both ends on it? Prints what was found on stdout.
 *
 * @throws RigError (exit 3) from the action when something would fail, after printing
 */
export function addDoctorCommand(program: Command, deps: CliDeps): void {
  program
    .command('doctor')
    .description("check this machine's limits against a plan; each finding names the command that changes it")
    .option('-c, --connections <number>', 'connections to be open at once', connectionsOf, DEFAULT_CONNECTIONS)
    .option('--json', 'print the findings as JSON')
    .action(async ({ connections, json = false }: { connections: number; json?: boolean }) => {
      const snapshot = await readSnapshot();
      const need = needOf({ connections, targetOnThisMachine: true, workers: snapshot.cores });
      const findings = check(need, snapshot);
      const most = mostConnections(need, snapshot);
      if (json) {
        deps.stdout.write(`${JSON.stringify({ schema: 1, need, findings, most, snapshot }, withoutInfinity, 2)}\n`);
      } else {
        deps.stdout.write(`${tableOf(findings)}\n\n${summaryOf(connections, findings, most)}\n`);
      }
      const error = explain(findings);
      if (error) throw error;
    });
}

const MARKS = { ok: 'ok', warn: 'tight', fail: 'FAILS', unknown: '?' } as const satisfies Record<Verdict, string>;

/** One line a finding, columns aligned; the command only where something is to be done. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, ok, is, needed, inBytes, knob, command }) => [
    MARKS[ok],
    what,
    amount(is, inBytes),
    amount(needed, inBytes),
    ok === 'ok' || ok === 'unknown' ? knob : command,
  ]);
  const lines = [['', 'what', 'is', 'needed', 'knob, or what to do'], ...rows];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const isNumber = (column: number): boolean => column === 2 || column === 3;
  return lines
    .map((line) =>
      line
        .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
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

function connectionsOf(text: string): number {
  const connections = parseQuantity('count', text);
  if (connections === undefined || connections < 1) {
    throw new InvalidArgumentError('a whole number from 1 up, such as 5000 or 100k');
  }
  return connections;
}

/** JSON has no Infinity, and its null would read as "unknown". */
const withoutInfinity = (_key: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY ? 'unlimited' : value;
