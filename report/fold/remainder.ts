import { componentLabel } from '../../charts/ledger-chart.ts';
import { KERNEL_COMPONENTS } from '../../core/ledger/kernel-rows.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { humanBytes } from '../../core/values/units.ts';

/** A share of the kernel's part of a connection: less than this stays unexplained on any host, at both ends together. */
const USUAL_SHARE = 0.1;

/**
 * What contradicts the rows: the host's memory grew by clearly less than they say, or by clearly more. Its own noise
 * decides, which is large on a host with neighbours: the end of its interval that is nearer to 0 counts.
 */
export function contradictionIn({ name, perConnection }: LegSummary): string[] {
  const { unexplained, user, kernel, components } = perConnection ?? {};
  // What nobody could read lies in the remainder, and contradicts nothing.
  if (!unexplained || !user || !kernel) return [];
  if (unexplained.bytes > 0 && KERNEL_COMPONENTS.some((name) => components?.[name] == null)) return [];
  const { bytes, low, high } = unexplained;
  const surely = low > 0 ? low : high < 0 ? -high : 0;
  if (surely <= USUAL_SHARE * kernel.bytes) return [];
  const [least, most] = bytes < 0 ? [-high, -low] : [low, high];
  const byHowMuch = `${humanBytes(Math.abs(bytes))} (${humanBytes(least)} to ${humanBytes(most)}) a connection`;
  if (bytes > 0) {
    return [
      `${name}: the host's memory grew by ${byHowMuch} more than all parts say: the target takes what is in none of ` +
        'them, or another program took memory at the same pace',
    ];
  }
  // Only what is as large can be too large by so much.
  const suspects = KERNEL_COMPONENTS.filter((name) => (components?.[name] ?? 0) >= surely);
  const named = suspects.map((name) => `${componentLabel(name)}, ${humanBytes(components![name]!)}`).join('; ');
  return [
    `${name}: the host's memory grew by ${byHowMuch} less than the parts say: one of them is too large` +
      `${named === '' ? '' : ` (${named})`}, or another program gave memory back at the same pace`,
  ];
}
