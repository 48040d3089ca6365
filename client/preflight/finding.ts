import { humanBytes, humanCount } from '../../core/values/units.ts';

export const CHECKS = [
  'files',
  'target-files',
  'files-ceiling',
  'system-files',
  'ports',
  'backlog',
  'syn-backlog',
  'threads',
  'tcp-memory',
  'conntrack',
  'memory',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** `unknown`: couldn't be read here, so it is neither good nor bad. */
export type Judgement = 'ok' | 'warn' | 'fail' | 'unknown';

export interface Finding {
  readonly what: CheckName;
  readonly ok: Judgement;
  /** What this machine has, in the unit of `needed`; null when unknown, Infinity when unlimited. */
  readonly is: number | null;
  readonly needed: number;
  /** Whether the numbers are bytes rather than counts. */
  readonly inBytes: boolean;
  /** The setting's own name. */
  readonly knob: string;
  /** What to paste to make it fit. */
  readonly command: string;
  /** One sentence about this plan on this machine. */
  readonly sentence: string;
}

interface FindingText {
  readonly knob: string;
  readonly command: string;
  /** @param is what this machine has, for people */
  readonly sentence: (is: string) => string;
  readonly inBytes?: boolean;
  /** What too little means: the plan can't work, or may. */
  readonly short?: 'fail' | 'warn';
  /** Warn below this multiple of what is needed. */
  readonly tight?: number;
}

export function finding(what: CheckName, is: number | null, needed: number, text: FindingText): Finding {
  const { knob, command, sentence, inBytes = false, short = 'fail', tight = 1 } = text;
  const ok = is === null ? 'unknown' : is < needed ? short : is < needed * tight ? 'warn' : 'ok';
  return { what, ok, is, needed, inBytes, knob, command, sentence: sentence(amount(is, inBytes)) };
}

export const countedNoun = (count: number, noun: string): string =>
  `${humanCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** What a finding has or needs, for people. */
export function amount(value: number | null, inBytes: boolean): string {
  if (value === null) return 'unknown';
  if (value === Number.POSITIVE_INFINITY) return 'unlimited';
  return inBytes ? humanBytes(value) : humanCount(value);
}
