import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { encodeClose, encodeFrame, OPCODE } from '../protocols/ws-frame-writer.ts';
import { Dialogue } from './dialogue.ts';
import type { Said } from './said.ts';

/** In short: what kind, and the words. */
const short = (said: Said): string =>
  said.kind === 'head'
    ? `head ${said.lines.join('|')}`
    : said.kind === 'close'
      ? `close ${said.code} ${said.bytes}`
      : `${said.kind} ${said.bytes}`;

const UPGRADE = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';

/** A frame as a server sends it. */
const plainFrame = (first: number, payload: Uint8Array | string): Buffer =>
  Buffer.concat([Buffer.of(first, payload.length), Buffer.from(payload)]);

test('requests, their answers and what behind an upgrade is said in frames', () => {
  const dialogue = new Dialogue('ws');
  const negotiate = 'POST /n HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}';
  assert.deepEqual(dialogue.sent(Buffer.from(negotiate)).map(short), [
    'head POST /n HTTP/1.1|Content-Length: 2',
    'body {}',
  ]);
  const answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n';
  assert.deepEqual(dialogue.received(Buffer.from(answer)).map(short), [
    'head HTTP/1.1 200 OK|Transfer-Encoding: chunked',
    'body abc',
    'body de',
  ]);
  assert.deepEqual(dialogue.sent(Buffer.from(UPGRADE)).map(short), ['head GET /a HTTP/1.1|Host: x']);
  const first = Buffer.concat([Buffer.from(SWITCHED), plainFrame(0x81, 'welcome')]);
  assert.deepEqual(dialogue.received(first).map(short), [
    'head HTTP/1.1 101 Switching Protocols|Upgrade: websocket',
    'text welcome',
  ]);
  const ours = Buffer.concat([
    encodeFrame(OPCODE.text, Buffer.from('hi')),
    encodeFrame(OPCODE.binary, Buffer.from([0, 255])),
    encodeFrame(OPCODE.pong, Buffer.from('p')),
    encodeClose(1000),
  ]);
  assert.deepEqual(dialogue.sent(ours).map(short), [
    'text hi',
    `binary ${Buffer.from([0, 255])}`,
    'pong p',
    'close 1000 ',
  ]);
});

test('fragments are one message, a ping between them is told first, and large frames are read', () => {
  const dialogue = upgraded();
  const large = Buffer.alloc(70_000, 'x');
  const long = Buffer.concat([Buffer.of(0x82, 127), Buffer.alloc(8), large]);
  long.writeBigUInt64BE(70_000n, 2);
  const theirs = Buffer.concat([plainFrame(0x01, 'a'), plainFrame(0x89, '?'), plainFrame(0x80, 'b'), long]);
  const said = dialogue.received(theirs);
  assert.deepEqual(said.slice(0, 2).map(short), ['ping ?', 'text ab']);
  assert.deepEqual(
    said.slice(2).map(({ kind }) => kind),
    ['binary'],
  );
  const reason = plainFrame(0x88, Buffer.concat([Buffer.of(0x11, 0x31), Buffer.from('no')]));
  assert.deepEqual(dialogue.received(reason).map(short), ['close 4401 no']);
});

test('compressed messages are inflated, also where one refers to what was said before', () => {
  const dialogue = upgraded();
  const words = 'the same words over and over';
  const compress = (dictionary?: Buffer): Buffer =>
    deflateRawSync(words, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(dictionary && { dictionary }),
    }).subarray(0, -4);
  for (const payload of [compress(), compress(Buffer.from(words))]) {
    assert.deepEqual(dialogue.received(plainFrame(0xc1, payload)).map(short), [`text ${words}`]);
  }
});

test('wherever it is cut by the network, the same was said', () => {
  const all = Buffer.concat([
    Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'),
    Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz'),
    Buffer.from(SWITCHED),
    plainFrame(0x81, 'welcome'),
    plainFrame(0x89, ''),
  ]);
  const whole = new Dialogue('ws').received(all).map(short);
  assert.equal(whole.length, 7);
  for (let at = 0; at <= all.length; at++) {
    const dialogue = new Dialogue('ws');
    const said = [...dialogue.received(all.subarray(0, at)), ...dialogue.received(all.subarray(at))];
    assert.deepEqual(said.map(short), whole, `cut at ${at}`);
  }
});

test('what is no HTTP is told as bytes, and what is not whole when the end comes', () => {
  const stranger = new Dialogue('http');
  assert.deepEqual(stranger.received(Buffer.from('-ERR what\r\n')).map(short), ['bytes -ERR what\r\n']);
  assert.deepEqual(stranger.received(Buffer.from('more')).map(short), ['bytes more']);
  const half = new Dialogue('http');
  assert.deepEqual(half.received(Buffer.from('HTTP/1.1 200 OK\r\nA: b')), []);
  assert.deepEqual(half.end().theirs.map(short), ['bytes HTTP/1.1 200 OK\r\nA: b']);
  const frames = upgraded();
  assert.deepEqual(frames.received(Buffer.from([0x81, 5, 0x61])), []);
  assert.deepEqual(
    frames.end().theirs.map(({ kind }) => kind),
    ['bytes'],
  );
});

test('a stream of tcp is told as it comes', () => {
  const dialogue = new Dialogue('tcp');
  assert.deepEqual(dialogue.sent(Buffer.from('PING\r\n')).map(short), ['bytes PING\r\n']);
  assert.deepEqual(dialogue.received(Buffer.from('+PONG')).map(short), ['bytes +PONG']);
});

function upgraded(): Dialogue {
  const dialogue = new Dialogue('ws');
  dialogue.sent(Buffer.from(UPGRADE));
  dialogue.received(Buffer.from(SWITCHED));
  return dialogue;
}
