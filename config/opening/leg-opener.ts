import { isUtf8 } from 'node:buffer';
import { throughoutOf } from '../../core/behaviours/behaviours.ts';
import type { OpeningFormat } from '../../core/opening/format.ts';
import type { MessagePlan, OpeningPlan, StepPlan } from '../../core/opening/plan.ts';
import {
  bytesOfLiteral,
  type Hole,
  type Inside,
  joinTemplates,
  latin1Bytes,
  literalTemplate,
  madeFit,
  parseTemplate,
  type Template,
} from '../../core/opening/template.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import type { TargetUrl } from '../../core/values/urls.ts';
import type { RequestWords } from '../../fleet/protocols/request-words.ts';
import type { Preamble } from '../preamble.ts';
import type { Variables } from '../read-options.ts';
import type { HeaderLine } from '../run/opening-options.ts';
import type { RunConfig } from '../run-config-shape.ts';
import { HARMLESS_HEADERS, isToken, problemOfHeader } from './header-line.ts';
import { originOf, pathAlone, requestTarget, URL_ORIGIN, URL_PATH } from './opening-path.ts';
import type { LegOpening, OpeningSources } from './opening-shapes.ts';
import { planOpening, type TextSources } from './steps.ts';

/** Shorter values are words of other sentences as well. */
const LEAST_SECRET_CHARS = 6;
/** Ends the target of a request. */
const SPACE = /[\s\p{Cc}]/u;

const NOTHING: LegOpening = {
  words: undefined,
  hostHeader: undefined,
  subprotocols: [],
  plan: undefined,
  identity: undefined,
  secrets: [],
  recorded: null,
};

/** Puts together what the connections of a leg say. */
export class LegOpener {
  readonly #config: RunConfig;
  readonly #sources: OpeningSources;
  readonly #problems: string[];
  readonly #secrets = new Set<string>();
  readonly #usedColumns: Set<number>;
  readonly #around: TextSources;
  #hasHoles = false;
  /** What requests before the upgrade take of their answers. */
  #taken: readonly string[] = [];

  /** @param usedColumns gets the columns that a text has a hole for */
  constructor(
    config: RunConfig,
    sources: OpeningSources,
    env: Variables,
    { problems, usedColumns }: { readonly problems: string[]; readonly usedColumns: Set<number> },
  ) {
    this.#config = config;
    this.#sources = sources;
    this.#problems = problems;
    this.#usedColumns = usedColumns;
    this.#around = {
      columns: sources.data?.rows.columns ?? [],
      // Over a fleet each worker has values of its own, and none is in a job.
      env: config.fleet === undefined ? env : 'elsewhere',
      onSecret: (value) => this.#secrets.add(value),
      onHole: (hole) => this.#note(hole),
      from: sources.own?.from,
    };
  }

  /** @param url undefined for a target of ours */
  open(leg: Leg, url: TargetUrl | undefined): LegOpening {
    const { protocol } = leg;
    const path = url?.path;
    const { hasPath, exchange } = DESCRIPTORS[protocol];
    const format = this.#format(url);
    // Others begin with no request, whose answer could be taken of.
    this.#taken = (protocol === 'ws' ? (format.before ?? []) : []).flatMap(({ take = {} }) => Object.keys(take));
    const words = hasPath ? this.#words(leg, format, path) : undefined;
    const plan = exchange === 'messages' ? this.#plan(protocol, format) : undefined;
    const isApart = plan !== undefined || this.#hasHoles;
    if (!words && !plan) return NOTHING;
    const { data, dialect } = this.#sources;
    const subprotocols = protocol === 'ws' ? (this.#config.subprotocols ?? this.#subprotocols(format)) : [];
    const { dataOrder } = this.#config;
    return {
      words: words?.words,
      hostHeader: words?.hostHeader,
      subprotocols,
      plan,
      identity: isApart ? { rows: data?.rows, order: dataOrder, secrets: [...this.#secrets] } : undefined,
      secrets: [...this.#secrets],
      recorded: {
        dialect: dialect?.dialect.name ?? null,
        headers: words?.names ?? [],
        subprotocols: [...subprotocols],
        steps: plan?.steps.length ?? 0,
        rules: plan?.rules.length ?? 0,
        module: plan?.module !== undefined,
        rows: data?.rows.count ?? null,
        order: data ? dataOrder : null,
      },
    };
  }

  #noteSecret(value: string): void {
    if (value.length >= LEAST_SECRET_CHARS && !value.includes('{')) this.#secrets.add(value);
  }

  #note(hole: Hole): void {
    if (hole.kind === 'env') return;
    this.#hasHoles = true;
    if (hole.kind === 'column') this.#usedColumns.add(hole.column);
  }

  /** The dialect's, and what the user adds; `{path}` and `{origin}` are those of the URL. */
  #format(url: TargetUrl | undefined): OpeningFormat {
    const { dialect, own } = this.#sources;
    const [of, more] = [dialect?.format ?? {}, own?.format ?? {}];
    const rules = [...(more.rules ?? []), ...(of.rules ?? [])];
    const all: OpeningFormat = { ...of, ...more, headers: { ...of.headers, ...more.headers }, rules };
    const plain = pathAlone(url?.path ?? '/').replace(/\/$/, '');
    const put = JSON.stringify(all)
      .replaceAll(URL_PATH, madeFit(plain, 'json'))
      .replaceAll(URL_ORIGIN, madeFit(originOf(url), 'json'));
    return { ...(JSON.parse(put) as OpeningFormat), path: all.path };
  }

  #words(
    leg: Leg,
    format: OpeningFormat,
    path: string | undefined,
  ): { words: RequestWords; names: string[]; hostHeader: string | undefined } {
    const lines = this.#headerLines(format);
    const host = lines.find(({ name }) => name.toLowerCase() === 'host');
    const headers = joinTemplates(
      ...lines
        .filter((line) => line !== host)
        .map(({ name, value }) => this.#text(`${name}: ${value}\r\n`, `the header ${name}`, 'header')),
    );
    const behaviour = throughoutOf(leg.behaviour);
    // A target of ours says itself where it answers.
    const isSaid = path !== undefined || format.path !== undefined || format.query !== undefined;
    const target = isSaid ? this.#target(requestTarget(path ?? '/', format)) : undefined;
    const asked =
      behaviour.kind === 'request' && behaviour.path !== undefined
        ? this.#text(behaviour.path, '--behaviour', 'url')
        : undefined;
    const words = { path: target, requestPath: asked, headers };
    return { words, names: lines.map(({ name }) => name), hostHeader: host && this.#host(host.value) };
  }

  #target(text: string): Template {
    if (SPACE.test(text)) {
      this.#problems.push(
        `${this.#where()} path, query: there is a space or a line break in ${JSON.stringify(text)}; write %20`,
      );
    }
    return this.#text(text, 'the URL', 'url');
  }

  /** All requests say the same. */
  #host(value: string): string {
    const bytes = bytesOfLiteral(this.#text(value, 'the header Host', 'header'));
    if (bytes === undefined) {
      const said =
        this.#config.fleet === undefined ? 'only {env:NAME} can fill a hole of it' : 'it has no holes over a fleet';
      this.#problems.push(`the header Host: all connections say the same; ${said}`);
    }
    return Buffer.from(bytes ?? '').toString();
  }

  #subprotocols({ subprotocol = [] }: OpeningFormat): readonly string[] {
    const names = typeof subprotocol === 'string' ? [subprotocol] : subprotocol;
    for (const name of names) {
      if (!isToken(name)) {
        this.#problems.push(`${this.#where()} subprotocol: ${JSON.stringify(name)} is not the name of a subprotocol`);
      }
    }
    return names;
  }

  #headerLines({ headers = {} }: OpeningFormat): HeaderLine[] {
    const { header = [], cookie, origin } = this.#config;
    const written = Object.entries(headers).map(([name, value]) => ({ name, value }));
    for (const { name, value } of written) {
      const wrong = problemOfHeader(name, value);
      if (wrong !== undefined) this.#problems.push(`opening headers: ${wrong}`);
    }
    for (const { name, value } of [...written, ...header]) {
      if (!HARMLESS_HEADERS.has(name.toLowerCase())) this.#noteSecret(value.replace(/^(?:Bearer|Basic|Token) /, ''));
    }
    for (const one of cookie ?? []) this.#noteSecret(one.slice(one.indexOf('=') + 1));
    // What the command line says takes the place of what a file says.
    const said = new Set(header.map(({ name }) => name.toLowerCase()));
    if (cookie !== undefined) said.add('cookie');
    if (origin !== undefined) said.add('origin');
    return [
      ...written.filter(({ name }) => !said.has(name.toLowerCase())),
      ...header,
      ...(cookie ? [{ name: 'Cookie', value: cookie.join('; ') }] : []),
      ...(origin === undefined ? [] : [{ name: 'Origin', value: origin }]),
    ];
  }

  #plan(protocol: Leg['protocol'], format: OpeningFormat): OpeningPlan | undefined {
    const { sendOnOpen, expect } = this.#config;
    const found: string[] = [];
    const plan = planOpening(format, this.#around, found);
    for (const sentence of found) this.#problems.push(`${this.#where()} ${sentence}`);
    if (protocol !== 'ws' && plan.before.length > 0) {
      this.#problems.push(`${this.#where()} before: only ws connections begin with a request`);
    }
    const steps: StepPlan[] = [...plan.steps];
    if (sendOnOpen) steps.push({ kind: 'send', message: this.#message(sendOnOpen, '--send-on-open') });
    if (expect) {
      const { bytes } = this.#message(expect, '--expect');
      steps.push({
        kind: 'expect',
        pattern: { kind: 'contains', text: bytes },
        withinMs: undefined,
        skips: false,
        take: [],
        said: expect.from,
      });
    }
    if (steps.length === 0 && plan.rules.length === 0 && plan.before.length === 0 && plan.module === undefined)
      return undefined;
    return { ...plan, steps };
  }

  #where(): string {
    const { dialect, own } = this.#sources;
    if (own) return own.from === undefined ? 'opening' : `--opening ${own.from}`;
    return dialect ? `--dialect ${dialect.dialect.name}` : 'opening';
  }

  /** A file is taken as it is; a text may have holes, and bytes that are no UTF-8. */
  #message({ from, hex }: Preamble, option: string): Extract<MessagePlan, { bytes: Template }> {
    const bytes = Buffer.from(hex, 'hex');
    const isText = isUtf8(bytes);
    if (from.startsWith('@')) return { bytes: literalTemplate(bytes), isText };
    return { bytes: this.#text(bytes.toString('latin1'), option, 'text', latin1Bytes), isText };
  }

  #text(text: string, where: string, inside: Inside = 'text', encode?: (literal: string) => Uint8Array): Template {
    const found: string[] = [];
    const template = parseTemplate(text, { ...this.#around, taken: this.#taken }, found, inside, encode);
    for (const sentence of found) this.#problems.push(`${where}: ${sentence}`);
    return template;
  }
}
