import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { RunConfig } from '../../config/run-config.ts';
import { turnoverAt } from '../../core/behaviours/churn.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import { toScheme } from '../../core/protocols/schemes.ts';
import { RigError, usageError } from '../../core/values/errors.ts';
import { peakOf } from '../../core/values/plan.ts';
import { toWarning, type Warning } from '../../core/values/warnings.ts';
import type { EngineName } from '../../fleet/engines/index.ts';
import type { TakenByEach } from '../../fleet/remote/share-plan.ts';
import { authorityOf } from '../../telemetry/listen.ts';
import { foreignAmong, isCutOff } from '../environment.ts';
import type { LegSetup } from '../leg-setup.ts';
import { checkMachine, explain } from './check.ts';
import { checkVanish } from './check-vanish.ts';
import type { CheckName, Finding } from './finding.ts';
import { type Need, needOf } from './machine-demand.ts';
import type { Snapshot } from './snapshot.ts';

/** What goes for a target of this machine also where connections come from others. */
const OF_LISTENER: ReadonlySet<CheckName> = new Set(['target-files', 'backlog', 'syn-backlog', 'threads']);

/** What this machine's limits say of it: over a fleet those alone that go for a target here. */
export const findingsOf = (need: Need, limits: Snapshot, isFleet: boolean): Finding[] =>
  checkMachine(need, limits).filter(({ what }) => !isFleet || OF_LISTENER.has(what));

/**
 * Checks every leg of a plan against this machine, before the first socket.
 *
 * @returns what is tight but may do, one warning each; with `force` also what won't
 * @throws RigError EUNREACHABLE without a loopback interface, where one is needed; EUSAGE for addresses that aren't ours, or a command for another machine; EFILES, EPORTS, EMEMORY or ELIMITS when a leg can't fit
 */
export async function checkPlan(
  setups: readonly LegSetup[],
  has: Snapshot,
  {
    force,
    pid,
    command,
    target,
    exporter,
    fleet,
  }: Pick<RunConfig, 'force' | 'pid' | 'command' | 'target' | 'exporter' | 'fleet'>,
): Promise<Warning[]> {
  await checkPlaces(setups, { command });
  await checkVanish(setups, { exporter });
  const findings = setups.flatMap((setup) => {
    const { need, limits } = demandOf(setup, has, { pid, command, target });
    return findingsOf(need, limits, fleet !== undefined);
  });
  const refusal = explain(findings);
  if (refusal && !force) throw refusal;
  const noteworthy = findings.filter(({ ok }) => ok === 'warn' || ok === 'fail');
  const warnings = noteworthy.map(({ sentence, command }) => toWarning('WMACHINE', { finding: sentence, command }));
  if (pid !== undefined) warnings.push(...notListening(setups, has, pid));
  // What holds for several legs is told once.
  return [...new Map(warnings.map((warning) => [warning.text, warning])).values()];
}

/**
 * What is wrong with where the plan connects from and to, whatever this machine's limits are.
 *
 * @throws RigError EUNREACHABLE, EUSAGE: see {@link checkPlan}
 */
export async function checkPlaces(setups: readonly LegSetup[], { command }: Pick<RunConfig, 'command'>): Promise<void> {
  await checkLoopback(setups);
  await checkListen(setups);
  await checkSources(setups);
  const elsewhere = setups.find(({ local }) => !local)?.url;
  if (command !== undefined && elsewhere) {
    const problem = `--command: ${elsewhere.host} is not this machine, where it would be started`;
    throw usageError(
      [problem],
      `connrig meter --pid <pid> --listen 0.0.0.0:9465 --admin-token <token> there; --exporter http://${authorityOf(elsewhere.host)}:9465 --exporter-token <token> here`,
    );
  }
}

/** What TLS takes besides for a connection, on the high side: in the client by what secures it, and in a target. */
const TLS_BYTES = { openssl: 1000, 'node-tls': 50_000, target: 40_000 } as const;

/** Our end of one connection. */
const clientBytesOf = ({ leg, securedBy }: Pick<LegSetup, 'leg' | 'securedBy'>, engine: EngineName): number =>
  DESCRIPTORS[leg.protocol].estimatedBytes[engine] + (leg.tls ? TLS_BYTES[securedBy] : 0);

/** Ports rest for so long where the system doesn't use them again at once, as it does on loopback. */
const TIME_WAIT_SECONDS = 60;

/** What a connection of a leg takes of a machine that holds it. */
export function takenByEach(setup: LegSetup): TakenByEach {
  const { leg, local } = setup;
  const resting = restingTurnover(leg) * (local ? 1 : TIME_WAIT_SECONDS) + restingAtOnce(leg);
  return {
    bytes: {
      uring: clientBytesOf(setup, 'uring'),
      epoll: clientBytesOf(setup, 'epoll'),
      node: clientBytesOf(setup, 'node'),
    },
    ports: 1 + resting / Math.max(1, peakOf(leg)),
  };
}

/** What a leg asks of this machine, and the limits that go for it. */
export function demandOf(
  { leg, layout, destinations, local, url, securedBy }: LegSetup,
  has: Snapshot,
  { pid, command, target }: Pick<RunConfig, 'pid' | 'command' | 'target'>,
): { readonly need: Need; readonly limits: Snapshot } {
  const { estimatedBytes } = DESCRIPTORS[leg.protocol];
  const need = needOf({
    connections: peakOf(leg),
    connectsPerSecond: leg.connectsPerSecond,
    turnoverPerSecond: restingTurnover(leg),
    cutAtOnce: restingAtOnce(leg),
    workers: layout.workers,
    // Sockets of rings are in no table of the process.
    descriptorTables: layout.engine === 'uring' ? Number.POSITIVE_INFINITY : layout.ownTables ? layout.workers : 1,
    destinations,
    sources: Math.max(1, layout.sources.length),
    protocol: leg.protocol,
    family: leg.family,
    scheme: toScheme(leg.protocol, leg.transport, leg.family),
    targetOnThisMachine: local,
    // Ours has a process for each port, and so may another have; or several that take turns at the same.
    targetProcesses: Math.max(destinations, has.targetListeners?.pids.length ?? 0),
    threadPerConnection: target?.manifest.threadPerConnection ?? false,
    clientBytesPerConnection: clientBytesOf({ leg, securedBy }, layout.engine),
    targetBytesPerConnection: estimatedBytes.target + (leg.tls ? TLS_BYTES.target : 0),
  });
  // What we start inherits our limit. What another server may open is its own affair, unless its process was named.
  const isStarted = url === undefined || command !== undefined;
  const targetFiles = isStarted ? has.filesHard : pid === undefined ? null : has.targetFiles;
  return { need, limits: { ...has, targetFiles } };
}

/** Connections per second that leave a port in TIME_WAIT here: those closed in order, where the server doesn't close first. */
function restingTurnover({ behaviour, close, protocol, levels }: LegSetup['leg']): number {
  if (behaviour.kind !== 'churn') return 0;
  const isReset = behaviour.end === undefined ? close === 'reset' : behaviour.end === 'rst';
  // RFC 6455, section 7.1.1: once both have said goodbye, the server closes.
  return isReset || protocol === 'ws' ? 0 : turnoverAt(behaviour, levels.at(-1) ?? 0);
}

/** Connections that a storm cuts by FIN: whatever the protocol, this end closes first. */
const restingAtOnce = ({ behaviour, levels }: LegSetup['leg']): number =>
  behaviour.kind === 'storm' && behaviour.cut === 'fin'
    ? Math.ceil(((levels.at(-1) ?? 0) * behaviour.percent) / 100)
    : 0;

/** Memory of the wrong process is as easily measured as that of the right one. */
function notListening(setups: readonly LegSetup[], { targetListeners }: Snapshot, pid: number): Warning[] {
  const isKnown = targetListeners?.sameNetwork === true && setups.every(({ local }) => local);
  if (!isKnown || targetListeners.pids.length > 0) return [];
  const urls = setups.map(({ url }) => url?.text).join(', ');
  return [toWarning('WPID', { pid, urls })];
}

async function checkLoopback(setups: readonly LegSetup[]): Promise<void> {
  for (const { ip } of setups) {
    if (!(await isCutOff(ip))) continue;
    const why = ip === '::1' ? 'the loopback interface is down, or IPv6 is off' : 'the loopback interface is down';
    throw new RigError('EUNREACHABLE', `${ip} can't be reached: ${why}`, {
      hint: ip === '::1' ? 'ip link set lo up; sysctl -w net.ipv6.conf.lo.disable_ipv6=0' : 'ip link set lo up',
    });
  }
}

/** Our own server is started here. */
async function checkListen(setups: readonly LegSetup[]): Promise<void> {
  const served = setups.filter(({ url, leg }) => url === undefined && leg.family === 'inet').map(({ ip }) => ip);
  const [foreign] = await foreignAmong([...new Set(served)]);
  if (foreign === undefined) return;
  throw usageError([`--listen: ${foreign} is not an address of ${hostname()}`], 'ip -brief address, to see which are');
}

/** Addresses that won't do are named up to this many. */
const NAMED_MOST = 3;

async function checkSources(setups: readonly LegSetup[]): Promise<void> {
  const sources = [...new Set(setups.flatMap(({ layout }) => layout.sources))];
  const foreign = await foreignAmong(sources);
  const problems = foreign.slice(0, NAMED_MOST).map((ip) => `--source: ${ip} is not an address of ${hostname()}`);
  if (foreign.length > NAMED_MOST) problems.push(`nor are ${foreign.length - NAMED_MOST} more of them`);
  for (const { ip, layout } of setups) {
    const other = layout.sources.find((source) => isIP(source) !== isIP(ip));
    if (other) problems.push(`--source: ${ip} can't be reached from ${other}: one is IPv4, the other IPv6`);
  }
  if (problems.length > 0) throw usageError(problems, 'ip -brief address, to see which are');
}
