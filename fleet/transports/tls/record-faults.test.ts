import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordRig, type RecordSuite, SUITES, SUITES_12, SUITES_13 } from '../../../test/support/record-rig.ts';

const nothing = Buffer.alloc(0);
const header = (type: number, length: number, version = 3): Buffer =>
  Buffer.of(type, 3, version, length >> 8, length & 0xff);

interface Fault {
  readonly what: string;
  /** What the peer sends, in records or bytes. */
  readonly wire: (rig: RecordRig) => Buffer;
  readonly alert: number;
  readonly detail: RegExp;
}

const sealed =
  (type: number, content: Uint8Array, padding = 0) =>
  (rig: RecordRig): Buffer =>
    rig.peerOut.seal(type, content, padding);

const changed = (rig: RecordRig, at: number): Buffer => {
  const record = rig.peerOut.seal(23, Buffer.from('some data'));
  record[at] = record[at]! ^ 1;
  return record;
};

const BOTH: readonly Fault[] = [
  { what: 'a changed text', wire: (rig) => changed(rig, 14), alert: 20, detail: /not what was sealed/ },
  {
    what: 'a changed tag',
    wire: (rig) => changed(rig, changed(rig, 0).length - 1),
    alert: 20,
    detail: /not what was sealed/,
  },
  {
    what: 'a record too short for its tag',
    wire: () => Buffer.concat([header(23, 15), Buffer.alloc(15)]),
    alert: 20,
    detail: /15 bytes/,
  },
  { what: 'a record of no length', wire: () => header(23, 0), alert: 20, detail: /of 0 bytes/ },
  { what: 'a change_cipher_spec', wire: () => Buffer.of(20, 3, 3, 0, 1, 1), alert: 10, detail: /type 20/ },
  { what: 'heartbeat', wire: () => header(24, 40), alert: 10, detail: /type 24/ },
  {
    what: 'what is no record at all',
    wire: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    alert: 10,
    detail: /type 72/,
  },
  {
    what: 'a record that came before',
    wire: (rig) => {
      const one = rig.peerOut.seal(23, Buffer.of(1));
      return Buffer.concat([one, one]);
    },
    alert: 20,
    detail: /not what was sealed/,
  },
  {
    what: 'a record left out',
    wire: (rig) => {
      rig.peerOut.seal(23, Buffer.of(1));
      return rig.peerOut.seal(23, Buffer.of(1));
    },
    alert: 20,
    detail: /not what was sealed/,
  },
  { what: 'an alert of one byte', wire: sealed(21, Buffer.of(1)), alert: 50, detail: /alert of 1 bytes/ },
  { what: 'two alerts in one', wire: sealed(21, Buffer.of(1, 0, 1, 0)), alert: 50, detail: /alert of 4 bytes/ },
  { what: 'an alert of nothing', wire: sealed(21, nothing), alert: 10, detail: /type 21 with nothing/ },
  { what: 'a handshake record of nothing', wire: sealed(22, nothing), alert: 10, detail: /type 22 with nothing/ },
  { what: 'a Finished', wire: sealed(22, Buffer.of(20, 0, 0, 12)), alert: 10, detail: /message of type 20/ },
  {
    what: 'a CertificateRequest nobody offered',
    wire: sealed(22, Buffer.of(13)),
    alert: 10,
    detail: /message of type 13/,
  },
];

const ONLY_13: readonly Fault[] = [
  { what: 'an alert in the clear', wire: () => Buffer.of(21, 3, 3, 0, 2, 2, 40), alert: 10, detail: /type 21/ },
  {
    what: 'a record over its limit, at its header',
    wire: () => header(23, 16_384 + 257),
    alert: 22,
    detail: /16641 bytes; 16640 are allowed/,
  },
  {
    what: 'more data than a record carries',
    wire: sealed(23, Buffer.alloc(16_385, 1)),
    alert: 22,
    detail: /carries 16385/,
  },
  {
    what: 'more padding than a record carries',
    wire: sealed(23, Buffer.alloc(1), 16_384),
    alert: 22,
    detail: /carries 16385/,
  },
  { what: 'a record of zeros alone', wire: sealed(0, nothing, 10), alert: 10, detail: /without a type/ },
  { what: 'a change_cipher_spec that is sealed', wire: sealed(20, Buffer.of(1)), alert: 10, detail: /type 20/ },
  { what: 'another header than was sealed', wire: (rig) => changed(rig, 2), alert: 20, detail: /not what was sealed/ },
  {
    what: 'a KeyUpdate with something behind it',
    wire: sealed(22, Buffer.of(24, 0, 0, 1, 0, 4)),
    alert: 10,
    detail: /does not end its record/,
  },
  { what: 'a KeyUpdate that says 2', wire: sealed(22, Buffer.of(24, 0, 0, 1, 2)), alert: 47, detail: /says 2/ },
  {
    what: 'a KeyUpdate of two bytes',
    wire: sealed(22, Buffer.of(24, 0, 0, 2)),
    alert: 50,
    detail: /type 24 with 2 bytes/,
  },
  { what: 'an empty KeyUpdate', wire: sealed(22, Buffer.of(24, 0, 0, 0)), alert: 50, detail: /type 24 with 0 bytes/ },
  {
    what: 'a ticket without end',
    wire: sealed(22, Buffer.of(4, 255, 255, 255)),
    alert: 50,
    detail: /type 4 with 16777215/,
  },
  { what: 'a HelloRequest', wire: sealed(22, Buffer.of(0, 0, 0, 0)), alert: 10, detail: /message of type 0/ },
  {
    what: 'data within a handshake message',
    wire: (rig) => Buffer.concat([rig.peerOut.seal(22, Buffer.of(24, 0)), rig.peerOut.seal(23, Buffer.of(1))]),
    alert: 10,
    detail: /type 23 within/,
  },
  {
    what: 'an alert within a handshake message',
    wire: (rig) => Buffer.concat([rig.peerOut.seal(22, Buffer.of(4, 0, 0)), rig.peerOut.seal(21, Buffer.of(1, 0))]),
    alert: 10,
    detail: /type 21 within/,
  },
  {
    what: 'the old key behind a KeyUpdate',
    wire: (rig) => Buffer.concat([rig.peerOut.seal(22, Buffer.of(24, 0, 0, 1, 0)), rig.peerOut.seal(23, Buffer.of(1))]),
    alert: 20,
    detail: /not what was sealed/,
  },
];

const ONLY_12: readonly Fault[] = [
  {
    what: 'a record over its limit, at its header',
    wire: () => header(23, 16_384 + 2049),
    alert: 22,
    detail: /18433 bytes; 18432 are allowed/,
  },
  {
    what: 'more data than a record carries',
    wire: sealed(23, Buffer.alloc(16_385, 1)),
    alert: 22,
    detail: /carries 16385/,
  },
  { what: 'another version', wire: () => header(23, 40, 1), alert: 70, detail: /version 3\.1/ },
  {
    what: 'another type than was sealed',
    wire: (rig) => {
      const record = rig.peerOut.seal(23, Buffer.of(1, 0));
      record[0] = 21;
      return record;
    },
    alert: 20,
    detail: /not what was sealed/,
  },
  { what: 'an alert of no level', wire: sealed(21, Buffer.of(3, 0)), alert: 47, detail: /level 3/ },
  {
    what: 'a HelloRequest that says something',
    wire: sealed(22, Buffer.of(0, 0, 0, 1)),
    alert: 50,
    detail: /type 0 with 1 bytes/,
  },
  {
    what: 'a ticket after the handshake',
    wire: sealed(22, Buffer.of(4, 0, 0, 0)),
    alert: 10,
    detail: /message of type 4/,
  },
  { what: 'a KeyUpdate', wire: sealed(22, Buffer.of(24, 0, 0, 1, 0)), alert: 10, detail: /message of type 24/ },
];

function assertFault(suite: RecordSuite, { what, wire, alert, detail }: Fault): void {
  const rig = new RecordRig(suite);
  const bytes = wire(rig);
  rig.feed(bytes);
  const [send, broken, ...rest] = rig.seen.filter((event) => event !== 'their keys');
  const said = `${suite.name}: ${what}: ${rig.seen.join(', ')}`;
  assert.equal(send, `send 21 02${alert.toString(16).padStart(2, '0')}`, said);
  assert.match(broken ?? '', detail, said);
  assert.deepEqual(rest, [], said);
  rig.feed(rig.peerOut.seal(23, Buffer.from('afterwards')));
  assert.ok(rig.takePlain().length <= 1, said);
  assert.deepEqual([rig.layer.seal(0, Buffer.from('x')).length, rig.layer.goodbye(0).length], [0, 0], said);
  rig.layer.dispose();
}

for (const fault of BOTH) {
  test(`${fault.what} is answered by alert ${fault.alert}`, () => {
    for (const suite of SUITES) assertFault(suite, fault);
  });
}
for (const fault of ONLY_13) {
  test(`TLS 1.3: ${fault.what} is answered by alert ${fault.alert}`, () => {
    for (const suite of SUITES_13) assertFault(suite, fault);
  });
}
for (const fault of ONLY_12) {
  test(`TLS 1.2: ${fault.what} is answered by alert ${fault.alert}`, () => {
    for (const suite of SUITES_12) assertFault(suite, fault);
  });
}

test('a fault behind our close_notify is told of, and no alert is sent', () => {
  for (const suite of SUITES) {
    const rig = new RecordRig(suite);
    rig.peerIn.open(rig.layer.goodbye(0));
    rig.feed(changed(rig, 20));
    assert.equal(rig.seen.length, 1);
    assert.match(rig.seen[0]!, /^broken: /);
  }
});

test('a peer that sends messages and no data is ended; data in between begins the count anew', () => {
  const endless: readonly [readonly RecordSuite[], (rig: RecordRig) => Buffer][] = [
    [SUITES, sealed(23, nothing)],
    [SUITES_13, sealed(22, Buffer.of(4, 0, 0, 0))],
    [SUITES_13, sealed(21, Buffer.of(1, 90))],
    [
      SUITES_13,
      (rig) => {
        const record = rig.peerOut.seal(22, Buffer.of(24, 0, 0, 1, 0));
        rig.peerOut.update();
        return record;
      },
    ],
    [SUITES_12, sealed(21, Buffer.of(1, 90))],
    [SUITES_12, sealed(22, Buffer.of(0, 0, 0, 0))],
  ];
  for (const [suites, next] of endless) {
    for (const suite of suites) {
      const rig = new RecordRig(suite);
      const isBroken = () => rig.seen.some((event) => event.startsWith('broken'));
      for (let i = 0; i < 200; i++) rig.feed(next(rig));
      assert.equal(isBroken(), false);
      rig.feed(rig.peerOut.seal(23, Buffer.from('data')));
      for (let i = 0; i < 200; i++) rig.feed(next(rig));
      assert.equal(isBroken(), false);
      rig.feed(next(rig));
      assert.deepEqual(rig.seen.slice(-2), ['send 21 020a', 'broken: 200 messages on end without data']);
      rig.layer.dispose();
    }
  }
});

test('many messages in one record are counted one by one', () => {
  const [suite] = SUITES_13;
  const rig = new RecordRig(suite!);
  rig.feed(rig.peerOut.seal(22, Buffer.concat(Array(4000).fill(Buffer.of(4, 0, 0, 0)))));
  assert.equal(rig.seen.filter((event) => event === 'ticket').length, 200);
  assert.equal(rig.seen.at(-1), 'broken: 200 messages on end without data');
});
