import type { Engine } from '../engines/engine.ts';
import type { TallyWriter } from '../local/shared.ts';
import { COUNTER } from '../wire.ts';

/** What went over the wire; without TLS that is what was said. */
export function tellWire({ tls }: Engine, tally: TallyWriter): void {
  tally.set(COUNTER.wireBytesIn, tls?.wire.bytesIn ?? tally.get(COUNTER.bytesIn));
  tally.set(COUNTER.wireBytesOut, tls?.wire.bytesOut ?? tally.get(COUNTER.bytesOut));
  if (tls === undefined) return;
  const { secured, resumed, objects, keptObjects } = tls.counts;
  tally.set(COUNTER.secured, secured);
  tally.set(COUNTER.resumed, resumed);
  tally.set(COUNTER.tlsObjects, objects);
  tally.set(COUNTER.tlsKeptObjects, keptObjects);
}
