import type { Census, ServerMemory } from '../core/schemas/admin.ts';
import { openOf, sumCensus } from './census.ts';
import type { Snapshot } from './server-process.ts';

export const sumCensusOf = (parts: readonly Snapshot[]): Census => sumCensus(parts.map((part) => part.census));

/** What an open connection costs in resident memory right now, over all parts. */
export function liveOf(parts: readonly Snapshot[]): ServerMemory['live'] {
  const open = openOf(sumCensusOf(parts));
  let rssBytes = 0;
  let idleRssBytes = 0;
  for (const part of parts) {
    if (part.idleRssBytes === null) return { bytesPerConnection: null, idleRssBytes: null };
    rssBytes += part.memory.rssBytes;
    idleRssBytes += part.idleRssBytes;
  }
  return { bytesPerConnection: open === 0 ? null : (rssBytes - idleRssBytes) / open, idleRssBytes };
}
