import { hostname } from 'node:os';
import { usageError } from '../../core/errors.ts';
import { peakOf } from '../../core/plan.ts';
import type { RunConfig } from '../config/run-config.ts';
import { isOurs } from '../environment.ts';
import type { LegSetup } from '../leg-setup.ts';
import { check, explain } from './check.ts';
import { ESTIMATED_BYTES, needOf } from './need.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Checks every leg of a plan against this machine, before the first socket.
 *
 * @returns what is tight but may do, one sentence each; with `force` also what won't
 * @throws RigError EUSAGE for sources that aren't ours; EFILES, EPORTS, EMEMORY or ELIMITS when a leg can't fit
 */
export function checkPlan(
  setups: readonly LegSetup[],
  has: Snapshot,
  { force, pid }: Pick<RunConfig, 'force' | 'pid'>,
): string[] {
  const foreign = new Set(setups.flatMap(({ layout }) => layout.sources).filter((ip) => !isOurs(ip)));
  if (foreign.size > 0) {
    const problems = [...foreign].map((ip) => `--source: ${ip} is not an address of ${hostname()}`);
    throw usageError(problems, 'ip -brief address, to see which are');
  }
  const findings = setups.flatMap(({ leg, layout, destinations, local, url }) => {
    const need = needOf({
      connections: peakOf(leg),
      connectsPerSecond: leg.connectsPerSecond,
      workers: layout.workers,
      descriptorTables: layout.ownTables ? layout.workers : 1,
      destinations,
      sources: Math.max(1, layout.sources.length),
      protocol: leg.protocol,
      targetOnThisMachine: local,
      // Ours has a process for each port; of another nothing is known but that it listens on so many.
      targetProcesses: destinations,
      clientBytesPerConnection: ESTIMATED_BYTES.client[layout.engine][leg.protocol],
    });
    // What another server may open is its own affair, unless its process was named.
    const targetFiles = url === undefined ? has.filesHard : pid === undefined ? null : has.targetFiles;
    return check(need, { ...has, targetFiles });
  });
  const refusal = explain(findings);
  if (refusal && !force) throw refusal;
  const noteworthy = findings.filter(({ ok }) => ok === 'warn' || ok === 'fail');
  return [...new Set(noteworthy.map(({ sentence, command }) => `${sentence} — ${command}`))];
}
