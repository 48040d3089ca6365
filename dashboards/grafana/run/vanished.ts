import { lines } from '../panels.ts';
import { VANISHED } from '../queries/run.ts';

/** Peers that are gone without a word, while it is seen whether the target notices. */
export const vanished = [
  lines({
    title: 'Vanished peers',
    description: 'Connections whose clients are gone without FIN or RST. Only with --behaviour vanish.',
    width: 12,
    height: 8,
    queries: [VANISHED.connections],
  }),
  lines({
    title: 'Until the target let go',
    description: 'Half, 99 % and all of them; what it still had at the end has no time.',
    unit: 's',
    width: 6,
    height: 8,
    queries: [VANISHED.notice],
  }),
  lines({
    title: 'Still held',
    description: 'Vanished peers that the target had after --vanish-for.',
    width: 6,
    height: 8,
    queries: [VANISHED.stillHeld],
  }),
];
