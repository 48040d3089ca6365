import { z } from 'zod';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Sizing, SizingRow } from '../../core/schemas/sizing-summary.ts';
import { type Line, lineAt, predictAt } from '../../core/stats/predict.ts';
import { DEFAULT_SIZING, SizingPlan } from '../../core/values/sizing-plan.ts';
import { extrapolationTo, isEnoughToPlanBy, OWN_DESCRIPTORS, settingsOf } from './capacity.ts';
import { chargedCostsOf, costsOf, heldWithin, leastOf, linesOf, sizedBy } from './two-costs.ts';

/** What a month has: 365 × 24 ÷ 12. */
const HOURS_A_MONTH = 730;
const PAGE_BYTES = 4096;
/** Beyond this the kernel wants to be told first (fs.nr_open). */
const USUAL_NR_OPEN = 1_048_576;
const USUAL_SOMAXCONN = 4096;
/** The part of a machine's memory that the kernel lets TCP buffers have unless told otherwise (tcp_init_mem: 3/32). */
const USUAL_TCP_SHARE = 3 / 32;
/** More of a limit than is needed by the numbers. */
const ALLOWANCE = 1.1;

/** A record may come from a version that knew none of it. */
const Planned = z.object({ sizing: SizingPlan.optional() });

/**
 * What each size of memory holds, how many instances of it a wanted number of connections takes, what they cost, and the
 * settings they need. The statistics are those of the capacity. It is null where no cost is known.
 */
export function sizingOf(run: RunFile, legs: readonly LegSummary[]): Sizing | null {
  const { sizing: plan = DEFAULT_SIZING } = Planned.parse(run.config);
  const { connections, spare, currency } = plan;
  const headroomPercent = plan.headroomPercent ?? settingsOf(run).headroomPercent;
  const rows = legs.flatMap((leg) =>
    plan.instances.flatMap((instance) => rowOf(run, leg, plan, instance, headroomPercent) ?? []),
  );
  return rows.length === 0 ? null : { connections, spare, currency, headroomPercent, rows };
}

function rowOf(
  run: RunFile,
  leg: LegSummary,
  plan: SizingPlan,
  instance: SizingPlan['instances'][number],
  headroomPercent: number,
): SizingRow | undefined {
  const memoryBytes = instance.memoryBytes - instance.reservedBytes;
  const budgetBytes = memoryBytes * (1 - headroomPercent / 100);
  const top = leg.levels.at(-1)?.open;
  if (linesOf(leg).length === 0 || !isEnoughToPlanBy(top)) return undefined;
  // A container's limit is on what is charged, the machine's memory has to hold all of it.
  const held = leastOf([costsOf(leg), chargedCostsOf(leg)].map((costs) => heldWithin(costs, budgetBytes)));
  const sized = sizedBy(held, settingsOf(run).sizeBy);
  if (sized === null) return undefined;
  const { connections } = sized;
  return {
    leg: leg.name,
    protocol: leg.protocol,
    name: instance.name === '' ? null : instance.name,
    instanceBytes: instance.memoryBytes,
    memoryBytes,
    ...sized,
    ...extrapolationTo(connections, top),
    ...instancesFor(plan, instance, connections),
    settings: settingsFor(run, leg, connections, instance, (budgetBytes + memoryBytes) / 2),
  };
}

/** With `spare` of them lost, the others hold what is wanted. */
function instancesFor(
  { connections: wanted, spare }: SizingPlan,
  { replicas, pricePerHour }: SizingPlan['instances'][number],
  each: number,
): Pick<SizingRow, 'instances' | 'holds' | 'pricePerHour' | 'pricePerMonth'> {
  if (each === 0) return { instances: null, holds: null, pricePerHour: null, pricePerMonth: null };
  const instances = Math.max(replicas, Math.ceil(wanted / each) + spare);
  const price = pricePerHour === null ? null : instances * pricePerHour;
  return {
    instances,
    holds: each * (instances - spare),
    pricePerHour: price,
    pricePerMonth: price === null ? null : price * HOURS_A_MONTH,
  };
}

/** @param userBytes up to here memory may be taken before anything else: the heap gets what the others leave of it */
function settingsFor(
  run: RunFile,
  leg: LegSummary,
  connections: number,
  { name, memoryBytes: instanceBytes, reservedBytes }: SizingPlan['instances'][number],
  userBytes: number,
): SizingRow['settings'] {
  const { environment, target } = run;
  const processes = target.processes ?? 1;
  const each = Math.max(1, leg.descriptorsPerConnection ?? 1);
  const files = (connections * each) / processes + OWN_DESCRIPTORS;
  const openFiles = Math.ceil((files * ALLOWANCE) / 1000) * 1000;
  const { components, tcpReservedBytes } = leg.perConnection!;
  const reservedTcpBytes = Math.max(0, tcpReservedBytes ?? 0) * connections;
  const heapBytes =
    components.heapUsed == null || leg.baselineHeapBytes === null
      ? null
      : userBytes - othersThan(linesOf(leg), components.heapUsed, leg.baselineHeapBytes, connections);
  // A table that nothing feeds is in nobody's way.
  const tracked = (environment.conntrackCount ?? 0) > 0 ? connections * ALLOWANCE : 0;
  return {
    processes,
    openFiles,
    nrOpen: openFiles > USUAL_NR_OPEN ? openFiles : null,
    somaxconn: Math.max(USUAL_SOMAXCONN, environment.somaxconn ?? 0),
    // The whole machine's: of a container nobody knows what that has.
    tcpMemPages:
      name !== '' && reservedTcpBytes > instanceBytes * USUAL_TCP_SHARE ? pagesFor(reservedTcpBytes * ALLOWANCE) : null,
    conntrackMax: tracked > (environment.conntrackMax ?? 0) ? Math.ceil(tracked / 1000) * 1000 : null,
    maxOldSpaceMib: heapBytes === null ? null : Math.max(0, Math.floor(heapBytes / processes / 2 ** 20)),
    memoryMib: Math.floor((instanceBytes - reservedBytes) / 2 ** 20),
  };
}

/** Below the first the kernel is at ease, from the second on it presses, beyond the last it refuses. */
const pagesFor = (bytes: number): [number, number, number] => {
  const most = Math.ceil(bytes / PAGE_BYTES);
  return [Math.floor(most / 2), Math.floor((most * 3) / 4), most];
};

/** What so many connections take beside the heap. */
function othersThan(lines: readonly Line[], heapPerConnection: number, baselineHeap: number, open: number): number {
  return predictAt(lineAt(lines, open), open).bytes - baselineHeap - heapPerConnection * open;
}

/** The one to show settings of: the cheapest for what is wanted, else the largest that isn't a guess. */
export function chosenRow({ rows }: Sizing, leg: string): SizingRow | undefined {
  const own = rows.filter((row) => row.leg === leg && row.connections > 0);
  const priced = own.filter((row): row is SizingRow & { pricePerHour: number } => row.pricePerHour !== null);
  const [cheapest] = priced.sort((a, b) => a.pricePerHour - b.pricePerHour);
  return cheapest ?? own.findLast(({ beyond }) => !beyond) ?? own[0];
}
