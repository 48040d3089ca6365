import { makeCertificate } from '../../certificates/make-certificate.ts';
import { mapPortSchemes, PORT_SCHEMES, type PortSchemeName } from '../../core/protocols/schemes.ts';
import type { Census, CensusOfScheme } from '../../core/schemas/admin.ts';
import type { ServerOptions } from '../../server/options.ts';
import { type RunningServer, startServer } from '../../server/start.ts';

export interface LocalServer {
  readonly server: RunningServer;
  readonly ports: Readonly<Record<PortSchemeName, number>>;
  census(): Promise<Census>;
}

/** The reference server inside the test's own process, on ports the kernel chooses. */
export async function startLocal(overrides: Partial<ServerOptions> = {}): Promise<LocalServer> {
  const server = await startServer(
    {
      host: '127.0.0.1',
      schemes: PORT_SCHEMES,
      sockets: {},
      ports: mapPortSchemes(() => 0),
      admin: { host: '127.0.0.1', port: 0, access: { token: undefined, names: [] } },
      backlog: 511,
      maxConnections: 1000,
      maxQueuedBytes: 2 ** 28,
      handshakeTimeoutMs: 5000,
      maxPayloadBytes: 64 * 1024,
      perMessageDeflate: false,
      eventEveryMs: undefined,
      pollHoldMs: 30_000,
      certificate: {
        ...makeCertificate({ names: ['localhost', '127.0.0.1'], now: new Date(), days: 1 }),
        isMadeHere: true,
      },
      processes: 1,
      ...overrides,
    },
    { childEntry: new URL('../../cli/serve-child.js', import.meta.url), version: '0.0.0' },
  );
  const portOf = (scheme: string): number =>
    Number(
      server.ready.urls
        .find((url) => url.startsWith(`${scheme}:`))
        ?.split(':')
        .at(-1) ?? 0,
    );
  return {
    server,
    ports: mapPortSchemes(portOf),
    async census() {
      const answer = (await (await fetch(`${server.ready.admin}/memory`)).json()) as { census: Census };
      return answer.census;
    },
  };
}

export const addsUp = (census: CensusOfScheme): boolean =>
  census.accepted === census.handshaking + census.open + sumClosed(census);

export const sumClosed = ({ closed }: CensusOfScheme): number =>
  Object.values(closed).reduce((sum, count) => sum + count, 0);
