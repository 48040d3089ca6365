import type { LegSummary } from '../../core/schemas/leg-summary.ts';

type Entry = readonly [word: string, meaning: string];

/** Words of the report that a reader may not have met: each with what it means here. */
export const glossaryOf = (legs: readonly LegSummary[]): readonly Entry[] => [
  ...GLOSSARY,
  ...(legs.some(({ stages }) => stages !== null) ? OF_STAGES : []),
  ...(legs.some(({ tls }) => tls !== null) ? OF_TLS : []),
];

const GLOSSARY: readonly Entry[] = [
  ['target', 'the server under test and nothing else'],
  ['leg', 'connections of one kind that climb and drain alone, so that their cost can be told apart'],
  ['level', 'a number of open connections that is held still while memory is read'],
  ['launch', 'one start of the target; several show how far its starts differ'],
  ['user space', "memory of the target's own processes"],
  ['in the kernel', "what the kernel takes for the target's end of a connection: sockets, files, buffers"],
  ['interval', 'where the true value lies with 95 % certainty, as far as chance goes'],
  ['headroom', 'the part of the memory that is kept free when a capacity is told'],
  ['a guess', 'it lies beyond twice the top level, where nothing was measured'],
  ['at rest', 'after garbage was collected, or after the target had time to tidy up'],
  ['retained', 'what a closed connection leaves behind'],
  ['p99', '99 of 100 took no longer'],
  ['inconclusive', 'it was measured, and the measurement does not show the answer: what would tell stands beside it'],
];

const OF_STAGES: readonly Entry[] = [
  ['connecting', 'the first stage of an open: until TCP is established'],
  ['handshaking', 'its last stage: from there until the connection can be used'],
];

const OF_TLS: readonly Entry[] = [
  ['securing', 'the stage between them: until the TLS handshake is done'],
  ['TLS adds', 'what a leg over TLS costs beyond the plain leg of the same protocol in the same run'],
  ['resumed', 'a handshake that took up an earlier session, which spares both ends most of the work'],
  ['on the wire', 'bytes as TCP carried them: with handshakes and records of TLS'],
];
