import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, boolean, constantFrom, assert as holds, integer, oneof, property, tuple, uint8Array } from 'fast-check';
import { literalTemplate } from '../../../core/opening/template.ts';
import {
  type OpeningFinding,
  type OpeningSubject,
  type OpeningWords,
  openingSubject,
  planOf,
  serverFrame,
} from '../../../test/support/opening-subject.ts';
import { CODEC_FORMATS } from './formats.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const CONNACK = hex('20 02 00 00');
const SUBACK = hex('90 03 00 01 00');
const CONNECTED: OpeningWords['steps'] = [
  { send: { mqtt: { connect: { clientId: 'c-{n}', keepAliveSeconds: 10 } } } },
  { expect: { mqtt: { connack: {} } } },
  { send: { mqtt: { subscribe: { topic: 't/{n}' } } } },
  { expect: { mqtt: { suback: {} } }, skip: true },
];

function connected(steps = CONNECTED, ...packets: readonly Buffer[]): OpeningSubject {
  const subject = openingSubject('tcp', planOf({ steps: steps! }));
  for (const packet of packets) subject.feed(packet);
  return subject;
}

const said = (found: readonly OpeningFinding[]): unknown[] =>
  found.filter(([what]) => what === 'said').map(([, text]) => text);

test('what a client says, byte for byte', () => {
  const cases: Array<[Record<string, unknown>, string]> = [
    // MQTT 3.1.1, section 3.1: the protocol's name and level, clean session, keep-alive, client id.
    [{ connect: { clientId: 'c-{n}', keepAliveSeconds: 10 } }, '10 0f 00044d515454 04 02 000a 0003 632d31'],
    [{ connect: { version: '5', clientId: 'a', cleanStart: 'false' } }, '10 0e 00044d515454 05 00 003c 00 0001 61'],
    [
      { connect: { clientId: 'a', username: 'name', password: '{token}', keepAliveSeconds: '0' } },
      '10 18 00044d515454 04 c2 0000 0001 61 0004 6e616d65 0003 742d31',
    ],
    [{ connect: { clientId: 'a', username: '', password: '' } }, '10 0d 00044d515454 04 02 003c 0001 61'],
    [
      { connect: { version: 5, clientId: 'a', will: { topic: 'w', payload: 'gone', qos: 1, retain: true } } },
      '10 18 00044d515454 05 2e 003c 00 0001 61 00 0001 77 0004 676f6e65',
    ],
    [
      { subscribe: { id: 7, topics: [{ topic: 'a/b', qos: '1' }, { topic: '#' }] } },
      '82 0c 0007 0003 612f62 01 0001 23 00',
    ],
    [{ publish: { topic: 'a', payload: 'x{n}', retain: true } }, '31 05 0001 61 7831'],
    [{ pingreq: {} }, 'c0 00'],
    [{ disconnect: {} }, 'e0 00'],
  ];
  for (const [mqtt, bytes] of cases) {
    assert.deepEqual(said(connected([{ send: { mqtt } }]).take()), [hex(bytes).toString('hex')], JSON.stringify(mqtt));
  }
  const long = said(connected([{ send: { mqtt: { publish: { topic: 'a', payload: 'x'.repeat(20_000) } } } }]).take());
  // Three digits of seven bits: 20,003 is 35, 28 and 1.
  assert.match(String(long[0]), /^30a39c01000161(78){20000}$/);
});

test('an opening: connect, subscribe, and what a broker says about them', () => {
  const subject = connected(CONNECTED, CONNACK);
  assert.deepEqual(said(subject.take()).at(-1), hex('82 08 0001 0003 742f31 00').toString('hex'));
  // A retained message of QoS 1 may come first; it is confirmed.
  subject.feed(hex('32 06 0001 61 0009 78'));
  assert.deepEqual(subject.take(), [['said', '40020009']]);
  subject.feed(SUBACK);
  assert.deepEqual(subject.take(), [['open']]);
  assert.equal(Buffer.from(subject.protocol.heartbeat(2)).toString('hex'), 'c000');
  const message = subject.protocol.message(2, Buffer.from('hello'));
  assert.equal(Buffer.from(message).toString('hex'), hex('30 0a 0003 742f31 68656c6c6f').toString('hex'));
  subject.feed(Buffer.concat([hex('d0 00'), message]), [3]);
  assert.deepEqual(subject.take(), [['payload', 'hello']]);
  assert.equal(subject.protocol.goodbye(2), undefined);
  assert.deepEqual(subject.take(), [['said', 'e000']]);
});

test('refusals are in words of the standard', () => {
  const v5 = [{ send: { mqtt: { connect: { version: 5, clientId: 'a' } } } }, { expect: { mqtt: { connack: {} } } }];
  const cases: Array<[OpeningWords['steps'], string, string]> = [
    [CONNECTED, '20 02 00 05', 'CONNACK 5, not authorized'],
    [CONNECTED, '20 02 00 02', 'CONNACK 2, client id rejected'],
    [v5, '20 03 00 87 00', 'CONNACK 135, not authorized'],
    [v5, 'e0 01 8e', 'DISCONNECT 142, session taken over'],
    [CONNECTED, 'd0 00', 'PINGRESP'],
  ];
  for (const [steps, bytes, words] of cases) {
    const found = connected(steps, hex(bytes)).take().at(-1)!;
    assert.equal(found[0], 'opening-refused');
    assert.equal(String(found[1]).split(': the server said ')[1], words);
  }
  const strict = [...CONNECTED!.slice(0, 3), { expect: { mqtt: { suback: {} } } }];
  assert.match(
    String(connected(strict, CONNACK, hex('90 03 0001 80')).take().at(-1)![1]),
    /: the server said SUBACK 128, failure$/,
  );
  const noMqtt = connected(CONNECTED, Buffer.from('20ffffffffff', 'hex')).take().at(-1)!;
  assert.match(String(noMqtt[1]), /what it said is no packet: it begins with " ÿÿÿÿÿ"$/);
});

test('an open connection that the broker ends says why', () => {
  const steps = [{ send: { mqtt: { connect: { version: 5, clientId: 'a' } } } }, { expect: { mqtt: { connack: {} } } }];
  const subject = connected(steps, hex('20 03 00 00 00'));
  subject.take();
  subject.feed(hex('e0 02 8b 00'));
  assert.deepEqual(subject.take(), [['peer close', 'DISCONNECT 139, server shutting down']]);
  const broken = connected(steps, hex('20 03 00 00 00 00'));
  assert.equal(broken.take().at(-1)![0], 'protocol-error');
});

test('ws: packets span frames, and payload comes whole in whatever pieces', () => {
  holds(
    property(
      array(uint8Array({ maxLength: 40 }), { maxLength: 5 }),
      array(integer({ min: 1, max: 30 }), { minLength: 1 }),
      (payloads, cuts) => {
        const subject = openingSubject('ws', planOf({ steps: CONNECTED! }));
        subject.upgrade();
        const packets = payloads.map((payload) =>
          Buffer.concat([hex('30'), Buffer.of(3 + payload.length), hex('0001 61'), payload]),
        );
        const stream = Buffer.concat([CONNACK, SUBACK, ...packets]);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const piece = stream.subarray(at, at + cuts[i % cuts.length]!);
          subject.feed(serverFrame(piece, true, 2), cuts);
          at += piece.length;
        }
        const came = subject
          .take()
          .filter(([what]) => what === 'payload')
          .map(([, text]) => text);
        assert.deepEqual(
          came,
          payloads.map((payload) => Buffer.from(payload).toString()),
        );
      },
    ),
  );
});

test('a message that is longer than what is kept is passed on as it comes', () => {
  const subject = connected(CONNECTED, CONNACK, SUBACK);
  subject.take();
  const payload = 'x'.repeat(200_000);
  // 200,003 in seven bits each: 67, 26 and 12.
  subject.feed(Buffer.concat([hex('30 c3 9a 0c 0001 61'), Buffer.from(payload), hex('30 04 0001 61 79')]), [4096, 77]);
  assert.deepEqual(subject.take(), [
    ['payload', payload],
    ['payload', 'y'],
  ]);
});

test('whatever bytes come end in an outcome', () => {
  const head = integer({ min: 0x10, max: 0xff });
  const packet = tuple(head, uint8Array({ maxLength: 12 })).map(([type, body]) =>
    Buffer.concat([Buffer.of(type, body.length), body]),
  );
  const v5 = [{ send: { mqtt: { connect: { version: 5, clientId: 'a' } } } }, { expect: { mqtt: { connack: {} } } }];
  holds(
    property(
      array(oneof(packet, uint8Array({ maxLength: 9 }))),
      constantFrom(CONNECTED, v5),
      boolean(),
      (packets, steps, isOpen) => {
        const accepted = steps === v5 ? [hex('20 03 00 00 00')] : [CONNACK, SUBACK];
        const subject = connected(steps, ...(isOpen ? accepted : []));
        for (const bytes of packets) subject.feed(bytes);
        subject.protocol.cameSoFar(2);
        subject.protocol.onEnd(2);
        const ends = new Set(['opening-refused', 'peer close', 'protocol-error', 'too-large']);
        const ended = subject.take().filter(([what]) => ends.has(String(what)));
        assert.equal(ended.length, 1);
      },
    ),
    { numRuns: 1000 },
  );
});

test('packets as they are written: what is wrong is said', () => {
  const cases: Array<[Record<string, unknown>, 'send' | 'expect', RegExp]> = [
    [{ conect: {} }, 'send', /^mqtt: write one packet, such as connect: \{…\}; there is connect, connack/],
    [{ connect: {}, pingreq: {} }, 'send', /^mqtt: write one packet/],
    [{ connect: {} }, 'send', /^mqtt: connect\.clientId: /],
    [{ connect: { clientId: 'a', version: '3.1' } }, 'send', /^mqtt: connect\.version: write 3\.1\.1 or 5$/],
    [{ connect: { clientId: 'a', keepAlive: 5 } }, 'send', /^mqtt: connect: .*keepAlive/],
    [{ connack: {} }, 'send', /^mqtt: a client doesn't say connack; it says connect, subscribe, publish/],
    [{ publish: { payload: 'x' } }, 'send', /^mqtt: publish\.topic: write one$/],
  ];
  for (const [raw, use, problem] of cases) {
    const problems: string[] = [];
    const read = CODEC_FORMATS.mqtt.readPacket(raw, (text) => literalTemplate(Buffer.from(text)), problems, use);
    assert.equal(read, undefined);
    assert.equal(problems.length, 1, problems.join());
    assert.match(problems[0]!, problem);
  }
});

test('messages need a topic to go to', () => {
  const topics = (...names: string[]): OpeningWords['steps'] => [
    { send: { mqtt: { subscribe: { topics: names.map((topic) => ({ topic })) } } } },
  ];
  const has = (steps: OpeningWords['steps']): boolean => CODEC_FORMATS.mqtt.hasMessages(planOf({ steps: steps! }));
  assert.deepEqual([has(CONNECTED), has(topics('a', 'b/#')), has(topics('+/b')), has([])], [true, true, false, false]);
});
