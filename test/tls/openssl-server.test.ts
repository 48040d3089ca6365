/** The server that comes with OpenSSL, of the version that Debian has: it takes one connection at a time. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { commandOf, needs } from '../support/needs.ts';
import { understandsUs } from '../targets/checks.ts';
import { startSecured } from './start-secured.ts';

const OPTIONS = { timeout: 300_000, skip: needs('openssl') };

it('openssl s_server and our client understand each other', OPTIONS, async (t) => {
  const server = await startSecured(t, (port, { cert, key }) => [
    ...[commandOf('openssl'), 's_server', '-quiet', '-accept', `127.0.0.1:${port}`],
    ...['-cert', cert, '-key', key],
  ]);
  // What comes over TLS it prints, and what it reads it sends: so it echoes.
  server.child.stdout!.pipe(server.child.stdin!);
  await understandsUs(server, 'tcp', 1);
  // A look whether it listens says no close_notify; our client does.
  const cutOff = server.stderr().match(/unexpected eof/g) ?? [];
  assert.equal(cutOff.length, 1, server.stderr());
});
