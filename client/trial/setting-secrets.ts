import type { RunConfig } from '../../config/run-config.ts';

/** Settings of dialects that say who somebody is, by their names. */
const PERSONAL = /auth|credential|key|login|pass|payload|secret|token|user/i;

/** Values of `--dialect-set` that nobody else is to read. A text with holes is none: what fills them is hidden anyway. */
export function settingSecrets({ dialectSettings = [] }: Pick<RunConfig, 'dialectSettings'>): string[] {
  return dialectSettings
    .filter(([name]) => PERSONAL.test(name))
    .flatMap(([, value]) => textsIn(value))
    .filter((text) => !text.includes('{'));
}

/** Each text in it, where it is JSON. */
function textsIn(value: string): string[] {
  try {
    return leavesOf(JSON.parse(value));
  } catch {
    return [value];
  }
}

function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}
