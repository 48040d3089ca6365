import type { Sample, VanishEpisode } from '../../core/schemas/record.ts';
import { NOTICES, type Notice, type VanishCost, type VanishSummary } from '../../core/schemas/vanish.ts';

const HALF = 0.5;

/** What came of connections that vanished, all launches of a leg together; null where none did. @param own samples of that leg */
export function vanishOf(own: readonly Sample[]): VanishSummary | null {
  const episodes = own.filter((sample): sample is VanishEpisode => sample.type === 'vanish' && sample.vanished > 0);
  const [first] = episodes;
  if (!first) return null;
  const sum = (of: (episode: VanishEpisode) => number): number => episodes.reduce((total, one) => total + of(one), 0);
  const most = (of: (episode: VanishEpisode) => number): number => Math.max(...episodes.map(of));
  const known = (of: (episode: VanishEpisode) => number | null): number | null =>
    episodes.some((one) => of(one) === null) ? null : sum((one) => of(one)!);
  const [vanished, noticed] = [sum((one) => one.vanished), sum((one) => one.noticed)];
  const isSeen = episodes.every(({ seenBy }) => seenBy !== null);
  const quantile = isSeen ? quantilesOf(episodes, vanished) : () => null;
  return {
    level: most(({ level }) => level),
    vanished,
    noticed,
    stillHeld: isSeen ? vanished - noticed : null,
    waitedMs: most(({ waitedMs }) => waitedMs),
    precisionMs: most(({ precisionMs }) => precisionMs),
    // Where there were two ways, the one that tells less.
    seenBy: isSeen ? (episodes.find(({ seenBy }) => seenBy === 'files')?.seenBy ?? first.seenBy) : null,
    noticeP50Ms: quantile(0.5),
    noticeP99Ms: quantile(0.99),
    noticeAllMs: quantile(1),
    notices: noticesOf(episodes),
    retransmitted: known(({ retransmitted }) => retransmitted),
    probed: known(({ probed }) => probed),
    orphans: known(({ orphans }) => orphans),
    before: first.before,
    most: episodes.map((one) => one.most).reduce(largerOf),
    after: first.after,
  };
}

/**
 * The share of all that vanished, the ones that were still held included: those have taken longer than any that were let go of.
 * Not all times are written down, but so many that are evenly spread: each stands for several.
 */
function quantilesOf(episodes: readonly VanishEpisode[], vanished: number): (q: number) => number | null {
  const times = episodes
    .flatMap(({ noticeMs, noticed }) => noticeMs.map((ms) => ({ ms, stands: noticed / noticeMs.length })))
    .sort((a, b) => a.ms - b.ms);
  return (q) => {
    const rank = Math.ceil(q * vanished);
    let upTo = 0;
    for (const { ms, stands } of times) {
      upTo += stands;
      // What is summed up of fractions may lack a part of one.
      if (upTo + HALF >= rank) return ms;
    }
    return null;
  };
}

function noticesOf(episodes: readonly VanishEpisode[]): VanishSummary['notices'] {
  const counts = Object.fromEntries(NOTICES.map((name) => [name, 0])) as Record<Notice, number>;
  for (const { notices } of episodes) {
    if (notices === null) return null;
    for (const name of NOTICES) counts[name] += notices[name];
  }
  return counts;
}

function largerOf(one: VanishCost, other: VanishCost): VanishCost {
  const larger = (name: keyof VanishCost): number | null =>
    one[name] === null || other[name] === null ? (one[name] ?? other[name]) : Math.max(one[name], other[name]);
  return {
    userBytes: larger('userBytes'),
    unackedBytes: larger('unackedBytes'),
    unackedMemoryBytes: larger('unackedMemoryBytes'),
  };
}
