import { mapSchemes, SCHEMES } from '../core/protocols/schemes.ts';
import type { Census, CensusOfScheme } from '../core/schemas/admin.ts';
import { SERVER_CLOSE_REASONS, type ServerCloseReason } from '../core/values/outcomes.ts';

export const newCensus = (): CensusOfScheme => ({
  accepted: 0,
  handshaking: 0,
  open: 0,
  closed: Object.fromEntries(SERVER_CLOSE_REASONS.map((reason) => [reason, 0])) as Record<ServerCloseReason, number>,
  bytesIn: 0,
  bytesOut: 0,
});

/** One census over several processes. */
export function sumCensus(parts: readonly Census[]): Census {
  const sum = mapSchemes(newCensus);
  for (const part of parts) for (const scheme of SCHEMES) add(sum[scheme], part[scheme]);
  return sum;
}

export const openOf = (census: Census): number => SCHEMES.reduce((sum, name) => sum + census[name].open, 0);

function add(sum: CensusOfScheme, part: CensusOfScheme): void {
  sum.accepted += part.accepted;
  sum.handshaking += part.handshaking;
  sum.open += part.open;
  sum.bytesIn += part.bytesIn;
  sum.bytesOut += part.bytesOut;
  for (const reason of SERVER_CLOSE_REASONS) sum.closed[reason] += part.closed[reason];
}
