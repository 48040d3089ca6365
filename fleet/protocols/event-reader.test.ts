import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MOST_ID_BYTES } from './event-ids.ts';
import { createEventReader } from './event-reader.ts';

const SLOT = 1;

interface Heard {
  /** Data of each event that was whole. */
  readonly events: string[];
  /** Last event ids, as they were said. */
  readonly ids: string[];
  readonly retries: number[];
}

/** What a reader hears of pieces of a stream. */
function hear(pieces: readonly Uint8Array[]): Heard {
  const heard: Heard = { events: [], ids: [], retries: [] };
  let data: Uint8Array[] = [];
  const reader = createEventReader(2, {
    onData: (_, bytes) => data.push(Uint8Array.from(bytes)),
    onEvent: () => {
      heard.events.push(Buffer.concat(data).toString('latin1'));
      data = [];
    },
    onId: (_, id) => heard.ids.push(Buffer.from(id).toString('latin1')),
    onRetry: (_, afterMs) => heard.retries.push(afterMs),
  });
  reader.start(SLOT);
  for (const piece of pieces) reader.read(SLOT, piece);
  return heard;
}

const hearText = (text: string): Heard => hear([Buffer.from(text, 'latin1')]);

/** The algorithm of the HTML standard (section 9.2.6), line by line, over a stream that is there as a whole. */
function expect(text: string): Heard {
  const heard: Heard = { events: [], ids: [], retries: [] };
  let [data, id] = ['', undefined as string | undefined];
  const lines = text.replace(/^\xef\xbb\xbf/, '').split(/\r\n|\r|\n/);
  // What has no end is no line.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (id !== undefined) heard.ids.push(id);
      if (data !== '') heard.events.push(data.slice(0, -1));
      [data, id] = ['', undefined];
      continue;
    }
    const [, field = line, value = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    if (field === 'data') data += `${value}\n`;
    if (field === 'id' && !value.includes('\0')) {
      id = value.length <= MOST_ID_BYTES && !/[^\x20-\x7e\x80-\xff]/.test(value) ? value : '';
    }
    if (field === 'retry' && /^\d+$/.test(value) && value.length <= MOST_ID_BYTES) heard.retries.push(Number(value));
  }
  return heard;
}

test('the examples of the standard: comments, data of several lines, ids that are reset, fields without a value', () => {
  const stock = 'data: YHOO\ndata: +2\ndata: 10\n\n';
  assert.deepEqual(hearText(stock).events, ['YHOO\n+2\n10']);
  const blocks = ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n';
  assert.deepEqual(hearText(blocks), {
    events: ['first event', 'second event', ' third event'],
    ids: ['1', ''],
    retries: [],
  });
  assert.deepEqual(hearText('data\n\ndata\ndata\n\ndata:').events, ['', '\n']);
  assert.deepEqual(hearText('data:test\n\ndata: test\n\n').events, ['test', 'test']);
});

const cases: ReadonlyArray<[what: string, stream: string, heard: Partial<Heard>]> = [
  ['a byte order mark, once', '\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n', { events: ['a'] }],
  ['half a mark', '\xef\xbbdata: a\n\ndata: b\n\n', { events: ['b'] }],
  ['CR alone', 'data: a\rdata: b\r\r', { events: ['a\nb'] }],
  ['CR LF', 'data: a\r\n\r\nid: 7\r\n\r\n', { events: ['a'], ids: ['7'] }],
  ['an id without data', 'id: 7\n\n', { events: [], ids: ['7'] }],
  ['an id with NUL', 'id: a\n\nid: b\0c\n\n', { ids: ['a'] }],
  ['an id that is as long as may be', `id: ${'x'.repeat(47)}\n\n`, { ids: ['x'.repeat(47)] }],
  ['an id that is too long', `id: ${'x'.repeat(48)}\n\n`, { ids: [''] }],
  ['an id that no header can carry', 'id: a\tb\n\n', { ids: [''] }],
  ['of two ids the last', 'id: a\nid: b\ndata: c\n\n', { events: ['c'], ids: ['b'] }],
  ['an event that is cut', 'id: a\ndata: b\n', { events: [], ids: [] }],
  ['retry', 'retry: 1000\nretry: 1s\nretry: -1\nretry:\nretry\n\nretry:5\n', { events: [], retries: [1000, 5] }],
  ['the type of an event, and what nobody knows', 'event: x\ndatum: y\ndat: z\nDATA: v\n data: w\n\n', { events: [] }],
  ['the type beside data', 'event: x\ndata: y\n\n', { events: ['y'] }],
];
for (const [what, stream, heard] of cases) {
  test(`${what} is read as the standard has it`, () => {
    assert.deepEqual({ ...hearText(stream), ...heard }, hearText(stream));
    assert.deepEqual(hearText(stream), expect(stream));
  });
}

/** Streams that are rich in what matters: names, ends of lines, colons, digits, marks. */
const streams = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'data',
        'id',
        'retry',
        'event',
        ':',
        ': ',
        ' ',
        '\n',
        '\r',
        '\r\n',
        '\n\n',
        '\0',
        '\xef\xbb\xbf',
        '7',
      ),
      fc.constantFrom('data: x\n', 'data:y\r\n', 'id: 42\n', 'retry: 30\n', ': note\n', `id: ${'i'.repeat(50)}\n`),
      fc.string({ maxLength: 4 }).map((text) => Buffer.from(text).toString('latin1')),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

test('any stream is read as by the algorithm of the standard', () => {
  fc.assert(
    fc.property(streams, (stream) => assert.deepEqual(hearText(stream), expect(stream))),
    { numRuns: 2000 },
  );
});

test('however a stream comes in pieces, what is heard is the same', () => {
  fc.assert(
    fc.property(streams, fc.array(fc.nat(60)), (stream, cuts) => {
      const bytes = Buffer.from(stream, 'latin1');
      const places = [...new Set(cuts)].filter((at) => at < bytes.length).sort((a, b) => a - b);
      const pieces = [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
      assert.deepEqual(hear(pieces), hear([bytes]));
      assert.deepEqual(hear([...bytes].map((byte) => Uint8Array.of(byte))), hear([bytes]));
    }),
    { numRuns: 2000 },
  );
});
