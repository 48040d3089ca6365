/** What a target opens for each connection beside it is counted at the target, whatever its neighbours open and close meanwhile. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { compiled } from '../support/compiled.ts';
import { assertWentThrough, HASTY, newFolder, readEvents, startConnrig } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';
import { eventually } from '../support/wait.ts';

const skip =
  process.platform !== 'linux'
    ? 'needs /proc'
    : process.getuid?.() !== 0
      ? 'the kernel shows the size of its objects to root only'
      : needs('gcc');
const TIMEOUT = { timeout: 400_000, skip };
const LEVELS = [300, 600, 900, 1200];
const NEIGHBOURS = 1500;

/** Somebody else's connections, both ends of them: in this process. */
class Neighbour {
  readonly #server: Server = createServer((socket) => this.#ends.add(socket.on('error', () => {})));
  readonly #ends = new Set<Socket>();

  constructor(t: TestContext) {
    t.after(() => this.close());
    t.after(() => this.#server.close());
  }

  async listen(): Promise<number> {
    await once(this.#server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async open(count: number): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    for (let i = 0; i < count; i++) {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      this.#ends.add(socket);
      await once(socket, 'connect');
    }
  }

  close(): void {
    for (const socket of this.#ends) socket.resetAndDestroy();
    this.#ends.clear();
  }
}

/**
 * @param what as onward.c explains
 * @param halfWay done once the second level has been measured
 */
async function measured(t: TestContext, what: string | number, halfWay?: () => unknown): Promise<LegSummary> {
  const [port, folder] = [await unusedPort(), newFolder(t)];
  const command = `exec ${compiled(t, 'known-answer/onward')} ${port} ${what}`;
  const args = ['--command', command, '--levels', LEVELS.join(), ...HASTY, '--quiet', '--out', folder];
  const run = startConnrig(t, ['run', `tcp://127.0.0.1:${port}`, ...args]);
  if (halfWay) {
    const isThere = (): boolean =>
      readEvents(folder).some((event) => event.type === 'phase' && event.phase === 'ramp' && event.level === LEVELS[2]);
    await eventually(isThere, 'half way');
    await halfWay();
  }
  assertWentThrough(await run.ended);
  const summary = Summary.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));
  const [leg] = summary.legs;
  assert.deepEqual(
    leg!.levels.map(({ open }) => open),
    LEVELS,
  );
  return leg!;
}

/** The same server that opens nothing: measured once, for all. */
let plainly: Promise<LegSummary> | undefined;
const plainOf = (t: TestContext): Promise<LegSummary> => (plainly ??= measured(t, 'nothing'));

const kernelOf = (leg: LegSummary): number => leg.perConnection!.kernel!.bytes;
const assertNear = (bytes: number, expected: number): void =>
  assert.ok(
    Math.abs(bytes - expected) <= 0.03 * expected,
    `${bytes.toFixed(0)} bytes, and ${expected.toFixed(0)} without`,
  );

describe('the kernel cost of a proxy', () => {
  it('is the same alone, and beside a neighbour that closes or opens its connections half way', TIMEOUT, async (t) => {
    const backend = await new Neighbour(t).listen();
    const alone = await measured(t, backend);
    const plain = await plainOf(t);
    const { tcpSock: each } = plain.perConnection!.components;
    assertNear(alone.perConnection!.components.tcpSock!, 2 * each!);
    assert.equal(plain.perConnection!.components.localPorts, 0);
    assert.ok(alone.perConnection!.components.localPorts! > 150, 'a port for each way onwards');
    assert.ok(kernelOf(alone) > 1.9 * kernelOf(plain), `${kernelOf(alone)} and ${kernelOf(plain)}`);

    const closes = new Neighbour(t);
    await closes.listen();
    await closes.open(NEIGHBOURS);
    assertNear(kernelOf(await measured(t, backend, () => closes.close())), kernelOf(alone));
    const opens = new Neighbour(t);
    await opens.listen();
    assertNear(kernelOf(await measured(t, backend, () => opens.open(NEIGHBOURS))), kernelOf(alone));
  });
});

it(
  'a timer, a pipe and two UNIX sockets for each are no TCP sockets, beside a neighbour that opens some',
  TIMEOUT,
  async (t) => {
    const files = 1 + 2 + 2;
    const opens = new Neighbour(t);
    await opens.listen();
    const plain = (await plainOf(t)).perConnection!.components;
    const leg = await measured(t, 'files', () => opens.open(NEIGHBOURS));
    const own = leg.perConnection!.components;
    assert.equal(Math.round(leg.descriptorsPerConnection!), 1 + files);
    assertNear(own.tcpSock!, plain.tcpSock!);
    assertNear(own.file!, (1 + files) * plain.file!);
    assertNear(own.socketInode!, 3 * plain.socketInode!);
    assert.equal(own.localPorts, 0);
  },
);
