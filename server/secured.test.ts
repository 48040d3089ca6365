import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import type { PortSchemeName } from '../core/protocols/schemes.ts';
import type { CensusOfScheme } from '../core/schemas/admin.ts';
import type { ServerCloseReason } from '../core/values/outcomes.ts';
import { upgradeRequest } from '../scripts/bench/peers.ts';
import { openssl } from '../test/support/certificates.ts';
import { addsUp, type LocalServer, startLocal } from '../test/support/local-server.ts';
import { needs } from '../test/support/needs.ts';
import { answerOf, connectRaw, provoke } from '../test/support/rude-peers.ts';
import { startServe } from '../test/support/serve-process.ts';
import { ALERT_RECORD, connectTls, tapRecords, type WireRecord } from '../test/support/tls-peers.ts';
import { eventually } from '../test/support/wait.ts';

const TIMEOUT = { timeout: 120_000 };
const SECURED = ['tls', 'wss', 'https'] as const satisfies readonly PortSchemeName[];
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
/** Record header, fatal, unknown_ca (RFC 8446, section 6). */
const FATAL_ALERT = Buffer.of(21, 3, 3, 0, 2, 2, 48);

it("counts a client that says that it doesn't trust the certificate", {
  ...TIMEOUT,
  skip: needs('openssl'),
}, async () => {
  const server = await startServe(['--protocol', 'tls']);
  const args = [
    's_client',
    '-verify_return_error',
    '-no-CAfile',
    '-no-CApath',
    '-connect',
    `127.0.0.1:${server.ports.tls}`,
  ];
  for (const version of ['-tls1_2', '-tls1_3'])
    assert.throws(() => openssl(...args, version), /self-signed certificate/);
  const { accepted, closed } = await eventually(async () => {
    const { tls } = (await server.memory()).census;
    return tls.accepted === 2 && tls.handshaking + tls.open === 0 && tls;
  }, 'both are gone');
  assert.deepEqual([accepted, closed['tls-failed']], [2, 2]);
  assert.equal(await server.stop(), 0);
});

describe('stopping a server over TLS', TIMEOUT, () => {
  for (const version of VERSIONS) {
    it(`says goodbye in the words of each, ${version}`, async (t) => {
      const local = await startLocal();
      const ca = local.server.ready.caCert;
      const tls = { minVersion: version, maxVersion: version };
      const taps = await Promise.all(SECURED.map((scheme) => tapRecords(t, local.ports[scheme])));
      const [tcp, http] = [await connectTls(taps[0]!.port, ca, tls), await connectTls(taps[2]!.port, ca, tls)];
      const ws = new WebSocket(`wss://localhost:${taps[1]!.port}`, { ca, ...tls });
      await Promise.all([once(ws, 'open'), answered(http, 'https')]);
      await eventually(async () => (await local.census()).tls.open === 1, 'tls is open');
      const said = Promise.all([answerOf(tcp), answerOf(http), once(ws, 'close').then(([code]) => code)]);
      await local.server.close();
      assert.deepEqual(await said, ['', '', 1001]);
      for (const tap of taps) {
        const { records } = await eventually(() => tap.received().hasEnded && tap.received(), 'FIN');
        assertGoodbye(records, version);
      }
    });

    it(`says it to a client that closes first, ${version}`, async (t) => {
      const local = await startLocal();
      t.after(() => local.server.close());
      const ca = local.server.ready.caCert;
      const tls = { minVersion: version, maxVersion: version };
      const tap = await tapRecords(t, local.ports.wss);
      const ws = new WebSocket(`wss://localhost:${tap.port}`, { ca, ...tls });
      await once(ws, 'open');
      ws.close(1000);
      await once(ws, 'close');
      const { records } = await eventually(() => tap.received().hasEnded && tap.received(), 'FIN');
      assertGoodbye(records, version);
    });
  }

  it('drops who is still at its handshake, or does not answer', async () => {
    const local = await startLocal();
    const half = await connectRaw(local.ports.wss);
    const deaf = await connectTls(local.ports.tls, local.server.ready.caCert);
    deaf.pause();
    await eventually(async () => (await local.census()).wss.handshaking === 1, 'handshaking');
    await local.server.close();
    for (const socket of [half, deaf]) socket.destroy();
  });
});

/** The last record is close_notify. TLS 1.3 hides what it is, not how long: an alert has two bytes. */
function assertGoodbye(records: readonly WireRecord[], version: (typeof VERSIONS)[number]): void {
  const last = records.at(-1);
  if (version === 'TLSv1.2') assert.equal(last?.type, ALERT_RECORD);
  // Level, description, the type that is hidden, and a tag of 16 bytes.
  else assert.equal(last?.length, 2 + 1 + 16);
}

it('waits so long for a handshake, and the request behind it', TIMEOUT, async (t) => {
  const local = await startLocal({ handshakeTimeoutMs: 1000 });
  t.after(() => local.server.close());
  const silent = async (scheme: PortSchemeName): Promise<string> => answerOf(await connectRaw(local.ports[scheme]));
  // A record that is announced and doesn't come.
  const begun = (scheme: PortSchemeName): Promise<string> => provoke(local.ports[scheme], Buffer.of(22, 3, 1, 1, 0, 1));
  const asked = async (scheme: PortSchemeName): Promise<string> => {
    const socket = await connectTls(local.ports[scheme], local.server.ready.caCert);
    socket.write(GET.slice(0, 12));
    return answerOf(socket);
  };
  const told = await Promise.all(SECURED.flatMap((scheme) => [silent(scheme), begun(scheme)]));
  assert.deepEqual(told, Array(6).fill(''));
  for (const answer of await Promise.all([asked('wss'), asked('https')])) assert.match(answer, /^HTTP\/1.1 408 /);
  const census = await eventually(async () => {
    const now = await local.census();
    return SECURED.every((scheme) => now[scheme].handshaking === 0) && now;
  }, 'all are gone');
  const late = SECURED.map((scheme) => census[scheme].closed['handshake-timeout']);
  assert.deepEqual(
    [late, SECURED.map((scheme) => census[scheme].accepted)],
    [
      [2, 3, 3],
      [2, 3, 3],
    ],
  );
  const patient = await connectTls(local.ports.tls, local.server.ready.caCert);
  await delay(2500);
  patient.end('still here');
  assert.equal(await answerOf(patient), 'still here', 'once open it may rest for as long as it likes');
});

describe('the reference server over TLS', TIMEOUT, () => {
  let local: LocalServer;
  let ca: string | undefined;
  before(async () => {
    local = await startLocal({ handshakeTimeoutMs: 60_000, maxConnections: 50 });
    ca = local.server.ready.caCert;
  });
  after(() => local.server.close());

  /** Runs `act`, and sees that exactly `count` closes more have exactly this reason, and that all adds up. */
  async function counted(
    scheme: PortSchemeName,
    reason: ServerCloseReason,
    count: number,
    act: () => Promise<unknown>,
  ): Promise<void> {
    const census = async (): Promise<CensusOfScheme> => (await local.census())[scheme];
    const was = await census();
    await act();
    const now = await eventually(async () => {
      const seen = await census();
      assert.ok(addsUp(seen));
      return seen.accepted === was.accepted + count && seen.open + seen.handshaking === 0 && seen;
    }, `${count} of ${scheme} accepted and gone`);
    assert.deepEqual(now.closed, { ...was.closed, [reason]: was.closed[reason] + count });
  }

  for (const version of VERSIONS) {
    const tls = { minVersion: version, maxVersion: version };

    it(`echoes bytes, ${version}`, async () => {
      await counted('tls', 'by-peer', 1, async () => {
        const before = (await local.census()).tls;
        const socket = await connectTls(local.ports.tls, ca, { ...tls, ALPNProtocols: ['whatever'] });
        assert.deepEqual([socket.authorized, socket.getProtocol(), socket.alpnProtocol], [true, version, false]);
        const sent = Buffer.alloc(300_000, 'abc');
        socket.end(sent);
        assert.equal(await answerOf(socket), sent.toString('latin1'));
        const { bytesIn, bytesOut } = (await local.census()).tls;
        assert.deepEqual([bytesIn - before.bytesIn, bytesOut - before.bytesOut], [300_000, 300_000]);
      });
    });

    it(`echoes messages, ${version}`, async () => {
      await counted('wss', 'by-peer', 1, async () => {
        const ws = new WebSocket(`wss://localhost:${local.ports.wss}/any/path?x=1`, { ca, ...tls });
        await once(ws, 'open');
        const { _socket: transport } = ws as unknown as { _socket: TLSSocket };
        assert.deepEqual([transport.authorized, transport.getProtocol()], [true, version]);
        ws.send('héllo');
        assert.equal(String((await once(ws, 'message'))[0]), 'héllo');
        ws.ping('alive');
        assert.equal(String((await once(ws, 'pong'))[0]), 'alive');
        const { open, handshaking } = (await local.census()).wss;
        assert.deepEqual([open, handshaking], [1, 0]);
        ws.close(1000);
        assert.equal((await once(ws, 'close'))[0], 1000);
      });
    });

    it(`greets, on one connection, ${version}`, async () => {
      await counted('https', 'by-peer', 1, async () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, ALPNProtocols: ['http/1.1'], ...tls });
        const [first, second] = [await get(agent, local.ports.https), await get(agent, local.ports.https)];
        assert.deepEqual([first.status, first.text], [200, 'Hello from connrig.\n']);
        assert.equal(second.socket, first.socket);
        assert.deepEqual([first.socket.authorized, first.socket.alpnProtocol], [true, 'http/1.1']);
        agent.destroy();
      });
    });
  }

  for (const scheme of SECURED) {
    it(`counts why a handshake of ${scheme} failed`, async () => {
      const port = local.ports[scheme];
      await counted(scheme, 'tls-failed', 3, async () => {
        const plain = await provoke(port, GET);
        assert.doesNotMatch(plain, /HTTP/, 'nobody answers in plain words');
        await provoke(port, FATAL_ALERT);
        // Known to nobody: what is left to try is an alert.
        const old = connect({
          port,
          host: '127.0.0.1',
          ca,
          maxVersion: 'TLSv1.1',
          minVersion: 'TLSv1',
          ciphers: 'ALL:@SECLEVEL=0',
        });
        const [{ code }] = (await once(old, 'error')) as [NodeJS.ErrnoException];
        assert.equal(code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
      });
      await counted(scheme, 'by-peer', 1, async () => {
        const socket = await connectRaw(port);
        socket.end(Buffer.of(22, 3, 1));
        assert.equal(await answerOf(socket), '');
      });
      await counted(scheme, 'reset', 1, async () => {
        const socket = await connectRaw(port);
        socket.write(Buffer.of(22, 3, 1));
        await eventually(async () => (await local.census())[scheme].handshaking === 1, 'handshaking');
        socket.resetAndDestroy();
      });
    });

    it(`counts a client of ${scheme} that breaks a record`, async () => {
      await counted(scheme, 'tls-failed', 1, async () => {
        const raw = connectPlain(local.ports[scheme], '127.0.0.1');
        const socket = connect({ socket: raw, ca, servername: 'localhost' }).on('error', () => {});
        await once(socket, 'secureConnect');
        if (scheme !== 'tls') await answered(socket, scheme);
        await eventually(async () => (await local.census())[scheme].open === 1, 'open');
        raw.write(Buffer.of(23, 3, 3, 0, 32, ...Buffer.alloc(32)));
        socket.resume();
        await eventually(() => socket.closed, 'it is ended');
      });
    });

    it(`refuses ${scheme} before its handshake where there is no place`, async () => {
      const held = await Promise.all(Array.from({ length: 50 }, () => connectRaw(local.ports.tcp)));
      await eventually(async () => (await local.census()).tcp.open === 50, '50 are open');
      await counted(scheme, 'over-limit', 1, async () => {
        const refused = connect({ port: local.ports[scheme], host: '127.0.0.1', ca });
        await assert.rejects(once(refused, 'secureConnect'), { code: 'ECONNRESET' });
      });
      for (const socket of held) socket.destroy();
      await eventually(async () => (await local.census()).tcp.open === 0, 'all gone');
      (await connectTls(local.ports[scheme], ca)).destroy();
    });
  }
});

async function answered(socket: TLSSocket, scheme: 'wss' | 'https'): Promise<void> {
  socket.write(scheme === 'wss' ? upgradeRequest() : GET);
  await once(socket, 'data');
}

async function get(
  agent: Agent,
  port: number,
): Promise<{ status: number | undefined; text: string; socket: TLSSocket }> {
  const asked = request({ host: 'localhost', port, agent });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, text, socket: asked.socket as TLSSocket };
}
