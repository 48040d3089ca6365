import type { Role } from './theme.ts';

/** How one of several alike is told from the others: by colour, by shape and by its line, so that no colour is needed. */
export interface Look {
  readonly role: Role;
  readonly symbol: string;
  readonly line: 'solid' | 'dashed' | 'dotted';
}

const LOOKS: ReadonlyArray<readonly [Role, string]> = [
  ['user', 'circle'],
  ['kernel', 'triangle'],
  ['connections', 'rect'],
  ['forecast', 'diamond'],
  ['bad', 'roundRect'],
  ['total', 'pin'],
];

/** A line that is like another's has a shape and a colour of its own. */
const LINES = ['solid', 'dashed', 'dotted', 'dashed'] as const;

/** @param index from 0; the seventh has the first one's colour and shape, and another line */
export function lookOf(index: number): Look {
  const [role, symbol] = LOOKS[index % LOOKS.length]!;
  return { role, symbol, line: LINES[index % LINES.length]! };
}
