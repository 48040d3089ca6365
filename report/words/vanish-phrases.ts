import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { NOTICES, type Notice, type VanishCost, type VanishSummary } from '../../core/schemas/vanish.ts';
import { bytes, count, joined, ms, orUnknown, type Part, type Phrase, say, size, UNKNOWN } from './phrase.ts';
import type { TableData } from './table.ts';

/** How a server came to notice, each in a few words. */
const BY: Readonly<Record<Notice, string>> = {
  ping: 'after something it had said was not answered',
  silence: 'having said nothing',
  'keep-alive': 'by keep-alive probes of its kernel',
  retransmission: 'since its kernel gave up sending again',
};

/** For the verdict: how long the target held peers that were gone; nothing where none vanished. */
export function vanishClause({ vanish }: Pick<LegSummary, 'vanish'>): Phrase {
  if (vanish === null) return [];
  const { vanished, stillHeld, noticed, waitedMs, noticeP50Ms, noticeAllMs } = vanish;
  if (stillHeld === null)
    return say`${count(vanished)} peers vanished, and nobody tells when the target let go of them`;
  if (noticed === 0) return say`all of ${count(vanished)} peers that vanished were still held after ${ms(waitedMs)}`;
  if (stillHeld > 0) {
    const half = noticeP50Ms === null ? '' : say`; half of them were let go of within ${ms(noticeP50Ms)}`;
    return say`${count(stillHeld)} of ${count(vanished)} peers that vanished were still held after ${ms(waitedMs)}${half}`;
  }
  const by = most(vanish);
  return say`it let go of ${count(vanished)} peers that vanished within ${orUnknown(noticeAllMs, ms)}${by === null ? '' : `, ${BY[by]}`}`;
}

/** How most of them were noticed. */
function most({ notices }: VanishSummary): Notice | null {
  if (notices === null) return null;
  return NOTICES.reduce((best, name) => (notices[name] > notices[best] ? name : best));
}

/** Cells of the verdict's rows. */
export const noticeCell = ({ vanish }: LegSummary): Part => {
  if (vanish === null || vanish.stillHeld === null) return UNKNOWN;
  const { noticeP50Ms, noticeP99Ms, noticeAllMs, waitedMs } = vanish;
  const cell = (time: number | null): Part => (time === null ? say`over ${ms(waitedMs)}` : ms(time));
  return vanish.noticed === 0
    ? say`none within ${ms(waitedMs)}`
    : joined([noticeP50Ms, noticeP99Ms, noticeAllMs].map(cell), ' / ');
};
export const stillHeldCell = ({ vanish }: LegSummary): Part =>
  vanish === null || vanish.stillHeld === null
    ? UNKNOWN
    : say`${count(vanish.stillHeld)} of ${count(vanish.vanished)} after ${ms(vanish.waitedMs)}`;

/** What was found of vanished peers: how they were noticed, and what they cost until then. */
export function vanishTable({ name, vanish }: LegSummary): TableData {
  return {
    topic: 'time',
    caption: `${name}: peers that vanished from the top level, without FIN or RST`,
    columns: [{ title: '' }, { title: '', words: true }],
    rows: vanish === null ? [] : rowsOf(vanish).map(([head, cell]) => ({ head, cells: [cell] })),
  };
}

function rowsOf(vanish: VanishSummary): ReadonlyArray<readonly [head: string, cell: Part]> {
  const { notices, seenBy } = vanish;
  const seen = { sockets: "the kernel's list of its sockets", files: 'its open files' } as const;
  const byWhat = NOTICES.filter((name) => (notices?.[name] ?? 0) > 0);
  return [
    ['vanished', say`${count(vanish.vanished)} of ${count(vanish.level)}`],
    ['let go of', count(vanish.noticed)],
    ['still held at the end', orUnknown(vanish.stillHeld, count)],
    ['looked at for', ms(vanish.waitedMs)],
    ['seen by', seenBy === null ? 'nothing' : say`${seen[seenBy]}, to ${ms(vanish.precisionMs / 2)}`],
    ...byWhat.map((name) => [`let go of ${BY[name]}`, count(notices![name])] as const),
    ['data was sent again to', orUnknown(vanish.retransmitted, count)],
    ['keep-alive probes were sent to', orUnknown(vanish.probed, count)],
    ['closed, and still kept by its kernel', orUnknown(vanish.orphans, count)],
    ['before: user memory', costCell(vanish.before)],
    ['while held, at the most', costCell(vanish.most)],
    ['once the level was whole again', vanish.after === null ? UNKNOWN : costCell(vanish.after)],
  ];
}

function costCell({ userBytes, unackedBytes, unackedMemoryBytes }: VanishCost): Phrase {
  const user = orUnknown(userBytes, bytes);
  if (unackedBytes === null || unackedBytes === 0) return say`${user}`;
  return say`${user}; ${bytes(unackedBytes)} not acknowledged, which take ${orUnknown(unackedMemoryBytes, size)} in the kernel`;
}
