/** What one connection received: deliveries, its mean place in their order (0 first, 1 last), and its mean delay. */
export interface ConnectionShare {
  readonly deliveries: number;
  readonly place: number;
  readonly delayMs: number;
}

export interface FairnessFound {
  readonly connections: number;
  readonly sameOrder: number;
  readonly quickestTenthMs: number;
  readonly slowestTenthMs: number;
}

/** A place is spread evenly from 0 to 1. */
const PLACE_VARIANCE = 1 / 12;

/**
 * How even deliveries are over connections. Places that are drawn anew for each message have means that scatter by 1/12 ÷ messages;
 * what they scatter beyond that is the connections' own.
 *
 * @returns null below two connections with two deliveries each
 */
export function fairnessOf(all: readonly ConnectionShare[]): FairnessFound | null {
  const shares = all.filter(({ deliveries }) => deliveries >= 2);
  if (shares.length < 2) return null;
  const mean = shares.reduce((sum, { place }) => sum + place, 0) / shares.length;
  const variance = shares.reduce((sum, { place }) => sum + (place - mean) ** 2, 0) / (shares.length - 1);
  const chance = shares.reduce((sum, { deliveries }) => sum + 1 / deliveries, 0) / shares.length;
  const own = (variance / PLACE_VARIANCE - chance) / (1 - chance);
  const delays = shares.map(({ delayMs }) => delayMs).sort((a, b) => a - b);
  const tenth = Math.max(1, Math.floor(delays.length / 10));
  const meanOf = (some: readonly number[]): number => some.reduce((sum, ms) => sum + ms, 0) / some.length;
  return {
    connections: shares.length,
    sameOrder: Math.min(1, Math.max(0, own)),
    quickestTenthMs: meanOf(delays.slice(0, tenth)),
    slowestTenthMs: meanOf(delays.slice(-tenth)),
  };
}
