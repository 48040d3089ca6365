import { LEDGER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { PROTOCOLS } from '../../core/protocols/names.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { TlsAdds } from '../../core/schemas/summary.ts';
import { type Cost, type Difference, differenceAt95 } from '../../core/stats/difference.ts';
import { knownCost } from '../../core/values/known-cost.ts';
import { componentCost, costOf } from '../compare/comparison.ts';

type Component = (typeof LEDGER_COMPONENTS)[number];

/**
 * What TLS adds to one more connection. Each leg over TLS is held against the plain one of its protocol, the second against the
 * second where there are several.
 */
export function tlsAddsOf(legs: readonly LegSummary[]): TlsAdds[] {
  return PROTOCOLS.flatMap((protocol) => {
    const of = (transport: LegSummary['transport']): LegSummary[] =>
      legs.filter((leg) => leg.protocol === protocol && leg.transport === transport && leg.family === 'inet');
    const plain = of('plain');
    return of('tls').flatMap((leg, i) => (plain[i] ? [addedTo(plain[i], leg)] : []));
  });
}

function addedTo(plain: LegSummary, leg: LegSummary): TlsAdds {
  const names = { leg: leg.name, plainLeg: plain.name, protocol: leg.protocol };
  const unknown = whyUnknown(plain, leg);
  if (unknown !== null) {
    return { ...names, total: null, user: null, kernel: null, components: {}, isShown: false, unknown };
  }
  const part = (name: 'total' | 'user' | 'kernel'): Difference | null => added(costOf(plain, name), costOf(leg, name));
  const [total, user, kernel] = [part('total'), part('user'), part('kernel')];
  const components = Object.fromEntries(
    LEDGER_COMPONENTS.map((name: Component) => [name, added(componentCost(plain, name), componentCost(leg, name))]),
  );
  const main = total ?? user ?? kernel;
  const isShown = main !== null && main.word !== 'no difference shown';
  return { ...names, total, user, kernel, components, isShown, unknown: main === null ? 'no-cost' : null };
}

const added = (before: Cost | null, after: Cost | null): Difference | null =>
  before && after && differenceAt95(before, after);

function whyUnknown(plain: LegSummary, leg: LegSummary): TlsAdds['unknown'] {
  if (plain.inconclusive || leg.inconclusive) return 'inconclusive';
  if (knownCost(plain) === null || knownCost(leg) === null) return 'no-cost';
  // A table that doubled where only one of them has been would pass for TLS.
  return topOf(plain) === topOf(leg) ? null : 'other-levels';
}

const topOf = ({ levels }: LegSummary): number | undefined => levels.at(-1)?.open;
