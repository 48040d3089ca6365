/** What servers really answer to an upgrade: read over, named, and closed as other clients close. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { acceptOf } from '../support/accept.ts';
import { assertFailed, connrigHere, HASTY, newFolder, ONE_LEVEL, reportOn } from '../support/connrig.ts';
import { unusedPort } from '../support/peers.ts';
import { REFUSER, startRefuser } from '../support/refuser.ts';

const TIMEOUT = { timeout: 180_000 };
const SMALL = ['--connections', '60', '--levels', '3', ...HASTY];
const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';

describe('a Node.js server that listens for no error', () => {
  it('is still there after its refusals', TIMEOUT, async (t) => {
    const server = await startRefuser('destroys');
    t.after(() => server.close());
    const url = `ws://127.0.0.1:${server.port}`;
    const ended = await connrigHere(['run', url, '--pid', String(server.pid), ...SMALL, '--out', newFolder(t)]);
    assertFailed(ended, 4, 'EREJECTED', /was rejected \(HTTP 401 Unauthorized\)/);
    assert.ok(((await server.refused()) ?? 0) >= 50);
  });

  it('that dies nonetheless: the message tells what attempts heard before', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const port = await unusedPort();
    const command = `exec '${process.execPath}' '${REFUSER}' 'dies after 50' ${port}`;
    const url = `ws://127.0.0.1:${port}`;
    const ended = await connrigHere(['run', url, '--command', command, ...SMALL, '--out', folder]);
    assertFailed(ended, 4, 'ETARGETDIED', /before that, all \d+ attempts were refused with HTTP 401 Unauthorized/);
    const { error, legs } = await reportOn(t, folder);
    assert.equal(error?.code, 'ETARGETDIED');
    assert.ok(legs[0]!.outcomes.rejected >= 50);
  });
});

describe('a server that answers', () => {
  it('early hints before each 101: they are read over', TIMEOUT, async (t) => {
    const url = await upgrading(t, (socket, request) => socket.write(EARLY.repeat(3) + switching(request)));
    const folder = newFolder(t);
    const ended = await connrigHere(['run', url, ...ONE_LEVEL, '--out', folder]);
    assert.equal(ended.code, 0, ended.stderr);
    const { legs } = await reportOn(t, folder);
    assert.equal(legs[0]!.outcomes.open, legs[0]!.attempts);
  });

  const NAMED: ReadonlyArray<[string, (socket: Socket, request: string) => void, RegExp]> = [
    [
      'early hints without end',
      (socket) => socket.write(EARLY.repeat(100)),
      /EHANDSHAKE[\s\S]*more than 16 interim answers/,
    ],
    [
      'lines that end in LF alone',
      (socket, request) => socket.write(switching(request).replaceAll('\r', '')),
      /EHANDSHAKE[\s\S]*lines of the response head end in LF without CR/,
    ],
    [
      'a redirection',
      (socket) => socket.end('HTTP/1.1 307 Go\r\nLocation: /chat\r\nContent-Length: 0\r\n\r\n'),
      /EREJECTED[\s\S]*redirected to "\/chat"[\s\S]*connrig run ws:\/\/127\.0\.0\.1:\d+\/chat/,
    ],
    [
      'half a head',
      (socket) => socket.write('HTTP/1.1 101 Switch'),
      /ETIMEDOUT[\s\S]*connected, but 19 bytes of a response head, which begins with "HTTP\/1\.1 101 Switch" within 900 ms/,
    ],
  ];
  for (const [what, answer, says] of NAMED) {
    it(`${what}: named for what it is`, TIMEOUT, async (t) => {
      const url = await upgrading(t, answer);
      const ended = await connrigHere(['run', url, ...SMALL, '--open-timeout', '900ms', '--out', newFolder(t)]);
      assert.equal(ended.code, 4);
      assert.match(ended.stderr, says);
    });
  }

  it('HTTP/2, or closes because it wants TLS: named, with what to look at', TIMEOUT, async (t) => {
    const http2 = createHttp2Server();
    const h2 = await connrigHere(['run', await listening(t, http2, 'ws'), ...SMALL, '--out', newFolder(t)]);
    assertFailed(h2, 4, 'EHANDSHAKE', /the server speaks HTTP\/2 only/);
    assert.match(h2.stderr, /connrig speaks HTTP\/1\.1/);
    const tls = await connrigHere([
      'run',
      await listening(t, createTlsServer(), 'ws'),
      ...SMALL,
      '--out',
      newFolder(t),
    ]);
    assertFailed(tls, 4, 'EHANDSHAKE', /the server closed without an answer/);
    assert.match(tls.stderr, /it speaks TLS: connrig run wss:\/\/127\.0\.0\.1:\d+/);
  });

  it('http, with a body that does not end: a time-out that says so', TIMEOUT, async (t) => {
    const server = createHttpServer((_, response) => {
      response.writeHead(200, { 'Content-Length': 10 }).write('half');
    });
    const url = await listening(t, server, 'http');
    const ended = await connrigHere(['run', url, ...SMALL, '--open-timeout', '900ms', '--out', newFolder(t)]);
    assertFailed(ended, 4, 'ETIMEDOUT', /the whole head of HTTP 200 OK, whose body of 10 bytes has not ended/);
  });

  it('http, to tcp: it is told after which words it closed', TIMEOUT, async (t) => {
    const url = await listening(t, createHttpServer(), 'tcp');
    const args = ['--send-on-open', 'PING\\r\\n', '--connections', '200', '--levels', '3', ...HASTY];
    const ended = await connrigHere(['run', url, ...args, '--out', newFolder(t)]);
    assertFailed(ended, 4, 'EDROPPED', /by-peer \(FIN after "HTTP\/1\.1 400 Bad Request"\)/);
  });
});

const switching = (request: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(request)}\r\n\r\n`;

/** A bare server that does so with each request. @returns its URL */
function upgrading(t: TestContext, answer: (socket: Socket, request: string) => void): Promise<string> {
  const server = createServer((socket) => {
    let request = '';
    socket.on('data', (bytes) => {
      const isWhole = request.includes('\r\n\r\n');
      request += bytes.toString('latin1');
      if (!isWhole && request.includes('\r\n\r\n')) answer(socket, request);
    });
  });
  return listening(t, server, 'ws');
}

async function listening(t: TestContext, server: Server, scheme: string): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => socket.destroy())));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 512 }), 'listening');
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
