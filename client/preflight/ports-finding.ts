import { humanCount } from '../../core/values/units.ts';
import { countedNoun, type Finding, finding } from './finding.ts';
import type { Need } from './machine-demand.ts';
import type { Snapshot } from './snapshot.ts';

/** A port rests so long after the end that closed first (TCP_TIMEWAIT_LEN), or until the system may use it again. */
const TIME_WAIT_SECONDS = 60;
const REUSED_AFTER_SECONDS = 1;

/** Local ports for all that are open, and for those that rest. */
export function portsFinding(need: Need, has: Snapshot): Finding {
  const perPair = has.portRange && Math.max(0, has.portRange[1] - has.portRange[0] + 1 - (has.reservedPorts ?? 0));
  const pairs = need.destinations * need.sources;
  // A port in TIME_WAIT isn't lost where it may be used again; on loopback that is so with 2, the usual setting.
  const reusable = has.timeWaitReuse === 1 || (has.timeWaitReuse === 2 && need.targetOnThisMachine);
  const lost = reusable ? 0 : (has.timeWait ?? 0);
  const restSeconds = reusable ? REUSED_AFTER_SECONDS : TIME_WAIT_SECONDS;
  const resting = Math.ceil(need.turnoverPerSecond * restSeconds) + need.cutAtOnce;
  const needed = need.connections + resting;
  const widest = 65_535 - 1024 + 1;
  const morePairs = Math.ceil((needed + lost) / (perPair || widest));
  const remedy =
    resting > 0 && perPair && need.connections <= perPair * pairs - lost
      ? {
          knob: '--behaviour',
          command:
            need.cutAtOnce > 0
              ? `storm:…:rst, which leaves nothing in TIME_WAIT; or --source with ${morePairs} addresses`
              : `churn:…:rst, which leaves nothing in TIME_WAIT; or --source with ${morePairs} addresses, or a lower turnover`,
        }
      : perPair && needed <= perPair * pairs
        ? { knob: 'TIME_WAIT', command: 'sleep 60; or end the run before with --close reset' }
        : needed + lost <= widest * pairs
          ? {
              knob: 'net.ipv4.ip_local_port_range',
              command: 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
            }
          : {
              knob: '--source',
              command: `give ${morePairs} destination ports (${need.scheme}://host:9001-${9000 + morePairs}) or as many addresses with --source`,
            };
  // All can be open; those that come back within the second may find no port at first.
  const isLate = reusable && need.cutAtOnce > 0 && perPair !== null && need.connections <= perPair * pairs - lost;
  return finding('ports', perPair && perPair * pairs - lost, needed, {
    ...remedy,
    ...(isLate && { short: 'warn' }),
    sentence: (is) =>
      `${humanCount(need.connections)} connections${restsFor(need, restSeconds, resting)} from ${countedNoun(need.sources, 'source')} to ${countedNoun(need.destinations, 'destination')}; ` +
      `there are local ports for ${is}` +
      (lost > 0 ? `, since ${humanCount(lost)} that were closed lately rest in TIME_WAIT` : ''),
  });
}

/** The arithmetic of what a turnover, or a cut, leaves behind. */
const restsFor = ({ turnoverPerSecond, cutAtOnce }: Need, seconds: number, resting: number): string =>
  resting === 0
    ? ''
    : cutAtOnce > 0
      ? ` and ${humanCount(resting)} ports in TIME_WAIT for ${seconds} s (cut at one moment, as this end closes first)`
      : ` and ${humanCount(resting)} ports in TIME_WAIT (${humanCount(turnoverPerSecond)} replaced a second × ${seconds} s, as this end closes first)`;
