/** What attempts over TLS come to, and how they are counted, on both engines and with both who secure. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer as createPlainServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { createServer, type TlsOptions as ServerOptions } from 'node:tls';
import { makeCertificate } from '../certificates/make-certificate.ts';
import type { CloseReason, Outcome } from '../core/values/outcomes.ts';
import { closed, listen } from '../telemetry/listen.ts';
import { type Authority, makeAuthority, type PairOfFiles } from '../test/support/certificates.ts';
import { withFleet } from '../test/support/fleet.ts';
import { needs } from '../test/support/needs.ts';
import { HOST } from '../test/support/peers.ts';
import { eventually } from '../test/support/wait.ts';
import { securedFor } from '../test/tls/held.ts';
import { ENGINES } from './engines/index.ts';
import type { TlsOptions } from './transports/tls/tls-options.ts';
import type { Trouble } from './wire.ts';

const OPTIONS = { timeout: 120_000, skip: needs('openssl') };
const COUNT = 3;
/** It vouches for itself, so that its date alone speaks against it. */
const EXPIRED = makeCertificate({ names: [HOST], now: new Date(Date.now() - 365 * 86_400_000), days: 1 });
const FAST = 1e6;

interface Case {
  readonly when: string;
  /** The server's certificate, and what else it asks for. */
  readonly server: (authority: Authority) => ServerOptions;
  readonly client?: Partial<TlsOptions>;
  readonly outcome: Outcome;
  readonly says: RegExp;
}

/** What node:tls has read it doesn't give away. */
const SPEAKS_HTTP = {
  openssl: /HTTP\/1\.1 400 Bad Request/,
  'node-tls': /^it speaks no TLS: the 28 bytes that it answered are no record of TLS$/,
};

const good = (authority: Authority): ServerOptions => pemOf(authority.issue());

const CASES: readonly Case[] = [
  { when: 'nobody is trusted', server: good, client: { ca: '' }, outcome: 'cert-untrusted', says: /isn't trusted/ },
  {
    when: 'the certificate has expired',
    server: () => EXPIRED,
    client: { ca: EXPIRED.cert },
    outcome: 'cert-expired',
    says: /was valid until \d{4}-/,
  },
  {
    when: 'the certificate is for another name',
    server: (authority) => pemOf(authority.issue({ names: ['DNS:other.example'] })),
    outcome: 'cert-name',
    says: /DNS:other\.example/,
  },
  {
    when: 'the server takes no version of ours',
    server: (authority) => ({ ...good(authority), maxVersion: 'TLSv1.2' }),
    client: { versions: ['1.3'] },
    outcome: 'tls-alert',
    says: /alert protocol_version \(70\)/,
  },
];

const SUBJECTS = [
  ...ENGINES.map((engine) => ({ engine, by: 'openssl' as const })),
  { engine: 'node', by: 'node-tls' } as const,
];

for (const { engine, by } of SUBJECTS) {
  describe(`${by} over ${engine}: attempts over TLS`, OPTIONS, () => {
    let removeFolder: () => void = () => {};
    let authority: Authority;
    before(() => {
      authority = makeAuthority({
        after(remove: () => void) {
          removeFolder = remove;
        },
      });
    });
    after(() => removeFolder());

    for (const { when, server, client, outcome, says } of CASES) {
      it(`${when}: ${outcome}`, OPTIONS, async () => {
        await withTlsServer(server(authority), async (port) => {
          await expectFailures(port, { ca: read(authority.caPath), ...client }, outcome, says);
        });
      });
    }

    it('a server that speaks no TLS is told by what it says', OPTIONS, async () => {
      const answer = (socket: Socket): void => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      await withPlainServer(answer, (port) => expectFailures(port, { ca: '' }, 'bad-handshake', SPEAKS_HTTP[by]));
    });

    it('a server that closes in the handshake has closed early', OPTIONS, async () => {
      await withPlainServer(
        (socket) => socket.end(),
        (port) => expectFailures(port, { ca: '' }, 'closed-early', /in its TLS handshake/),
      );
    });

    it('a server that says nothing lets attempts time out, and what came is told', OPTIONS, async () => {
      const timeout = { openTimeoutMs: 300 };
      await withPlainServer(
        (socket) => socket.resume(),
        (port) => expectFailures(port, { ca: '' }, 'timed-out', /^connected, but no answer/, timeout),
      );
    });

    it('a TLS 1.3 server refuses a certificate after the handshake: tcp is open by then', OPTIONS, async () => {
      const mutual = { requestCert: true, rejectUnauthorized: true, ca: read(authority.caPath) };
      await withTlsServer({ ...good(authority), ...mutual }, async (port) => {
        const secured = securedFor(read(authority.caPath));
        await withFleet('tcp', [at(port)], fleetOf(secured), async ({ fleet, until, troubles }) => {
          fleet.pursue(1, FAST);
          const tally = await until(({ closeReasons }) => closeReasons['tls-alert'] >= 1, 'an alert');
          assert.equal(tally.outcomes.open >= 1, true);
          // A message may come later than the counts, which are shared.
          const isAlert = ({ what }: Trouble): boolean => what === ('tls-alert' satisfies CloseReason);
          const { detail } = await eventually(() => troubles.find(isAlert), 'the trouble', 60_000);
          assert.match(detail, /certificate_required \(116\)/);
        });
      });
    });

    it('an open one is counted stage by stage, and by bytes on the wire', OPTIONS, async () => {
      await withTlsServer(good(authority), async (port) => {
        const secured = securedFor(read(authority.caPath));
        await withFleet('tcp', [at(port)], fleetOf(secured), async ({ fleet, until, agreements, troubles }) => {
          fleet.pursue(COUNT, FAST);
          const tally = await until(({ open }) => open === COUNT, 'open');
          for (const stage of ['connecting', 'securing', 'handshaking'] as const) {
            assert.equal(sum(fleet.histogram(stage)), COUNT, stage);
          }
          const kept = by === 'node-tls' ? COUNT : 0;
          assert.deepEqual([tally.secured, tally.resumed, tally.tlsKeptObjects, tally.bytesOut], [COUNT, 0, kept, 0]);
          assert.ok(tally.wireBytesOut > COUNT * 250, String(tally.wireBytesOut));
          const ours = { version: '1.3', suite: 'TLS_AES_256_GCM_SHA384', group: 'X25519', serverKey: 'EC P-256' };
          assert.deepEqual([agreements, troubles], [[{ ...ours, alpn: null }], []]);
        });
      });
    });
  });

  const fleetOf = (options: TlsOptions, more: object = {}) => ({
    layout: { engine },
    securing: { by, options } as const,
    ...more,
  });

  async function expectFailures(
    port: number,
    client: Partial<TlsOptions>,
    outcome: Outcome,
    says: RegExp,
    more: object = {},
  ): Promise<void> {
    await withFleet('ws', [at(port)], fleetOf(securedFor('', client), more), async ({ fleet, until, troubles }) => {
      fleet.pursue(COUNT, FAST);
      const { outcomes } = await until(({ failed }) => failed >= COUNT, 'failures');
      assert.ok(outcomes[outcome] >= COUNT && outcomes.open === 0, JSON.stringify(outcomes));
      await eventually(() => troubles.length > 0 || undefined, 'the trouble', 60_000);
      assert.deepEqual([...new Set(troubles.map(({ what }) => what))], [outcome], JSON.stringify(troubles));
      assert.match(troubles[0]!.detail, says);
    });
  }
}

const at = (port: number) => ({ ip: HOST, port });
const read = (path: string): string => readFileSync(path, 'utf8');
const sum = (counts: Uint32Array): number => counts.reduce((total, count) => total + count, 0);

const pemOf = ({ certPath, keyPath }: PairOfFiles): ServerOptions => ({ cert: read(certPath), key: read(keyPath) });

async function withTlsServer(options: ServerOptions, body: (port: number) => Promise<void>): Promise<void> {
  await withListening(
    createServer(options, (socket) => socket.resume()),
    body,
  );
}

async function withPlainServer(
  onConnection: (socket: Socket) => void,
  body: (port: number) => Promise<void>,
): Promise<void> {
  await withListening(createPlainServer(onConnection), body);
}

async function withListening(server: Server, body: (port: number) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => {}));
  const port = await listen(server, HOST, 0, 511);
  try {
    await body(port);
  } finally {
    await closed(server, 0, () => {
      for (const socket of sockets) socket.destroy();
    });
  }
}
