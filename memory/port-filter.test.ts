import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import { portFilter } from './port-filter.ts';

const LITTLE = endianness() === 'LE';

/** As the kernel runs it (inet_diag_bc_run): a match ends exactly at the end of the program. */
function matches(program: Uint8Array, local: number, remote: number): boolean {
  const view = new DataView(program.buffer);
  let at = 0;
  while (at < program.length) {
    const code = view.getUint8(at);
    const port = at + 8 <= program.length ? view.getUint16(at + 6, LITTLE) : 0;
    const holds = [false, false, local >= port, local <= port, remote >= port, remote <= port][code];
    at += holds ? view.getUint8(at + 1) : view.getUint16(at + 2, LITTLE);
  }
  return at === program.length;
}

test('a socket passes by either of its ports', () => {
  const program = portFilter([80, 81, 82, 443]);
  for (const port of [80, 82, 443]) {
    assert.ok(matches(program, port, 1) && matches(program, 1, port), String(port));
  }
  for (const port of [79, 83, 442, 444, 65_535]) assert.ok(!matches(program, port, port), String(port));
  assert.equal(program.length, 2 * 2 * 20 - 4, 'ports that follow each other take one range');
});

test('whatever the ports are, those and no others pass', () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(fc.array(port, { minLength: 1, maxLength: 40 }), port, port, (ports, local, remote) => {
      const program = portFilter(ports);
      assert.equal(matches(program, local, remote), ports.includes(local) || ports.includes(remote));
      assert.ok(ports.every((one) => matches(program, one, 1) && matches(program, 1, one)));
    }),
  );
});

test('with too many gaps more may pass, and none of those asked for is lost', () => {
  const ports = Array.from({ length: 300 }, (_, i) => 10_000 + 2 * i);
  const program = portFilter(ports);
  assert.ok(program.length < 100);
  assert.ok(ports.every((port) => matches(program, port, 1)));
  assert.ok(matches(program, 10_001, 1) && !matches(program, 9999, 10_599));
});
