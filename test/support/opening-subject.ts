import assert from 'node:assert/strict';
import type {
  CodecName,
  MessagePlan,
  OpeningPlan,
  PacketPlan,
  PatternPlan,
  RulePlan,
  StepPlan,
} from '../../core/opening/plan.ts';
import {
  type Inside,
  joinTemplates,
  literalTemplate,
  parseTemplate,
  type Template,
} from '../../core/opening/template.ts';
import type { PacketUse } from '../../fleet/opening/codecs/codec.ts';
import { CODEC_FORMATS } from '../../fleet/opening/codecs/formats.ts';
import { Identities } from '../../fleet/opening/identities.ts';
import { Numbers } from '../../fleet/opening/numbers.ts';
import { withOpening } from '../../fleet/opening/opened-protocol.ts';
import type { OwnModule } from '../../fleet/opening/own/own-module.ts';
import { RowsWriter } from '../../fleet/opening/rows.ts';
import { createProtocol } from '../../fleet/protocols/index.ts';
import type { MessageProtocol, ProtocolEvents } from '../../fleet/protocols/protocol.ts';
import { answerTo } from './ws-subject.ts';

/** Openings as tests write them: like the format, as far as tests need it. */
type Packet = { readonly mqtt: Readonly<Record<string, unknown>> };
type Message = string | { readonly hex: string } | Packet;
type Pattern =
  | string
  | { prefix: string }
  | { contains: string }
  | { hex: string }
  | { json: Readonly<Record<string, unknown>> }
  | Packet;
export interface OpeningWords {
  readonly before?: readonly {
    readonly request: string;
    readonly said: string;
    readonly take?: Readonly<Record<string, string>>;
  }[];
  readonly end?: string;
  readonly steps?: ReadonlyArray<
    | { readonly send: Message }
    | {
        readonly expect: Pattern;
        readonly within?: number;
        readonly skip?: boolean;
        readonly take?: Readonly<Record<string, string>>;
      }
    | { readonly wait: number }
  >;
  readonly rules?: ReadonlyArray<
    { readonly on: Pattern; readonly send: Message } | { readonly every: number; readonly send: Message }
  >;
}

const COLUMNS = ['name', 'token'];
const TOTAL = 64;

export function planOf({ before = [], end, steps = [], rules = [] }: OpeningWords): OpeningPlan {
  const taken: string[] = [];
  let codec: CodecName | undefined;
  const template = (text: string, inside: Inside = 'text'): Template => {
    const problems: string[] = [];
    const names = { columns: COLUMNS, taken, env: {}, onSecret: () => {} };
    const parsed = parseTemplate(text, names, problems, inside);
    assert.deepEqual(problems, []);
    return parsed;
  };
  const message = (what: Message): MessagePlan =>
    typeof what === 'string'
      ? { bytes: template(what), isText: true }
      : 'mqtt' in what
        ? { packet: packet(what, 'send') }
        : { bytes: literalTemplate(Buffer.from(what.hex, 'hex')), isText: false };
  const packet = ({ mqtt }: Packet, use: PacketUse): PacketPlan => {
    codec = 'mqtt';
    const problems: string[] = [];
    const read = CODEC_FORMATS.mqtt.readPacket(mqtt, (text) => template(text), problems, use);
    assert.deepEqual(problems, []);
    return read!;
  };
  const pattern = (what: Pattern): PatternPlan => {
    if (typeof what === 'string') return { kind: 'text', text: template(what) };
    if ('prefix' in what) return { kind: 'prefix', text: template(what.prefix) };
    if ('contains' in what) return { kind: 'contains', text: template(what.contains) };
    if ('mqtt' in what) return { kind: 'packet', packet: packet(what, 'expect') };
    if ('hex' in what) return { kind: 'text', text: literalTemplate(Buffer.from(what.hex, 'hex')) };
    return { kind: 'json', fields: fieldsOf(what.json, []) };
  };
  function fieldsOf(value: unknown, path: readonly string[]): Extract<PatternPlan, { kind: 'json' }>['fields'] {
    if (typeof value === 'object' && value !== null) {
      return Object.entries(value).flatMap(([name, inner]) => fieldsOf(inner, [...path, name]));
    }
    return [{ path, equals: typeof value === 'string' ? template(value) : (value as number | boolean | null) }];
  }
  const takeOf = (take: Readonly<Record<string, string>> = {}): Array<{ name: string; path: string[] }> => {
    taken.push(...Object.keys(take));
    return Object.entries(take).map(([name, path]) => ({ name, path: path.split('.') }));
  };
  const plan: OpeningPlan = {
    before: before.map(({ request, said, take }) => {
      const [head = '', body = ''] = request.split('\r\n\r\n');
      const [line = '', ...lines] = head.split('\r\n');
      const headers = lines.map((one) => template(`${one}\r\n`, 'header'));
      return {
        head: joinTemplates(template(`${line}\r\n`), ...headers),
        body: template(body),
        said,
        take: takeOf(take),
      };
    }),
    messageEnd: end === undefined ? undefined : Buffer.from(end),
    codec: undefined,
    module: undefined,
    steps: steps.map((step): StepPlan => {
      if ('send' in step) return { kind: 'send', message: message(step.send) };
      if ('wait' in step) return { kind: 'wait', ms: step.wait };
      const { expect, within, skip = false, take } = step;
      const said = JSON.stringify(typeof expect === 'object' && 'json' in expect ? expect.json : expect);
      return { kind: 'expect', pattern: pattern(expect), withinMs: within, skips: skip, take: takeOf(take), said };
    }),
    rules: rules.map((rule): RulePlan => {
      if ('on' in rule) return { kind: 'on', pattern: pattern(rule.on), send: message(rule.send) };
      return { kind: 'every', everyMs: rule.every, send: message(rule.send) };
    }),
  };
  return { ...plan, codec };
}

export type OpeningFinding = readonly [what: string, ...details: unknown[]];

const SLOT = 2;
const SLOTS = 8;

/** A protocol with an opening and no engine: slot 2 has said hello, as connection 1, whose row is name-1, t-1. */
export interface OpeningSubject {
  readonly protocol: MessageProtocol;
  /** What was found since it was asked last; payload pieces that follow each other are joined. */
  take(): OpeningFinding[];
  /** Answers the upgrade of ws. */
  upgrade(): void;
  /** The server says a message, or bytes of a stream. */
  hear(text: string | Uint8Array): void;
  /** Bytes as the engine hands them on, in pieces of these sizes, in turn; through a buffer that is overwritten. */
  feed(bytes: Uint8Array, pieces?: readonly number[]): void;
  /** Time passes. @returns ms until something is due */
  pass(ms: number): number;
  open(slot: number): void;
}

/** @param headers header lines of the upgrade */
export function openingSubject(
  name: 'tcp' | 'ws',
  plan: OpeningPlan,
  own?: OwnModule,
  headers?: Template,
): OpeningSubject {
  const writer = new RowsWriter(COLUMNS, 100);
  for (let i = 1; i <= 9; i++) writer.add([`name-${i}`, `t-${i}`]);
  const identities = new Identities(SLOTS, {
    numbers: Numbers.allocate(TOTAL),
    total: TOTAL,
    rows: writer.finish(),
    order: 'cycle',
    seed: 1,
    first: 0,
    step: 1,
    secrets: [],
  });
  let found: OpeningFinding[] = [];
  let nowMs = 1000;
  let lastRequest = Buffer.alloc(0);
  const say = (bytes: Uint8Array): void => {
    const text = Buffer.from(bytes).toString('latin1');
    if (/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(text)) {
      lastRequest = Buffer.from(bytes);
      found.push(['request', text.slice(0, text.indexOf(' HTTP'))]);
    } else if (name === 'tcp') {
      found.push(['said', Buffer.from(bytes).toString(plan.codec === undefined ? 'utf8' : 'hex')]);
    } else {
      found.push(['said', OPCODES[bytes[0]! & 0x0f], unmask(bytes)]);
    }
  };
  const events: ProtocolEvents = {
    onOpen: (_, isDeclined) => found.push(isDeclined ? ['open', 'declined'] : ['open']),
    onHandshakeFailure: (slot, outcome, detail) => found.push([outcome, identities.hide(slot, detail)]),
    onPayload(_, bytes, last) {
      const text = Buffer.from(bytes).toString();
      const before = found.at(-1);
      if (before?.[0] === 'payload…') found[found.length - 1] = [last ? 'payload' : 'payload…', `${before[1]}${text}`];
      else found.push([last ? 'payload' : 'payload…', text]);
    },
    onAnswer: () => assert.fail('no answers'),
    onReply: (_, bytes) => say(bytes),
    onPeerClose: (_, detail) => found.push(['peer close', detail]),
    onProtocolError: (_, detail, reason) => found.push([reason ?? 'protocol-error', detail]),
  };
  const protocol = withOpening(
    plan,
    (inner) =>
      createProtocol({ name, path: '/', hostHeader: 'h', words: headers && { headers } }, SLOTS, inner, (slot, text) =>
        identities.fill(slot, text),
      ) as MessageProtocol,
    { slots: SLOTS, identities, hostHeader: 'h', headers, own, now: () => nowMs, events },
  );
  const open = (slot: number): void => {
    identities.assign(slot, identities.takeNumber());
    const hello = protocol.hello(slot);
    if (hello) say(hello);
  };
  open(SLOT);
  const buffer = Buffer.alloc(200_000);
  const feed = (bytes: Uint8Array, pieces: readonly number[] = []): void => {
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const length = Math.min(bytes.length - at, pieces[i % pieces.length] ?? bytes.length);
      buffer.set(bytes.subarray(at, at + length));
      protocol.onBytes(SLOT, buffer.subarray(0, length));
      buffer.fill(0xee, 0, length);
      at += length;
    }
  };
  return {
    protocol,
    take() {
      const all = found;
      found = [];
      return all;
    },
    upgrade() {
      feed(answerTo(lastRequest));
      found = found.filter(([what]) => what !== 'request');
    },
    hear: (text) => feed(name === 'ws' ? serverFrame(Buffer.from(text)) : Buffer.from(text)),
    feed,
    pass(ms) {
      nowMs += ms;
      return protocol.step!(nowMs);
    },
    open,
  };
}

/** A text message as a server of ws sends it; binary unless it is text. */
export function serverFrame(payload: Uint8Array, isLast = true, opcode = 1): Buffer {
  const head = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Uint8Array.of((isLast ? 0x80 : 0) | opcode, ...head), payload]);
}

const OPCODES: Readonly<Record<number, string>> = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' };

function unmask(frame: Uint8Array): string {
  const maskAt = (frame[1]! & 0x7f) === 126 ? 4 : 2;
  const payload = Buffer.from(frame.subarray(maskAt + 4).map((byte, i) => byte ^ frame[maskAt + (i % 4)]!));
  return (frame[0]! & 0x0f) === 8 || (frame[0]! & 0x0f) === 2 ? payload.toString('hex') : payload.toString();
}
