import { CLOSE_REASONS, OUTCOMES, STATUS_CLASSES } from '../../core/values/outcomes.ts';
import { ShareReport } from '../../fleet/remote/messages.ts';
import { TALLY_FIELDS, WIRE_VERSION } from '../../fleet/wire.ts';

interface Said {
  share?: number;
  generation?: number;
  number?: number;
  seq?: number;
  offsetMs?: number;
  open?: number;
  opening?: number;
  closed?: number;
  firstLossAtMs?: number;
  lastLossAtMs?: number;
  lag?: [number, number][];
  ownLag?: [number, number][];
  cpuSeconds?: number;
  rssBytes?: number;
  worker?: string;
}

/** What a worker says of its share, as it comes over the wire. */
export function shareReport({
  share = 0,
  generation = 1,
  number = 1,
  seq = 1,
  offsetMs = 0,
  open = 0,
  opening = 0,
  closed = 0,
  lag,
  ownLag,
  cpuSeconds = 0,
  rssBytes = 0,
  worker = `worker-${share}`,
  ...moments
}: Said): ShareReport {
  const zeroes = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0]));
  return ShareReport.parse({
    wire: WIRE_VERSION,
    share,
    generation,
    number,
    seq,
    host: `host-${share}`,
    offsetMs,
    tally: {
      version: WIRE_VERSION,
      ...zeroes(TALLY_FIELDS),
      attempts: opening + open + closed,
      opening,
      open,
      closed,
      ...moments,
      outcomes: { ...zeroes(OUTCOMES), open: open + closed },
      closeReasons: { ...zeroes(CLOSE_REASONS), 'by-peer': closed },
      statuses: zeroes(STATUS_CLASSES),
    },
    distributions: { ...(lag && { lag }), ...(ownLag && { ownLag }) },
    cpuSeconds,
    rssBytes,
    worker,
    clock: { offsetMs: 0, spreadMs: 1 },
  });
}
