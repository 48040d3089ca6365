import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  BeforeFormat,
  MessageFormat,
  OpeningFormat,
  PatternFormat,
  PieceFormat,
  RuleFormat,
  StepFormat,
} from '../../core/opening/format.ts';
import type {
  BeforePlan,
  CodecName,
  FieldPlan,
  MessagePlan,
  OpeningPlan,
  PacketPlan,
  PatternPlan,
  RulePlan,
  StepPlan,
  TakePlan,
} from '../../core/opening/plan.ts';
import {
  breaksHeader,
  type HoleNames,
  type Inside,
  joinTemplates,
  literalTemplate,
  parseTemplate,
  type Template,
} from '../../core/opening/template.ts';
import { parseQuantity } from '../../core/values/units.ts';
import type { PacketUse } from '../../fleet/opening/codecs/codec.ts';
import { CODEC_FORMATS } from '../../fleet/opening/codecs/formats.ts';
import { problemOfHeader } from './header-line.ts';

/** What texts of an opening may refer to. */
export interface TextSources extends Omit<HoleNames, 'taken'> {
  /** Files are looked for beside this one; undefined: in the working folder. */
  readonly from: string | undefined;
}

const MOST_FILE_BYTES = 1_048_576;
const SAID_CHARS = 60;

/**
 * An opening as it is carried out.
 *
 * @param problems gets a sentence for each thing that can't be
 */
export function planOpening(format: OpeningFormat, around: TextSources, problems: string[]): OpeningPlan {
  return new Planner(around, format.codec, problems).plan(format);
}

class Planner {
  readonly #around: TextSources;
  readonly #codec: CodecName | undefined;
  readonly #problems: string[];
  /** Names that were taken so far. */
  readonly #taken: string[] = [];
  #where = '';

  constructor(around: TextSources, codec: CodecName | undefined, problems: string[]) {
    this.#around = around;
    this.#codec = codec;
    this.#problems = problems;
  }

  plan({ before = [], messages, codec, module, steps = [], rules = [] }: OpeningFormat): OpeningPlan {
    return {
      before: before.map((one, i) => this.#at(`before ${i + 1}`, () => this.#before(one))),
      messageEnd: messages === undefined ? undefined : Buffer.from(messages === 'lines' ? '\n' : messages.end),
      codec,
      module: module === undefined ? undefined : pathToFileURL(this.#besides(module)).href,
      steps: steps.map((one, i) => this.#at(`step ${i + 1}`, () => this.#step(one))),
      rules: rules.map((one, i) =>
        this.#at(`rule ${i + 1}`, () => {
          // A rule goes on when what the opening took is forgotten.
          this.#taken.length = 0;
          return this.#rule(one);
        }),
      ),
    };
  }

  #at<T>(where: string, act: () => T): T {
    this.#where = where;
    return act();
  }

  #problem(sentence: string): void {
    this.#problems.push(`${this.#where}: ${sentence}`);
  }

  #text(text: string, inside: Inside = 'text'): Template {
    const found: string[] = [];
    const template = parseTemplate(text, { ...this.#around, taken: this.#taken }, found, inside);
    for (const sentence of found) this.#problem(sentence);
    return template;
  }

  #before({ request, headers = {}, body = '', take = {} }: BeforeFormat): BeforePlan {
    const [method = '', path = ''] = request.split(' ');
    if (breaksHeader(request)) this.#problem('request has a control character in it');
    const isJson = typeof body !== 'string';
    const type = isJson ? 'Content-Type: application/json\r\n' : '';
    return {
      head: joinTemplates(
        literalTemplate(Buffer.from(`${method} `)),
        this.#text(path, 'url'),
        literalTemplate(Buffer.from(` HTTP/1.1\r\n${type}`)),
        ...Object.entries(headers).map(([name, value]) => this.#headerLine(name, value)),
      ),
      body: isJson ? this.#text(JSON.stringify(body.json), 'json') : this.#text(body),
      take: this.#take(take),
      said: request,
    };
  }

  #headerLine(name: string, value: string): Template {
    const wrong = problemOfHeader(name, value);
    if (wrong !== undefined) this.#problem(wrong);
    return this.#text(`${name}: ${value}\r\n`, 'header');
  }

  #take(take: Readonly<Record<string, string>>): TakePlan {
    return Object.entries(take).map(([name, path]) => {
      this.#taken.push(name);
      return { name, path: path.split('.') };
    });
  }

  #step(step: StepFormat): StepPlan {
    if ('send' in step) return { kind: 'send', message: this.#message(step.send) };
    if ('wait' in step) return { kind: 'wait', ms: parseQuantity('duration', step.wait)! };
    const { expect, within, skip = false, take = {} } = step;
    return {
      kind: 'expect',
      pattern: this.#pattern(expect),
      withinMs: within === undefined ? undefined : parseQuantity('duration', within),
      skips: skip,
      take: this.#take(take),
      said: saidOf(expect),
    };
  }

  #rule(rule: RuleFormat): RulePlan {
    if ('on' in rule) {
      return {
        kind: 'on',
        pattern: this.#pattern(rule.on),
        send: rule.send === undefined ? undefined : this.#message(rule.send),
      };
    }
    const send = this.#message(rule.send);
    const everyMs = parseQuantity('duration', rule.every)!;
    if (everyMs < LEAST_EVERY_MS) this.#problem(`every ${rule.every} is too often; at least ${LEAST_EVERY_MS} ms`);
    return { kind: 'every', everyMs, send };
  }

  #message(message: MessageFormat): MessagePlan {
    if (typeof message === 'string') return { bytes: this.#text(message), isText: true };
    if (Array.isArray(message))
      return { bytes: joinTemplates(...message.map((piece) => this.#piece(piece))), isText: true };
    if ('text' in message) return { bytes: this.#text(message.text), isText: true };
    if ('json' in message) return { bytes: this.#text(JSON.stringify(message.json), 'json'), isText: true };
    if ('hex' in message) return { bytes: literalTemplate(this.#hex(message.hex)), isText: false };
    if ('file' in message) return { bytes: literalTemplate(this.#file(message.file)), isText: false };
    return { packet: this.#packet(message, 'send') };
  }

  #piece(piece: PieceFormat): Template {
    if (typeof piece === 'string') return this.#text(piece);
    return 'text' in piece ? this.#text(piece.text) : this.#text(JSON.stringify(piece.json), 'json');
  }

  #pattern(pattern: PatternFormat): PatternPlan {
    if (typeof pattern === 'string') return { kind: 'text', text: this.#text(pattern) };
    if ('text' in pattern) return { kind: 'text', text: this.#text(pattern.text) };
    if ('prefix' in pattern) return { kind: 'prefix', text: this.#text(pattern.prefix) };
    if ('contains' in pattern) return { kind: 'contains', text: this.#text(pattern.contains) };
    if ('hex' in pattern) return { kind: 'text', text: literalTemplate(this.#hex(pattern.hex)) };
    if ('json' in pattern) return { kind: 'json', fields: this.#fields(pattern.json, []) };
    return { kind: 'packet', packet: this.#packet(pattern, 'expect') };
  }

  #fields(value: unknown, path: readonly string[]): FieldPlan[] {
    if (typeof value === 'string') return [{ path, equals: this.#text(value) }];
    if (typeof value !== 'object' || value === null) return [{ path, equals: value as number | boolean | null }];
    return Object.entries(value).flatMap(([name, member]) => this.#fields(member, [...path, name]));
  }

  #packet(written: { readonly mqtt: Readonly<Record<string, unknown>> }, use: PacketUse): PacketPlan {
    const [[name, raw]] = Object.entries(written) as [[CodecName, Readonly<Record<string, unknown>>]];
    if (name !== this.#codec) {
      this.#problem(`${name} has packets; write codec: ${name} beside the steps`);
      return {};
    }
    const found: string[] = [];
    const packet = CODEC_FORMATS[name].readPacket(raw, (text) => this.#text(text), found, use);
    for (const sentence of found) this.#problem(sentence);
    return packet ?? {};
  }

  #hex(digits: string): Uint8Array {
    const plain = digits.replace(/[\s:]|0x/g, '');
    if (!/^(?:[0-9a-f]{2})+$/i.test(plain)) this.#problem(`${JSON.stringify(digits)} is not bytes such as "00 ff 1a"`);
    return Buffer.from(plain, 'hex');
  }

  #file(name: string): Uint8Array {
    const path = this.#besides(name);
    try {
      const bytes = readFileSync(path);
      if (bytes.length <= MOST_FILE_BYTES) return bytes;
      this.#problem(`${name} has ${bytes.length} bytes; at most ${MOST_FILE_BYTES}`);
    } catch (error) {
      this.#problem(`${name} can't be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    }
    return new Uint8Array(0);
  }

  #besides(name: string): string {
    const { from } = this.#around;
    return from === undefined ? resolve(name) : resolve(dirname(from), name);
  }
}

/** A faster rule is a load of its own kind: that is what behaviours are for. */
const LEAST_EVERY_MS = 100;

const saidOf = (pattern: PatternFormat): string => {
  const text = typeof pattern === 'string' ? pattern : JSON.stringify('json' in pattern ? pattern.json : pattern);
  return text.length > SAID_CHARS ? `${text.slice(0, SAID_CHARS)}…` : text;
};
