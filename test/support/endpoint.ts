import { once } from 'node:events';
import { request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectSecurely } from 'node:tls';
import { makeCertificate } from '../../certificates/make-certificate.ts';
import type { CertificateAndKey } from '../../certificates/read-certificate-and-key.ts';
import { json, noQuery, type Route } from '../../telemetry/answer.ts';
import { type EndpointOptions, startEndpoint } from '../../telemetry/endpoint.ts';
import { eventually } from './wait.ts';

/** More than any socket's buffers. */
const LONG_BYTES = 32 * 2 ** 20;

interface Reply {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** What an endpoint proves itself by, and what its peers trust. */
export interface Secured {
  readonly tls: CertificateAndKey;
  readonly ca: string;
}

/** An endpoint with a few pages, until the test ends; and a way to ask it anything. */
export async function startPages(t: TestContext, options: Partial<EndpointOptions> = {}, secured?: Secured) {
  let goOn = (): void => {};
  let arrived = 0;
  const routes = new Map<string, Route>([
    ['/page', async (query) => noQuery(query, 'n') ?? json({ n: query.get('n') })],
    ['/broken', () => Promise.reject(new Error('no such luck'))],
    ['/long', async () => ({ status: 200, type: 'text/plain', body: 'x'.repeat(LONG_BYTES) })],
    [
      '/slow',
      async () => {
        arrived++;
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        return json('done');
      },
    ],
  ]);
  const endpoint = await startEndpoint({
    host: '127.0.0.1',
    port: 0,
    access: { token: undefined, names: [] },
    tls: secured?.tls,
    routes,
    ...options,
  });
  t.after(() => endpoint.close());
  const ca = secured?.ca;
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET', body?: string) => {
    const url = `${endpoint.url}${path}`;
    const how = { method, agent: false, headers } as const;
    const asking = ca === undefined ? request(url, how) : requestSecurely(url, { ...how, ca, servername: 'localhost' });
    asking.end(body);
    const [response] = await once(asking, 'response');
    let text = '';
    for await (const piece of response) text += piece;
    return { status: response.statusCode, headers: response.headers, text } satisfies Reply;
  };
  /** A connection; over TLS its handshake is under way. */
  const open = async (): Promise<Socket> => {
    const at = { port: endpoint.port, host: '127.0.0.1' };
    const socket = ca === undefined ? connect(at) : connectSecurely({ ...at, ca });
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  /** A bare connection, and all it is told until it ends. */
  const dial = async (): Promise<{ socket: Socket; told: Promise<string> }> => {
    const socket = await open();
    let text = '';
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
    });
    const told = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
    return { socket, told };
  };
  /** A connection whose request is being answered until `finishSlow`. */
  const dialSlow = async (): ReturnType<typeof dial> => {
    const dialled = await dial();
    dialled.socket.write('GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
    await eventually(() => arrived === 1, 'the request arrives');
    return dialled;
  };
  return { endpoint, ask, open, dial, dialSlow, finishSlow: () => goOn() };
}

/** A certificate for this machine's own names. */
export function makeSecured(): Secured {
  const tls = makeCertificate({ names: ['localhost', '127.0.0.1'], now: new Date(), days: 1 });
  return { tls, ca: tls.cert };
}
