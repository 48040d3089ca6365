import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WIRE_VERSION } from '../wire.ts';
import type { WorkerOffer } from './messages.ts';
import { type RoomPlan, roomOf, roomsOf, weightOf } from './room.ts';

const GIB = 2 ** 30;

const offer = (change: Partial<WorkerOffer> = {}): WorkerOffer => ({
  wire: WIRE_VERSION,
  version: '1.2.3',
  worker: 'one',
  host: 'a',
  seenAtMs: 0,
  offsetMs: 0,
  descriptors: null,
  most: null,
  cores: 4,
  memoryBytes: 64 * GIB,
  node: 'v20.19.0',
  engine: 'epoll',
  share: null,
  run: null,
  systemFilesLeft: null,
  ports: null,
  sources: 0,
  memoryAvailableBytes: 64 * GIB,
  memoryLimitBytes: 64 * GIB,
  machine: 'a',
  network: 'net:[1]',
  clock: { offsetMs: 0, spreadMs: 0 },
  lockMs: 10_000,
  ...change,
});

const plan = (change: Partial<RoomPlan> = {}): RoomPlan => ({
  layout: { engine: 'epoll', loopback: false, workers: undefined },
  destinations: [1],
  takes: { bytes: { uring: 5000, epoll: 5000, node: 9000 }, ports: 1 },
  ...change,
});

const boundOf = (change: Partial<WorkerOffer>, planned?: Partial<RoomPlan>): [string | undefined, number] => {
  const { connections, bounds } = roomOf(offer(change), plan(planned));
  return [bounds[0]?.of, connections];
};

describe('the room of a worker', () => {
  it('is what it was told, where nothing else is narrower', () => {
    assert.deepEqual(boundOf({ most: 500 }), ['max', 500]);
    assert.deepEqual(boundOf({ most: 50_000, ports: 28_000 }), ['ports', 28_000]);
  });

  it('has ports for each pair of a source and a destination', () => {
    assert.deepEqual(boundOf({ ports: 28_000 }, { destinations: [1, 2] }), ['ports', 56_000]);
    assert.deepEqual(boundOf({ ports: 28_000, sources: 3 }, { destinations: [1, 2] }), ['ports', 168_000]);
    const resting = { bytes: { uring: 5000, epoll: 5000, node: 9000 }, ports: 2 };
    assert.deepEqual(boundOf({ ports: 28_000 }, { takes: resting }), ['ports', 14_000]);
    const onLoopback = { layout: { engine: 'epoll', loopback: true, workers: undefined } } as const;
    assert.deepEqual(boundOf({ ports: 28_000, most: 1e6 }, onLoopback), ['max', 1e6]);
    assert.deepEqual(boundOf({ ports: 28_000, most: 1e6, sources: 1 }, onLoopback), ['ports', 28_000]);
  });

  it('is not bounded by one descriptor table, since threads take their own', () => {
    const [of, connections] = boundOf({ descriptors: 20_000 });
    assert.equal(of, 'descriptors');
    assert.ok(connections > 5_000_000, `${connections}`);
    const node = { layout: { engine: 'node', loopback: false, workers: 4 } } as const;
    assert.deepEqual(boundOf({ descriptors: 20_000 }, node), ['descriptors', 20_000 - 64 - 4 * 8]);
    const two = { layout: { engine: 'epoll', loopback: false, workers: 2 } } as const;
    assert.deepEqual(boundOf({ descriptors: 20_000 }, two), ['descriptors', 2 * (20_000 - 64 - 2 * 8)]);
    assert.deepEqual(boundOf({ descriptors: 20_000, systemFilesLeft: 100_000 }), ['files', 100_000]);
  });

  it('ends with its memory: of the machine, and of its container', () => {
    const [of, connections] = boundOf({ memoryAvailableBytes: GIB });
    assert.equal(of, 'memory');
    assert.equal(connections, Math.floor((GIB - 150 * 2 ** 20) / 5000));
    assert.deepEqual(boundOf({ memoryLimitBytes: GIB }), [of, connections]);
    assert.deepEqual(boundOf({ memoryLimitBytes: 2 ** 20 }), ['memory', 0]);
  });

  it('is shared with others on the same machine, and ports with those in the same network', () => {
    const offers = [
      offer({ worker: 'one', ports: 28_000 }),
      offer({ worker: 'two', ports: 28_000, memoryAvailableBytes: GIB }),
      offer({ worker: 'three', ports: 28_000, network: 'net:[2]' }),
      offer({ worker: 'four', ports: 28_000, machine: 'b', sources: 2 }),
    ];
    assert.deepEqual(
      roomsOf(offers, plan()).map(({ bounds }) => [bounds[0]!.of, bounds[0]!.connections]),
      [
        ['ports', 14_000],
        ['ports', 14_000],
        ['ports', 28_000],
        ['ports', 56_000],
      ],
    );
    const [, second] = roomsOf(offers, plan());
    const memory = second!.bounds.find(({ of }) => of === 'memory');
    assert.equal(memory!.connections, Math.floor((GIB / 3 - 150 * 2 ** 20) / 5000));
  });

  it('says what bounds it, and what would widen it', () => {
    const [ports] = roomOf(offer({ ports: 28_000 }), plan()).bounds;
    assert.equal(ports!.sentence, 'its ports: 28,000 × 1 source × 1 destination');
    assert.equal(ports!.hint(60_000), 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"');
    assert.match(ports!.hint(200_000), /^connrig worker --source with 4 addresses/);
    const [max] = roomOf(offer({ most: 10 }), plan()).bounds;
    assert.equal(max!.hint(500), 'connrig worker --max 500');
    const [files] = roomOf(offer({ descriptors: 1024 }), plan()).bounds;
    assert.equal(files!.hint(100_000), 'ulimit -n 101024');
  });

  it('weighs by the cores that open connections', () => {
    assert.deepEqual([weightOf({ cores: 1 }), weightOf({ cores: 2 }), weightOf({ cores: 9 }, 2)], [1, 1, 4]);
  });
});
