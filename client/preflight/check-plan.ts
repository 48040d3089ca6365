import { hostname } from 'node:os';
import { usageError } from '../../core/errors.ts';
import { peakOf } from '../../core/plan.ts';
import type { RunConfig } from '../config/run-config.ts';
import { isOurs } from '../environment.ts';
import { check, explain } from './check.ts';
import { needOf } from './need.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Checks every leg of a plan against this machine, before the first socket.
 *
 * @param ips where each URL's host was found, in the order of the URLs; empty for the built-in server
 * @returns what is tight but may do, one sentence each; with `force` also what won't
 * @throws RigError EUSAGE for sources that aren't ours; EFILES, EPORTS, EMEMORY or ELIMITS when a leg can't fit
 */
export function checkPlan(config: RunConfig, ips: readonly string[], workers: number, has: Snapshot): string[] {
  const sources = config.sources ?? [];
  const foreign = sources.filter((ip) => !isOurs(ip));
  if (foreign.length > 0) {
    const problems = foreign.map((ip) => `--source: ${ip} is not an address of ${hostname()}`);
    throw usageError(problems, 'ip -brief address, to see which are');
  }
  const findings = config.plan.legs.flatMap((leg, index) => {
    const ip = ips[index];
    const need = needOf({
      connections: peakOf(leg),
      connectsPerSecond: leg.connectsPerSecond,
      workers,
      destinations: config.urls[index]?.ports.length ?? 1,
      sources: Math.max(1, sources.length),
      protocol: leg.protocol,
      targetOnThisMachine: ip === undefined || isOurs(ip),
    });
    return check(need, has);
  });
  const refusal = explain(findings);
  if (refusal && !config.force) throw refusal;
  const noteworthy = findings.filter(({ ok }) => ok === 'warn' || ok === 'fail');
  return [...new Set(noteworthy.map(({ sentence, command }) => `${sentence} — ${command}`))];
}
