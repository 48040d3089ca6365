import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordRig, SUITES, SUITES_13 } from '../../../test/support/record-rig.ts';

/** Two of everything that can come, each in a record of its own. */
function everything(rig: RecordRig): Buffer {
  const { peerOut, keys } = rig;
  const records = [peerOut.seal(23, Buffer.from('one')), peerOut.seal(23, Buffer.from('two'))];
  if (keys.version === '1.2') {
    records.push(peerOut.seal(22, Buffer.of(0, 0, 0, 0)), peerOut.seal(22, Buffer.of(0, 0, 0, 0)));
  } else {
    records.push(peerOut.seal(22, Buffer.of(4, 0, 0, 0, 4, 0, 0, 0)));
    records.push(peerOut.seal(22, Buffer.of(24, 0, 0, 1, 1)));
    peerOut.update();
    records.push(peerOut.seal(23, Buffer.from('three')));
  }
  return Buffer.concat([...records, peerOut.seal(21, Buffer.of(1, 0))]);
}

/** What is seen of everything, data too, when something is done at the nth event. */
function eventsWith(suite: (typeof SUITES)[number], at: number, act: (rig: RecordRig) => void): string[] {
  const rig = new RecordRig(suite);
  const seen: string[] = [];
  rig.during = (event) => {
    seen.push(event);
    if (seen.length === at) act(rig);
  };
  rig.feed(everything(rig));
  rig.layer.dispose();
  return seen;
}

for (const suite of SUITES) {
  const all = eventsWith(suite, 0, () => {});

  test(`${suite.name}: a slot that is released within an event hears nothing more`, () => {
    assert.ok(all.length >= 5);
    for (let at = 1; at <= all.length; at++) {
      const seen = eventsWith(suite, at, (rig) => rig.layer.release(0));
      // What was sent is counted, whatever became of the slot.
      const wanted = all[at - 1]?.startsWith('send 22') ? at + 1 : at;
      assert.deepEqual(seen, all.slice(0, wanted));
    }
  });

  test(`${suite.name}: a slot that begins anew within an event reads nothing of what came before`, () => {
    for (let at = 1; at <= all.length; at++) {
      const next = new RecordRig(suite);
      const seen = eventsWith(suite, at, (rig) => {
        rig.layer.begin(0, next.keys, Number(next.peerIn.number), Number(next.peerOut.number));
        assert.equal(next.peerIn.open(rig.layer.seal(0, Buffer.from('anew')))[0]!.content.toString(), 'anew');
      });
      const wanted = all[at - 1]?.startsWith('send 22') ? at + 1 : at;
      assert.deepEqual(seen, all.slice(0, wanted));
    }
  });

  test(`${suite.name}: data can be sealed within any event`, () => {
    for (let at = 1; at <= all.length; at++) {
      const seen = eventsWith(suite, at, (rig) => {
        const sent = Buffer.alloc(40_000, at);
        const records = rig.peerIn.open(rig.layer.seal(0, sent));
        assert.deepEqual(Buffer.concat(records.map(({ content }) => content)), sent);
      });
      assert.deepEqual(seen, all);
    }
  });
}

test('a slot that is released while its alert is sent is told no more', () => {
  for (const suite of SUITES) {
    const rig = new RecordRig(suite);
    rig.during = () => rig.layer.release(0);
    rig.feed(Buffer.alloc(5));
    assert.equal(rig.seen.length, 1);
    assert.match(rig.seen[0]!, /^send 21/);
  }
});

test('a slot ended by our goodbye within an event still reads', () => {
  for (const suite of SUITES_13) {
    const rig = new RecordRig(suite);
    let goodbyes = 0;
    rig.during = (event) => {
      if (event === 'plain' && goodbyes++ === 0) rig.peerIn.open(rig.layer.goodbye(0));
    };
    rig.feed(everything(rig));
    assert.equal(rig.takePlain().toString(), 'onetwothree');
    assert.deepEqual(rig.seen, ['ticket', 'ticket', 'their keys', 'end']);
  }
});
