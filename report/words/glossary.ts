/** Words of the report that a reader may not have met: each with what it means here. */
export const GLOSSARY: ReadonlyArray<readonly [word: string, meaning: string]> = [
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
