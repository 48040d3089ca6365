import { PROTOCOLS } from '../core/protocols/names.ts';
import type { Census, CensusOfProtocol } from '../core/schemas/admin.ts';
import { SERVER_CLOSE_REASONS, type ServerCloseReason } from '../core/values/outcomes.ts';

export const newCensus = (): CensusOfProtocol => ({
  accepted: 0,
  handshaking: 0,
  open: 0,
  closed: Object.fromEntries(SERVER_CLOSE_REASONS.map((reason) => [reason, 0])) as Record<ServerCloseReason, number>,
  bytesIn: 0,
  bytesOut: 0,
});

/** One census over several processes. */
export function sumCensus(parts: readonly Census[]): Census {
  const sum = Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, newCensus()])) as Census;
  for (const part of parts) for (const protocol of PROTOCOLS) add(sum[protocol], part[protocol]);
  return sum;
}

export const openOf = (census: Census): number => PROTOCOLS.reduce((sum, name) => sum + census[name].open, 0);

function add(sum: CensusOfProtocol, part: CensusOfProtocol): void {
  sum.accepted += part.accepted;
  sum.handshaking += part.handshaking;
  sum.open += part.open;
  sum.bytesIn += part.bytesIn;
  sum.bytesOut += part.bytesOut;
  for (const reason of SERVER_CLOSE_REASONS) sum.closed[reason] += part.closed[reason];
}
