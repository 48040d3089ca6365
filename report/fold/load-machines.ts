import type { Sample } from '../../core/schemas/record.ts';
import { generationOf, type ShareState } from '../../core/schemas/share-state.ts';
import type { Summary } from '../../core/schemas/summary.ts';

type LoadMachine = NonNullable<Summary['generator']['hosts']>[number];

const sharesIn = (sample: Sample): readonly ShareState[] =>
  'shares' in sample && sample.shares !== undefined ? sample.shares : [];

/** What each host used that held shares of a fleet, by name; undefined where the conductor's machine held all. */
export function loadMachinesOf(samples: readonly Sample[]): LoadMachine[] | undefined {
  /** What each generation of a share said last: another one counts from 0, as does each leg in each launch. */
  const latest = new Map<string, ShareState>();
  const workers = new Map<string, Set<string>>();
  const most = new Map<string, { open: number; rssBytes: number }>();
  for (const sample of samples) {
    const now = new Map<string, { open: number; rssBytes: number }>();
    for (const share of sharesIn(sample)) {
      const { host, worker, open, rssBytes } = share;
      latest.set(generationOf(sample, share), share);
      workers.set(host, (workers.get(host) ?? new Set()).add(worker));
      const sum = now.get(host) ?? { open: 0, rssBytes: 0 };
      now.set(host, { open: sum.open + open, rssBytes: sum.rssBytes + rssBytes });
    }
    for (const [host, sum] of now) {
      const { open, rssBytes } = most.get(host) ?? sum;
      most.set(host, { open: Math.max(open, sum.open), rssBytes: Math.max(rssBytes, sum.rssBytes) });
    }
  }
  if (latest.size === 0) return undefined;
  return [...most]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, { open, rssBytes }]) => {
      const own = [...latest.values()].filter((share) => share.host === host);
      const lateness = own.map(({ latenessMs }) => latenessMs).filter((ms) => ms !== null);
      return {
        host,
        workers: workers.get(host)!.size,
        mostOpen: open,
        opened: own.reduce((sum, { opened }) => sum + opened, 0),
        cpuSeconds: own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
        rssBytes,
        latenessMs: lateness.length > 0 ? Math.max(...lateness) : null,
      };
    });
}
