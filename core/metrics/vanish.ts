/** What a run tells of peers that vanish (`--behaviour vanish`). */
import { NOTICES } from '../schemas/vanish.ts';
import { BY_LEG, type MetricSpec } from './spec.ts';

/** How many of the vanished ones were let go of: half, 99 %, all. */
export const VANISH_SHARES = ['p50', 'p99', 'all'] as const;

export const VANISH_METRICS = {
  vanishedConnections: {
    kind: 'gauge',
    name: 'connrig_vanished_connections',
    labels: { ...BY_LEG, fate: ['held', 'let-go'] },
    help: 'Connections whose clients are gone without FIN or RST, by whether the target still has them. Only with --behaviour vanish, while they are looked at.',
  },
  vanishNotice: {
    kind: 'gauge',
    name: 'connrig_vanish_notice_seconds',
    labels: { ...BY_LEG, share: VANISH_SHARES },
    help: 'From when clients were gone until the target had let go of half, 99 % and all of them, in the last launch. Only with --behaviour vanish, once that is known.',
  },
  vanishStillHeld: {
    kind: 'gauge',
    name: 'connrig_vanish_still_held',
    labels: BY_LEG,
    help: 'Connections whose clients were gone that the target still had after --vanish-for, in the last launch. Only with --behaviour vanish.',
  },
  vanishNotices: {
    kind: 'gauge',
    name: 'connrig_vanish_notices',
    labels: { ...BY_LEG, by: NOTICES },
    help: 'Connections whose clients were gone that the target let go of, by what made it notice, in the last launch. Only with --behaviour vanish.',
  },
  vanishUnacked: {
    kind: 'gauge',
    name: 'connrig_vanish_unacknowledged_bytes',
    labels: BY_LEG,
    help: 'The most that the target had sent at one time to clients that were gone, and nobody acknowledged, in the last launch. Only with --behaviour vanish.',
  },
} as const satisfies Record<string, MetricSpec>;
