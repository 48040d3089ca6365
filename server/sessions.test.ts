/** Sessions of TLS, over the processes of one server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { connect } from 'node:tls';
import { answerOf } from '../test/support/rude-peers.ts';
import { startServe } from '../test/support/serve-process.ts';
import { connectTls } from '../test/support/tls-peers.ts';
import { eventually } from '../test/support/wait.ts';

const TIMEOUT = { timeout: 120_000 };
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

describe('sessions', TIMEOUT, () => {
  for (const version of VERSIONS) {
    it(`that one process began are resumed by another, ${version}`, async () => {
      const server = await startServe(['--protocol', 'tls', '--processes', '2']);
      const ca = server.ready.caCert;
      const tls = { minVersion: version, maxVersion: version, servername: 'localhost' };
      const first = connect({ port: server.ports.tls, host: '127.0.0.1', ca, ...tls });
      const [session] = (await once(first, 'session')) as [Buffer];
      const wasReused = first.isSessionReused();
      first.end();
      const second = await connectTls(server.ports.tls + 1, ca, { ...tls, session });
      assert.deepEqual([wasReused, second.isSessionReused()], [false, true]);
      second.end('bye');
      assert.equal(await answerOf(second), 'bye');
      await eventually(async () => (await server.memory()).census.tls.closed['by-peer'] === 2, 'both are counted');
      assert.equal(await server.stop(), 0);
    });
  }
});
