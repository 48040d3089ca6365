import { endsIn } from '../core/ledger/taken.ts';
import { HeldSockets, type MeterName, type ProcessTree, Readings } from '../core/schemas/readings.ts';
import { RigError } from '../core/values/errors.ts';
import { redactBroken, redactUrl } from '../core/values/secrets.ts';
import { humanBytes } from '../core/values/units.ts';
import { type AnsweredBy, answeredBy, changeBetween } from './exporter-process.ts';
import { fetchText, parseJson } from './http.ts';
import { Missing } from './meter.ts';
import { parseSelector, type Selector, sumSeries } from './prometheus-text.ts';
import type { Trust } from './trust.ts';

/** Where a target's memory can be asked for. */
export interface ExporterSource {
  /** For the exporter alone: a query may have secrets in it, and a user a password. */
  readonly url: string;
  /** The metric that counts; undefined: the first of those that are usual. */
  readonly selector: Selector | undefined;
  /** What it wants to know before it answers. Never recorded. */
  readonly token?: string | undefined;
  readonly trust?: Trust | undefined;
  /** As it was given, but for what is secret in it: to be recorded and shown. */
  readonly text: string;
}

/** What an exporter told: one number, and from `connrig meter` everything it read on the target's machine. */
export interface ExporterAnswer extends Pick<Readings, 'exporter' | 'target' | 'cgroup' | 'remote'> {
  /** The process that answered; null where it tells no memory. */
  readonly by: AnsweredBy | null;
  readonly missing: Readings['missing'];
}

/** In this order: what a process says of itself, what a container runtime says of it, what `connrig meter` says. */
const USUAL = [
  'process_resident_memory_bytes',
  'container_memory_working_set_bytes',
  'connrig_target_memory_bytes{component="anon"}',
  'connrig_target_memory_bytes{component="rss"}',
].map((text) => parseSelector(text)!);

/** `connrig meter` says so by this metric; it then has all it read as JSON beside its metrics. */
const METER_INFO = parseSelector('connrig_meter_info')!;
const READINGS_PATH = '/readings';
/** More make a longer request than a meter takes. */
const PORTS_MOST = 1000;
/** The target's own sockets, which take a look at each: asked for only where they have to be known. */
const SOCKETS_PATH = '/sockets';

/** Its name and labels as given, after the #. The path is /metrics when there is none. */
export function parseExporter(text: string): ExporterSource | string {
  const [address = '', ...rest] = text.split('#');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return `"${redactBroken(address)}" is not the URL of a Prometheus endpoint such as http://10.0.0.5:9465/metrics`;
  }
  if (url.pathname === '/') url.pathname = '/metrics';
  const shown = redactUrl(address);
  if (rest.length === 0) return { url: url.href, selector: undefined, text: shown };
  const metric = rest.join('#');
  const selector = parseSelector(metric);
  if (selector === undefined) return `"${metric}" is not a metric such as process_resident_memory_bytes{job="api"}`;
  return { url: url.href, selector, text: `${shown}#${metric}` };
}

const TIMEOUT_MS = 10_000;
/** An exporter of many containers has some MB to say. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

/**
 * Reads it anew.
 *
 * @param ports whose connections a meter is to list
 */
export type ReadExporter = (ports?: readonly number[]) => Promise<ExporterAnswer>;

/**
 * @returns reads it anew each time; throws Missing when it has nothing to say about memory. With ports `connrig meter` also
 * lists what is queued in the connections there.
 */
export function openExporter(
  { url, selector, token, trust }: Omit<ExporterSource, 'text'>,
  timeoutMs = TIMEOUT_MS,
): ReadExporter {
  const fetch = (from: URL): Promise<string> =>
    fetchText(from, { timeoutMs, maxBytes: MAX_ANSWER_BYTES, token, trust });
  let isMeter = false;
  return async (ports = []) => {
    if (!isMeter) {
      const text = await fetch(new URL(url));
      isMeter = selector === undefined && sumSeries(text, METER_INFO) !== undefined;
      if (!isMeter) return answerOf(text, url, selector);
    }
    const from = new URL(READINGS_PATH, url);
    if (ports.length > 0 && ports.length <= PORTS_MOST) from.searchParams.set('ports', ports.join(','));
    return answerOfMeter(await fetch(from), from);
  };
}

/** @returns looks through the target's descriptors there; throws Missing where it is no meter, or an older one */
export function openMeterSockets(
  { url, token, trust }: Pick<ExporterSource, 'url' | 'token' | 'trust'>,
  timeoutMs = TIMEOUT_MS,
): () => Promise<HeldSockets> {
  const from = new URL(SOCKETS_PATH, url);
  return async () => {
    const parsed = HeldSockets.safeParse(
      parseJson(await fetchText(from, { timeoutMs, maxBytes: MAX_ANSWER_BYTES, token, trust })),
    );
    if (!parsed.success) throw new Missing(notOfThisVersion(from));
    return parsed.data;
  };
}

/**
 * A reader that notices when the target was started anew between two readings, or another process has answered: neither
 * can be told from the cost of connections afterwards.
 *
 * @returns reads like the one given; throws RigError ETARGETDIED or EEXPORTER
 */
export function steady(read: ReadExporter): ReadExporter {
  let first: AnsweredBy | undefined;
  return async (ports) => {
    const answer = await read(ports);
    first ??= answer.by ?? undefined;
    const change = first && answer.by && changeBetween(first, answer.by);
    if (!change) return answer;
    const { isRestart, sign } = change;
    if (isRestart) {
      throw new RigError('ETARGETDIED', `the target was started anew while it was measured: ${sign} by its exporter`, {
        hint: 'connrig report <run folder>, for what was measured until then; the log of the target says why it ended',
      });
    }
    throw new RigError('EEXPORTER', `the exporter's answers come from different processes: ${sign}`, {
      hint: 'give each process a port of its own, or read all of them: connrig meter --pid <pid of the parent>',
    });
  };
}

function answerOf(text: string, url: string, selector: Selector | undefined): ExporterAnswer {
  for (const one of selector ? [selector] : USUAL) {
    const bytes = sumSeries(text, one);
    if (bytes !== undefined && bytes >= 0) {
      const exporter = { metric: one.text, bytes };
      return { exporter, target: null, cgroup: null, remote: null, missing: [], by: answeredBy(text, one, bytes) };
    }
  }
  throw new Missing(`${redactUrl(url)} has no ${selector?.text ?? USUAL.map((one) => one.text).join(', ')}`);
}

/** Meters whose absence there is an absence here. */
const TAKEN_OVER: readonly MeterName[] = ['target', 'cgroup', 'slab', 'sockstat', 'host'];

const notOfThisVersion = (from: URL): string =>
  `${redactUrl(from.href)} is not what a connrig meter of this version answers`;

function answerOfMeter(text: string, from: URL): ExporterAnswer {
  const parsed = Readings.safeParse(parseJson(text));
  if (!parsed.success) throw new Missing(notOfThisVersion(from));
  const { target, cgroup, slab, slabBasis, sockstat, host, established, missing } = parsed.data;
  // Without a connection there the ports have other numbers: what is queued isn't known then.
  const isListed = established !== null && established.targetEnds > 0;
  const queues = isListed ? established.targetQueues : undefined;
  return {
    by: target && answeredByMeter(target, host),
    exporter: target && { metric: 'connrig_target_memory_bytes', bytes: target.anonBytes ?? target.rssBytes },
    target,
    cgroup,
    remote: {
      slab,
      ...(slabBasis && { slabBasis }),
      sockstat,
      host,
      ...(queues && { queues }),
      ...(isListed && { ends: endsIn(established) }),
    },
    missing: missing
      .filter(({ meter }) => TAKEN_OVER.includes(meter))
      .map(({ meter, why }) => ({ meter, why: `at ${from.host}: ${why}` })),
  };
}

/** Its first process is the one it was given. */
const answeredByMeter = (target: ProcessTree, host: Readings['host']): AnsweredBy => ({
  startedAt: new Map(),
  counters: new Map(),
  bytes: target.anonBytes ?? target.rssBytes,
  isCollected: true,
  process: `process ${target.pids[0]}${host === null ? '' : ` of a machine with ${humanBytes(host.totalBytes)}`}`,
});
