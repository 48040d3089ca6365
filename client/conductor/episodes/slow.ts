import { isTalk, throughoutOf } from '../../../core/behaviours/behaviours.ts';
import { userBytesOf } from '../../../core/ledger/ledger.ts';
import type { MemoryPoint } from '../../../core/schemas/record.ts';
import type { SlowEpisode, SlowQueues } from '../../../core/schemas/slow.ts';
import { RigError } from '../../../core/values/errors.ts';
import type { Tally } from '../../../fleet/wire.ts';
import { SlowSockets } from '../../../memory/slow-queues.ts';
import { isAtLevel, type LegCourse } from '../leg-course.ts';
import { refreshed, untilObeyed } from '../obeyed.ts';
import { untilTaken } from '../phases/ramp.ts';
import { sampleTalk } from '../talk.ts';
import { check, waitFor } from '../watch.ts';
import { watchSlow } from './slow-moments.ts';

/** They read on for so long at the most: one that sends without a pause for longer is taken for a flood. */
const READ_ON_MS = 4000;
/** Read empty: no more is queued for them than this share of what there was. */
const EMPTY_SHARE = 0.01;
const LOOK_MS = 250;
/** How long the ends of slow connections may take to be told. */
const TOLD_MS = 5000;

/** A share of the level's connections reads slowly for a while, then on; at the end others are there in their place. */
export async function slow(course: LegCourse, level: number, rest: MemoryPoint | undefined): Promise<void> {
  const { endsAreHere, fleet, leg, meters, recorder, slowForMs, slowEnds, targetIsLocal, watched } = course.context;
  if (leg.behaviour.kind !== 'slow') return;
  course.enter('slow', level);
  const wait = (condition: (tally: Tally) => boolean): Promise<void> => waitFor(condition, level, watched);
  const before = fleet.tally();
  await act(course, level);
  const begunAtMs = performance.now();
  const begun = fleet.tally().slowBegun - before.slowBegun;
  const told = (): number => slowEnds().reduce((sum, { ports }) => sum + ports.length, 0);
  await wait(() => told() >= begun || performance.now() - begunAtMs > TOLD_MS);
  const sockets = new SlowSockets(endsAreHere ? slowEnds() : [], targetIsLocal);
  const moments = watchSlow({
    sockets,
    meters,
    tally: fleet.tally,
    begunAtMs,
    forMs: slowForMs,
    told: (slowQueues) => course.tell({ slowQueues }),
  });
  const episode: SlowEpisode = {
    level,
    slow: begun,
    durationMs: 0,
    moments: moments.seen,
    userBytes: null,
    userBytesAtRest: rest ? userBytesOf(rest.readings) : null,
    queues: null,
    talk: null,
    heldBack: 0,
    readOn: null,
    closed: 0,
    stoppedBy: null,
  };
  try {
    if (isTalk(leg.behaviour)) {
      episode.talk = await sampleTalk(fleet, slowForMs, wait);
      fleet.setTalking(false);
    } else await wait(() => performance.now() - begunAtMs >= slowForMs);
    const readings = await meters.read({ gc: true });
    episode.userBytes = userBytesOf(readings);
    episode.queues = (await moments.end()) ?? null;
    episode.durationMs = performance.now() - begunAtMs;
    await check(level, watched);
    fleet.setTalking(true);
    episode.readOn = await readOn(course, level, before, sockets, episode.queues);
    await act(course, level);
    await wait((tally) => tally.slow === 0 && isAtLevel(tally, level));
    await untilTaken(course, level);
  } catch (error) {
    episode.stoppedBy = error instanceof RigError ? error.code : 'EDEFECT';
    throw error;
  } finally {
    await moments.end();
    if (episode.durationMs === 0) episode.durationMs = performance.now() - begunAtMs;
    const tally = fleet.tally();
    episode.heldBack = tally.slowHeldBack - before.slowHeldBack;
    episode.closed = tally.closeReasons['by-defence'] - before.closeReasons['by-defence'];
    recorder.sample({ type: 'slow', ...course.now(), ...episode, progress: course.progress() });
  }
}

/** The next act of the episode, taken up by all. */
async function act({ context: { fleet, watched } }: LegCourse, level: number): Promise<void> {
  await untilObeyed(fleet, fleet.beginEpisode(), (condition) => waitFor(condition, level, watched));
}

async function readOn(
  course: LegCourse,
  level: number,
  before: Tally,
  sockets: SlowSockets,
  queued: SlowQueues | null,
): Promise<SlowEpisode['readOn']> {
  const { fleet, watched } = course.context;
  const startedAtMs = performance.now();
  await act(course, level);
  const wereQueued = queued ? bytesIn(queued) : Number.POSITIVE_INFINITY;
  let isEmpty = false;
  let cameBytes = -1;
  let lookedAtMs = performance.now();
  while (!isEmpty && performance.now() - startedAtMs < READ_ON_MS) {
    await waitFor(() => performance.now() - lookedAtMs >= LOOK_MS, level, watched);
    lookedAtMs = performance.now();
    await refreshed(course, level);
    const { slowPayloadBytesIn } = fleet.tally();
    const now = queued && (await sockets.read().catch(() => null));
    if (now) course.tell({ slowQueues: now });
    isEmpty = now ? bytesIn(now) <= EMPTY_SHARE * wereQueued : slowPayloadBytesIn === cameBytes;
    cameBytes = slowPayloadBytesIn;
  }
  const durationMs = performance.now() - startedAtMs;
  await refreshed(course, level);
  const tally = fleet.tally();
  return {
    durationMs,
    open: tally.slow,
    cameBytes: tally.slowCameBytes,
    owedBytes: owedBytes(course, before),
    isEmpty,
  };
}

const bytesIn = ({ target, client }: SlowQueues): number => target.written.bytes + client.received.bytes;

/** What slow connections should have got by now: answers of http are asked for one by one, so who reads less is owed less. */
function owedBytes({ context: { fleet, leg } }: LegCourse, before: Tally): number | null {
  const { kind } = throughoutOf(leg.behaviour);
  const tally = fleet.tally();
  if (kind === 'echo') return tally.slowOwedBytes;
  const others = tally.open - tally.slow;
  if (leg.protocol === 'http' || others === 0) return null;
  const theirs = tally.payloadBytesIn - before.payloadBytesIn - (tally.slowPayloadBytesIn - before.slowPayloadBytesIn);
  return (theirs / others) * tally.slow;
}
