import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { freePorts, parsePortRange } from './ports.ts';

/** All ports up to this one. */
const upTo = (last: number): ReadonlySet<number> => new Set(Array.from({ length: last + 1 }, (_, port) => port));

describe('free ports', () => {
  it('lie outside the ephemeral range, in a row, and can be listened on', async () => {
    const ephemeral = { low: 2000, high: 65_000 };
    const first = await freePorts('127.0.0.1', 4, ephemeral);
    assert.ok(first >= 1024 && (first + 3 < 2000 || first > 65_000), `${first}`);
    for (let port = first; port < first + 4; port++) {
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
    }
  });

  it('are none that are taken or to be avoided', async () => {
    // Leaves three candidates, which no usual range has for outgoing connections: one taken, one avoided.
    const ephemeral = { low: 1024, high: 65_532 };
    const taken = createServer().listen(65_534, '127.0.0.1');
    await once(taken, 'listening');
    assert.equal(await freePorts('127.0.0.1', 1, ephemeral, new Set([65_533])), 65_535);
    await assert.rejects(freePorts('127.0.0.1', 2, ephemeral), { code: 'ELISTEN' });
    taken.close();
  });

  it('are none that a browser or fetch refuses to open', async () => {
    // 6665 to 6669 are on their list.
    const ephemeral = { low: 6670, high: 65_535 };
    await assert.rejects(freePorts('127.0.0.1', 1, ephemeral, upTo(6664)), { code: 'ELISTEN' });
    await assert.rejects(freePorts('127.0.0.1', 3, ephemeral, upTo(6662)), { code: 'ELISTEN' });
    assert.ok((await freePorts('127.0.0.1', 1, ephemeral, upTo(6644))) <= 6664);
  });

  it('need an address of this machine', async () => {
    await assert.rejects(freePorts('203.0.113.9', 1, { low: 32_768, high: 60_999 }), {
      code: 'ELISTEN',
      hint: /ip -brief address/,
    });
  });

  it('reads the range as the kernel writes it', () => {
    assert.deepEqual(parsePortRange('32768\t60999\n'), { low: 32_768, high: 60_999 });
    assert.equal(parsePortRange('nonsense'), undefined);
  });
});
