import type { Engine } from '../engines/engine.ts';
import type { TallyWriter } from '../local/shared.ts';

/** What went over the wire; without TLS that is what was said. */
export function tellWire({ tls }: Engine, tally: TallyWriter): void {
  tally.set('wireBytesIn', tls?.wire.bytesIn ?? tally.get('bytesIn'));
  tally.set('wireBytesOut', tls?.wire.bytesOut ?? tally.get('bytesOut'));
  if (tls === undefined) return;
  const { secured, resumed, objects, keptObjects } = tls.counts;
  tally.set('secured', secured);
  tally.set('resumed', resumed);
  tally.set('tlsObjects', objects);
  tally.set('tlsKeptObjects', keptObjects);
}
