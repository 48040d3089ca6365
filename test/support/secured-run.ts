import type { RecordedLeg } from '../../core/schemas/leg.ts';
import { hasProgress, type LegProgress, type RunEvent, type Sample } from '../../core/schemas/record.ts';
import type { Agreement, LegTls } from '../../core/schemas/tls.ts';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { climb, leg } from './synthetic-run.ts';

export const LEG_TLS: LegTls = {
  verify: true,
  servername: null,
  versions: ['1.2', '1.3'],
  ciphers: null,
  groups: null,
  alpn: [],
  resume: false,
  hasOwnCertificate: false,
};

export const AGREEMENT: Agreement = {
  version: '1.3',
  suite: 'TLS_AES_128_GCM_SHA256',
  group: 'X25519',
  serverKey: 'EC P-256',
  alpn: null,
};

/** A leg over TLS: `wss` unless said. */
export const securedLeg = (more: Partial<RecordedLeg> = {}): RecordedLeg =>
  leg({ name: 'wss', transport: 'tls', tls: LEG_TLS, ...more });

export const agreedEvent = (more: Partial<Agreement> = {}, at: { leg?: number; launch?: number } = {}): RunEvent => ({
  type: 'agreed',
  elapsedMs: 1,
  launch: at.launch ?? 0,
  leg: at.leg ?? 1,
  protocol: 'ws',
  agreement: { ...AGREEMENT, ...more },
});

const took = (ms: number, count: number): Array<[number, number]> =>
  count === 0 ? [] : [[lowestOf(bucketOf(ms * 1000)), count]];

/** What opening took, and what came of TLS, beside the counts: 100 bytes said in and 150 out for each open. */
export function withStages(progress: LegProgress, tls: Partial<NonNullable<LegProgress['tls']>> | null): LegProgress {
  const { open: opened } = progress.outcomes;
  const wire = tls === null ? 0 : 1;
  return {
    ...progress,
    stages: {
      connecting: took(0.5, opened),
      securing: took(4 * wire, opened),
      handshaking: took(1, opened),
    },
    bytes: {
      in: 100 * opened,
      out: 150 * opened,
      wireIn: (100 + 1300 * wire) * opened,
      wireOut: (150 + 400 * wire) * opened,
    },
    tls: tls && { secured: opened, resumed: 0, keptObjects: 0, ...tls },
  };
}

/** A climb of which that is known. @param tls null: it is plain */
export const stagedClimb = (
  bytesEach: number,
  where: Parameters<typeof climb>[1],
  tls: Partial<NonNullable<LegProgress['tls']>> | null = {},
): Sample[] =>
  climb(bytesEach, where).map((sample) =>
    hasProgress(sample) ? { ...sample, progress: withStages(sample.progress, tls) } : sample,
  );
