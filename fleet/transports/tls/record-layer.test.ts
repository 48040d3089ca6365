import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordRig, SUITES, SUITES_12, SUITES_13 } from '../../../test/support/record-rig.ts';

const DATA = 23;
const HANDSHAKE = 22;
const ALERT = 21;
const keyUpdate = (wantsAnswer: 0 | 1): Buffer => Buffer.of(24, 0, 0, 1, wantsAnswer);
const ticket = (bytes: number): Buffer =>
  Buffer.concat([Buffer.of(4, 0, bytes >> 8, bytes & 255), Buffer.alloc(bytes, 9)]);
const CLOSE_NOTIFY = Buffer.of(1, 0);
const SENT_KEY_UPDATE = `send ${HANDSHAKE} ${keyUpdate(0).toString('hex')}`;

/** Both ends hear each other. */
function assertTalks(rig: RecordRig): void {
  const text = Buffer.from('are you there?');
  assert.deepEqual(rig.peerIn.open(rig.layer.seal(0, text)), [{ type: DATA, content: text }]);
  rig.feed(rig.peerOut.seal(DATA, text));
  assert.deepEqual(rig.takePlain(), text);
}

for (const suite of SUITES) {
  test(`${suite.name}: what is sealed is opened by node:crypto, and the other way round`, () => {
    const rig = new RecordRig(suite);
    for (const size of [1, 64, 16_383, 16_384, 16_385, 100_000, 1_000_000]) {
      const sent = Buffer.alloc(size, size);
      const records = rig.peerIn.open(rig.layer.seal(0, sent));
      assert.equal(records.length, Math.ceil(size / 16_384));
      assert.ok(records.every(({ type }) => type === DATA));
      assert.deepEqual(Buffer.concat(records.map(({ content }) => content)), sent);
      for (let at = 0; at < size; at += 16_384) rig.feed(rig.peerOut.seal(DATA, sent.subarray(at, at + 16_384)));
      assert.deepEqual(rig.takePlain(), sent);
    }
    assert.equal(rig.layer.seal(0, Buffer.alloc(0)).length, 0);
    rig.feed(rig.peerOut.seal(DATA, Buffer.alloc(0)));
    assert.deepEqual([rig.seen, rig.takePlain().length], [[], 0]);
    assertTalks(rig);
  });

  test(`${suite.name}: numbers go on beyond 32 bits, both ways`, () => {
    const start = 2 ** 32 - 2;
    const rig = new RecordRig(suite, { sent: start, received: start, recordsPerKey: 2 ** 40 });
    for (let i = 0; i < 5; i++) assertTalks(rig);
  });

  test(`${suite.name}: no number comes twice: a connection ends before its numbers do`, () => {
    const last = 2 ** 48 - 1;
    const rig = new RecordRig(suite, { sent: 5, received: last - 1 });
    rig.feed(rig.peerOut.seal(DATA, Buffer.from('the last one')));
    assert.equal(rig.takePlain().toString(), 'the last one');
    rig.feed(rig.peerOut.seal(DATA, Buffer.from('one too many')));
    assert.deepEqual(rig.seen, [`send ${ALERT} 0250`, 'broken: the numbers of its records are used up']);
    assert.equal(rig.takePlain().length, 0);
  });

  test(`${suite.name}: close_notify ends each direction by itself`, () => {
    const rig = new RecordRig(suite);
    const [sent] = rig.peerIn.open(rig.layer.goodbye(0));
    assert.deepEqual(sent, { type: ALERT, content: CLOSE_NOTIFY });
    assert.equal(rig.layer.goodbye(0).length, 0);
    assert.equal(rig.layer.seal(0, Buffer.from('too late')).length, 0);
    rig.feed(Buffer.concat([rig.peerOut.seal(DATA, Buffer.from('still here')), rig.peerOut.seal(ALERT, CLOSE_NOTIFY)]));
    assert.equal(rig.takePlain().toString(), 'still here');
    rig.feed(rig.peerOut.seal(DATA, Buffer.from('not read')));
    rig.feed(Buffer.alloc(100));
    assert.deepEqual([rig.seen, rig.takePlain().length], [['end'], 0]);
  });

  test(`${suite.name}: after the peer's close_notify there is still something to send`, () => {
    const rig = new RecordRig(suite);
    rig.feed(Buffer.concat([rig.peerOut.seal(ALERT, CLOSE_NOTIFY), Buffer.alloc(30_000)]));
    assert.equal(rig.peerIn.open(rig.layer.seal(0, Buffer.from('bye')))[0]!.content.toString(), 'bye');
    assert.deepEqual(rig.seen, ['end']);
  });

  test(`${suite.name}: a fatal alert ends it both ways`, () => {
    const rig = new RecordRig(suite);
    rig.feed(Buffer.concat([rig.peerOut.seal(ALERT, Buffer.of(2, 80)), rig.peerOut.seal(DATA, Buffer.from('more'))]));
    assert.deepEqual(rig.seen, ['alert 80']);
    assert.deepEqual(
      [rig.layer.seal(0, Buffer.from('x')).length, rig.layer.goodbye(0).length, rig.takePlain().length],
      [0, 0, 0],
    );
  });

  test(`${suite.name}: a slot that begins anew knows nothing of what it was`, () => {
    const rig = new RecordRig(suite);
    const first = rig.peerOut.seal(DATA, Buffer.alloc(1000));
    rig.feed(first.subarray(0, 500));
    rig.layer.release(0);
    rig.feed(first.subarray(500));
    assert.equal(rig.layer.seal(0, Buffer.from('x')).length, 0);
    const next = new RecordRig(suite);
    rig.layer.begin(0, next.keys, Number(next.peerIn.number), Number(next.peerOut.number));
    rig.feed(next.peerOut.seal(DATA, Buffer.from('anew')));
    assert.equal(rig.takePlain().toString(), 'anew');
    assert.equal(next.peerIn.open(rig.layer.seal(0, Buffer.from('anew')))[0]!.content.toString(), 'anew');
    assert.deepEqual(rig.seen, []);
  });
}

for (const suite of SUITES_13) {
  test(`${suite.name}: keys change both ways, asked for and not`, () => {
    const rig = new RecordRig(suite);
    for (let round = 0; round < 3; round++) {
      rig.feed(rig.peerOut.seal(HANDSHAKE, keyUpdate(0)));
      rig.peerOut.update();
      assert.deepEqual(rig.seen.splice(0), ['their keys']);
      assertTalks(rig);
      rig.feed(rig.peerOut.seal(HANDSHAKE, keyUpdate(1)));
      rig.peerOut.update();
      // The answer was under the old key, or the peer could not have opened it.
      assert.deepEqual(rig.seen.splice(0), ['their keys', SENT_KEY_UPDATE, 'our keys']);
      assertTalks(rig);
    }
  });

  test(`${suite.name}: our keys change before they are used up, in the same bytes as the data`, () => {
    const rig = new RecordRig(suite, { recordsPerKey: 4 });
    let updates = 0;
    for (const size of [10, 10, 10, 10, 40_000, 200_000, 10]) {
      const sent = Buffer.alloc(size, 5);
      const records = rig.peerIn.open(rig.layer.seal(0, sent));
      const data = records.filter(({ type }) => type === DATA).map(({ content }) => content);
      assert.deepEqual(Buffer.concat(data), sent);
      updates += records.length - data.length;
    }
    // 21 records of data, three of them with each key beside the KeyUpdate.
    assert.equal(updates, 6);
    assert.deepEqual(rig.seen, Array(6).fill('our keys'));
  });

  test(`${suite.name}: a KeyUpdate that asks is not answered behind our close_notify`, () => {
    const rig = new RecordRig(suite);
    rig.peerIn.open(rig.layer.goodbye(0));
    rig.feed(rig.peerOut.seal(HANDSHAKE, keyUpdate(1)));
    rig.peerOut.update();
    rig.feed(rig.peerOut.seal(DATA, Buffer.from('more')));
    assert.deepEqual([rig.seen, rig.takePlain().toString()], [['their keys'], 'more']);
  });

  test(`${suite.name}: several messages in a record, and one over several, with padding`, () => {
    const rig = new RecordRig(suite);
    rig.feed(rig.peerOut.seal(HANDSHAKE, Buffer.concat([ticket(50), ticket(0), ticket(200), keyUpdate(1)]), 300));
    rig.peerOut.update();
    assert.deepEqual(rig.seen.splice(0), ['ticket', 'ticket', 'ticket', 'their keys', SENT_KEY_UPDATE, 'our keys']);
    const long = Buffer.concat([ticket(30_000), ticket(3), keyUpdate(0)]);
    for (let at = 0; at < long.length; ) {
      const end = at < 8 ? at + 1 : Math.min(long.length, at + 11_000);
      rig.feed(rig.peerOut.seal(HANDSHAKE, long.subarray(at, end), 7));
      at = end;
    }
    rig.peerOut.update();
    assert.deepEqual(rig.seen, ['ticket', 'ticket', 'their keys']);
    assertTalks(rig);
  });

  test(`${suite.name}: padding is taken off data, up to the longest record`, () => {
    const rig = new RecordRig(suite);
    for (const [size, padding] of [
      [0, 16_384],
      [1, 16_383],
      [16_384, 0],
      [100, 5],
    ] as const) {
      // Data may end in zeros, too.
      const sent = Buffer.alloc(size);
      rig.feed(rig.peerOut.seal(DATA, sent, padding));
      assert.deepEqual(rig.takePlain(), sent);
    }
    assert.deepEqual(rig.seen, []);
  });

  test(`${suite.name}: user_canceled is no end`, () => {
    const rig = new RecordRig(suite);
    rig.feed(rig.peerOut.seal(ALERT, Buffer.of(1, 90)));
    rig.feed(rig.peerOut.seal(ALERT, Buffer.of(2, 90)));
    assertTalks(rig);
    assert.deepEqual(rig.seen, []);
  });
}

for (const suite of SUITES_12) {
  test(`${suite.name}: HelloRequest is answered by no_renegotiation, and it goes on`, () => {
    const rig = new RecordRig(suite);
    rig.feed(rig.peerOut.seal(HANDSHAKE, Buffer.of(0, 0, 0, 0)));
    rig.feed(rig.peerOut.seal(HANDSHAKE, Buffer.of(0, 0)));
    rig.feed(rig.peerOut.seal(HANDSHAKE, Buffer.of(0, 0)));
    assert.deepEqual(rig.seen, [`send ${ALERT} 0164`, `send ${ALERT} 0164`]);
    assertTalks(rig);
  });

  test(`${suite.name}: other warnings are no end`, () => {
    const rig = new RecordRig(suite);
    for (const alert of [90, 100, 110]) rig.feed(rig.peerOut.seal(ALERT, Buffer.of(1, alert)));
    assertTalks(rig);
    assert.deepEqual(rig.seen, []);
  });

  test(`${suite.name}: keys are never changed, and nothing is sent beyond the last number`, () => {
    const rig = new RecordRig(suite, { sent: 2 ** 48 - 3, recordsPerKey: 4 });
    assertTalks(rig);
    assert.equal(rig.layer.seal(0, Buffer.from('x')).length, 0);
    assert.deepEqual(rig.seen, ['broken: the numbers of its records are used up']);
  });
}
