import { VANISH_SHARES } from '../../core/metrics/doings.ts';
import type { VanishEpisode } from '../../core/schemas/record.ts';

type Share = (typeof VANISH_SHARES)[number];

/** What came of connections that vanished: of each leg the last launch. */
export interface VanishTold {
  readonly stillHeld: number;
  /** null where so many weren't let go of. */
  readonly noticeMs: Readonly<Record<Share, number | null>>;
}

const OF: Readonly<Record<Share, number>> = { p50: 0.5, p99: 0.99, all: 1 };

/** @returns undefined where nobody could see what the target did */
export function vanishTold({ seenBy, vanished, noticed, noticeMs }: VanishEpisode): VanishTold | undefined {
  if (seenBy === null || vanished === 0) return undefined;
  const timeOf = (share: Share): number | null => {
    const rank = Math.ceil(OF[share] * vanished);
    if (rank > noticed) return null;
    // Those that are written down are spread evenly over all that were let go of.
    const at = noticed === 1 ? 0 : ((rank - 1) * (noticeMs.length - 1)) / (noticed - 1);
    return noticeMs[Math.round(at)] ?? null;
  };
  const times = Object.fromEntries(VANISH_SHARES.map((share) => [share, timeOf(share)])) as VanishTold['noticeMs'];
  return { stillHeld: vanished - noticed, noticeMs: times };
}
