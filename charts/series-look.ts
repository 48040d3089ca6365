import type { Role } from './theme.ts';

/** How one of several alike is told from the others: by colour, by shape, and by its line where those begin again. */
export interface Look {
  readonly role: Role;
  readonly symbol: string;
  readonly line: 'solid' | 'dashed';
}

const LOOKS: ReadonlyArray<readonly [Role, string]> = [
  ['user', 'circle'],
  ['kernel', 'triangle'],
  ['connections', 'rect'],
  ['forecast', 'diamond'],
  ['bad', 'roundRect'],
  ['total', 'pin'],
];

/** @param index from 0; the seventh has the first one's colour and shape */
export function lookOf(index: number): Look {
  const [role, symbol] = LOOKS[index % LOOKS.length]!;
  return { role, symbol, line: index % (2 * LOOKS.length) < LOOKS.length ? 'solid' : 'dashed' };
}
