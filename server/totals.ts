import type { Census, ServerMemory } from '../core/schemas/admin.ts';
import { openOf, sumCensus } from './census.ts';
import type { ServerSnapshot } from './server-process.ts';

export const sumCensusOf = (parts: readonly ServerSnapshot[]): Census => sumCensus(parts.map((part) => part.census));

/** What an open connection costs in resident memory right now, over all parts. */
export function liveOf(parts: readonly ServerSnapshot[]): ServerMemory['live'] {
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
