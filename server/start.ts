import { randomBytes } from 'node:crypto';
import { isPortScheme, mapPortSchemes, type SchemeName } from '../core/protocols/schemes.ts';
import type { RuntimeMemory, ServerReady } from '../core/schemas/admin.ts';
import type { RigError } from '../core/values/errors.ts';
import { shareOf } from '../core/values/plan.ts';
import { collectGarbage } from '../memory/collect.ts';
import type { Route } from '../telemetry/answer.ts';
import { startEndpoint } from '../telemetry/endpoint.ts';
import { authorityOf } from '../telemetry/listen.ts';
import { adminRoutes, type ServerReader } from './admin.ts';
import type { PartOptions, ServedCertificate, ServerOptions } from './options.ts';
import { publishRoute } from './publish-page.ts';
import { startSampler } from './sampler.ts';
import { type ServerPart, startPart } from './server-process.ts';
import { forkPart } from './supervisor.ts';

/** How long peers have to answer our goodbye before they are dropped. */
const GRACE_MS = 3000;

export interface ServerDeps {
  /** The compiled file that a child process runs; only needed for several processes. */
  readonly childEntry: URL;
  /** The version of connrig, for its metrics. */
  readonly version: string;
  /** What the admin port shows besides its own pages. */
  readonly pages?: (reader: ServerReader) => ReadonlyMap<string, Route>;
}

export interface RunningServer {
  /** Where it can be reached; what `connrig serve --json` prints. */
  readonly ready: ServerReady;
  /**
   * Rejects when the server can't go on: one of its processes died, and with it connections that a measurement counts
   * on. Nothing is restarted, since the curve would have a hole. {@link close} is still to be called.
   */
  readonly failed: Promise<never>;
  /** Stops listening, closes connections in order (ws 1001, TLS close_notify, FIN), drops who doesn't answer in 3 s, then ends. */
  close(): Promise<void>;
}

/**
 * The reference server: echoes on WebSocket and raw TCP, greets over HTTP, streams events, each over TLS as well, and knows what its connections cost.
 *
 * @throws {RigError} ELISTEN, EFILES; nothing is left open then
 */
export async function startServer(options: ServerOptions, deps: ServerDeps): Promise<RunningServer> {
  let fail: (error: RigError) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // A caller that doesn't watch `failed` still gets a server, not an unhandled rejection.
  failed.catch(() => {});
  // A part needs nothing of the admin port and who may ask there.
  const { processes, admin: adminOptions, certificate, ...shared } = options;
  const tls = certificate && toTls(certificate);
  const part: PartOptions = { ...shared, tls };
  const parts = processes > 1 ? await forkParts(part, processes, deps, fail) : [await startPart(part)];
  const closeParts = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.close(GRACE_MS)));
  };
  const supervisor = processes > 1 ? superviseMemory() : undefined;
  try {
    const admin = await startEndpoint({
      ...adminOptions,
      posts: publishRoute(parts),
      routes: adminRoutes({ version: deps.version, parts, certificate, ...(supervisor && { supervisor }) }, deps.pages),
    });
    return {
      ready: {
        ready: true,
        pid: process.pid,
        urls: options.schemes.map((scheme) => urlOf(scheme, options, parts)),
        admin: admin.url,
        ...(certificate?.isMadeHere && { caCert: certificate.cert }),
      },
      failed,
      async close() {
        // The admin port answers to the end, so that the last counts can be read.
        await closeParts();
        await admin.close();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}

/** A session that one process began, all can resume. */
const toTls = ({ cert, key }: ServedCertificate): PartOptions['tls'] => ({
  cert,
  key,
  ticketKeys: randomBytes(48).toString('base64'),
});

/** Each process gets its own ports and its share of the connections. */
async function forkParts(
  options: PartOptions,
  processes: number,
  { childEntry }: ServerDeps,
  onDeath: (error: RigError) => void,
): Promise<ServerPart[]> {
  const { maxConnections, maxQueuedBytes, ports } = options;
  /** What is said in a room of one process goes to the others. */
  const started: (ServerPart | undefined)[] = [];
  const attempts = await Promise.allSettled(
    Array.from({ length: processes }, (_, i) =>
      forkPart(
        childEntry,
        {
          ...options,
          maxConnections: maxConnections === undefined ? undefined : shareOf(maxConnections, i, processes),
          maxQueuedBytes: shareOf(maxQueuedBytes, i, processes),
          ports: mapPortSchemes((name) => ports[name] + i),
        },
        onDeath,
        (message) => {
          for (const [other, part] of started.entries()) if (other !== i) part?.publish(message);
        },
      ).then((part) => {
        started[i] = part;
        return part;
      }),
    ),
  );
  const parts = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const broken = attempts.find((attempt) => attempt.status === 'rejected');
  if (broken) {
    await Promise.all(parts.map((part) => part.close(0)));
    throw broken.reason;
  }
  return parts;
}

/** The supervisor's own memory, as one more process of the server. */
function superviseMemory(): (collect: boolean) => Promise<RuntimeMemory> {
  const sampler = startSampler(() => 0);
  sampler.stop();
  return async (collect) => {
    if (collect) await collectGarbage();
    return sampler.take();
  };
}

function urlOf(
  scheme: SchemeName,
  { host, sockets }: Pick<ServerOptions, 'host' | 'sockets'>,
  parts: readonly ServerPart[],
): string {
  if (!isPortScheme(scheme)) return `${scheme}://${encodeURI(sockets[scheme]!).replace(/[:?#]/g, encodeURIComponent)}`;
  const ports = parts.map((part) => part.ports[scheme] ?? 0);
  const range = ports.length > 1 ? `${ports[0]}-${ports.at(-1)}` : `${ports[0]}`;
  return `${scheme}://${authorityOf(host)}:${range}`;
}
