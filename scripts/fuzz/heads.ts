import type { Dice } from './seeded-choice.ts';

/** What a server answers to one request, until it closes. */
export interface HeadAnswer {
  /** What was asked: a page, or an upgrade to WebSocket. */
  readonly asked: 'page' | 'upgrade';
  /** Where the accept value belongs, {@link ACCEPT} stands. */
  readonly bytes: Buffer;
  readonly mutated: boolean;
}

/** As long as an accept value, and no part of any answer otherwise. */
export const ACCEPT = '<the-accept-value-of-a-key>=';

const STATUSES = [
  '200 OK',
  '200',
  '204 No Content',
  '304 Not Modified',
  '302 Found',
  '400 Bad Request',
  '401 Unauthorized',
  '404 Not Found',
  '500 Internal Server Error',
  '503 Busy',
  '599 X',
] as const;
const INTERIM = ['100 Continue', '102 Processing', '103 Early Hints', '199 X'] as const;
const HEADERS = [
  'Server: x/1.0 (a; b)',
  'Date: Fri, 27 Nov 2026 00:00:00 GMT',
  'X-Empty:',
  'X-Spaces:  \t a  b \t ',
  'Set-Cookie: a=b; Path=/',
  'Set-Cookie: c="d"',
  'X-Latin: caf\u00e9',
  "x!#$%&'*+-.^_`|~: odd",
  'Keep-Alive: timeout=5',
  'Location: /elsewhere',
] as const;
const CONNECTIONS = ['close', 'keep-alive', 'Keep-Alive, Close', 'foo', 'upgrade', 'CLOSE'] as const;
const LINE_END = '\r\n';

/** An answer, mutated but for every tenth. */
export function answer(dice: Dice): HeadAnswer {
  const asked = dice.chance(0.3) ? 'upgrade' : 'page';
  const lines = asked === 'upgrade' && dice.chance(0.8) ? switching(dice) : page(dice);
  let bytes: Buffer = Buffer.from(lines.join(''), 'latin1');
  const isMutated = !dice.chance(0.1);
  if (isMutated) for (let times = 1 + dice.under(3); times > 0; times--) bytes = mutate(bytes, dice);
  return { asked, bytes, mutated: isMutated };
}

function switching(dice: Dice): string[] {
  const headers = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${ACCEPT}`];
  while (dice.chance(0.3)) headers.splice(dice.under(headers.length + 1), 0, dice.pick(HEADERS));
  return [...interim(dice), 'HTTP/1.1 101 Switching Protocols\r\n', ...headers.map((one) => `${one}\r\n`), LINE_END];
}

function page(dice: Dice): string[] {
  const body = 'x'.repeat(dice.pick([0, 1, 5, 40]));
  const isChunked = dice.chance(0.35);
  const length = dice.chance(0.8) ? [`Content-Length: ${body.length}`] : [];
  const headers: string[] = isChunked ? ['Transfer-Encoding: chunked'] : length;
  if (dice.chance(0.3)) headers.push(`Connection: ${dice.pick(CONNECTIONS)}`);
  while (dice.chance(0.5)) headers.splice(dice.under(headers.length + 1), 0, dice.pick(HEADERS));
  const version = dice.chance(0.15) ? '1.0' : '1.1';
  return [
    ...interim(dice),
    `HTTP/${version} ${dice.pick(STATUSES)}\r\n`,
    ...headers.map((one) => `${one}\r\n`),
    LINE_END,
    ...(isChunked ? chunks(body, dice) : [body]),
  ];
}

function interim(dice: Dice): string[] {
  const answers: string[] = [];
  while (dice.chance(0.15)) answers.push(`HTTP/1.1 ${dice.pick(INTERIM)}\r\n`, 'Link: </a>\r\n', LINE_END);
  return answers;
}

function chunks(body: string, dice: Dice): string[] {
  const said = dice.chance(0.5) ? body.length.toString(16) : body.length.toString(16).toUpperCase();
  const extension = dice.chance(0.2) ? dice.pick([';a', ';a=b', ';a="b;c"']) : '';
  const data = body === '' ? [] : [`${said}${extension}\r\n`, body, LINE_END];
  const trailers = dice.chance(0.2) ? ['X-Trailer: 1\r\n'] : [];
  return [...data, '0\r\n', ...trailers, LINE_END];
}

/** Pieces that mean something in a head. */
const WORDS = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '\0',
    '\u007f',
    '\u0080',
    '"',
    '0',
    '1',
    '9',
    'f',
    '-',
    '+',
    'HTTP/1.1 ',
  ],
  ...[
    'chunked',
    'gzip, ',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
    'Upgrade: x\r\n',
    ' folded',
  ],
] as const;

function mutate(bytes: Buffer, dice: Dice): Buffer {
  const text = bytes.toString('latin1');
  const at = dice.under(bytes.length + 1);
  const cut = (to: number, put: string): Buffer => Buffer.from(text.slice(0, at) + put + text.slice(to), 'latin1');
  switch (dice.under(9)) {
    case 0:
      return cut(at + 1, String.fromCharCode(dice.under(256)));
    case 1:
      return cut(at + 1, '');
    case 2:
      return cut(at, dice.pick(WORDS));
    case 3:
      return cut(at + 1 + dice.under(8), '');
    case 4:
      return cut(at + 1, dice.pick(WORDS));
    case 5:
      return withLine(text, dice, (lines, line) => lines.splice(line, 1));
    case 6:
      return withLine(text, dice, (lines, line) => lines.splice(line, 0, lines[line] ?? ''));
    case 7:
      return withLine(text, dice, (lines, line) => lines.splice(line, 0, dice.pick(ODD_HEADERS)));
    default:
      return dice.chance(0.2) ? Buffer.from(text.slice(0, at), 'latin1') : cut(at, text.slice(at, at + dice.under(20)));
  }
}

const ODD_HEADERS = [
  ...[
    'Content-Length: 5',
    'Content-Length: 05',
    'Content-Length: +5',
    'Content-Length: 5, 5',
    'Content-Length: 5, 6',
    'Content-Length:',
  ],
  ...[
    'Content-Length: 18446744073709551616',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: chunked, gzip',
    'Transfer-Encoding: Chunked',
  ],
  ...[
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: chunked',
    'Connection: close',
    'Connection: , close ,',
    'Bad Name: x',
    ': no name',
  ],
  ...[
    'X-Colon : x',
    'no colon',
    ' folded',
    'Upgrade: websocket',
    'Sec-WebSocket-Protocol: chat',
    'Sec-WebSocket-Extensions: permessage-deflate',
  ],
] as const;

function withLine(text: string, dice: Dice, change: (lines: string[], line: number) => void): Buffer {
  const lines = text.split(LINE_END);
  change(lines, dice.under(lines.length));
  return Buffer.from(lines.join(LINE_END), 'latin1');
}
