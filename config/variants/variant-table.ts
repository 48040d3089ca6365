import { BEHAVIOURS, behaviourExample, isEpisode, parseBehaviour } from '../../core/behaviours/behaviours.ts';
import { type SchemeName, toCarried } from '../../core/protocols/schemes.ts';
import { parseQuantity, printQuantity } from '../../core/values/units.ts';
import type { RawSettings } from '../read-options.ts';
import { OPENING_OPTIONS } from '../run/opening-options.ts';

/** What all others are held against. */
export const BASE_VARIANT = 'idle';

/** What a variant is made from. */
export interface VariantBase {
  /** What carries the connections of all variants but `tls`. */
  readonly scheme: SchemeName;
  /** Settings that all have in common. */
  readonly settings: RawSettings;
  /** Settings that make connections sign in, which are put aside for `subscribed`. */
  readonly signIn: RawSettings;
  /** Settings by which the same target is reached over TLS, or a sentence that says why it isn't. */
  readonly overTls: RawSettings | string;
}

/** What it sets on the options of a run, in what it differs from the base; a sentence where it can't be. */
type Makes = (base: VariantBase, argument: string | undefined) => RawSettings | string;

interface VariantRow {
  /** How it is written, for the help. */
  readonly example: string;
  readonly help: string;
  readonly make: Makes;
}

/** Options that `subscribed` is made of. */
export const SIGN_IN_NAMES: readonly string[] = [
  OPENING_OPTIONS.dialect,
  OPENING_OPTIONS.dialectSettings,
  OPENING_OPTIONS.opening,
  OPENING_OPTIONS.sendOnOpen,
  OPENING_OPTIONS.expect,
].map(({ name }) => name);

/** Those that are more than a behaviour. A further one is a row here. */
const ROWS: Readonly<Record<string, VariantRow>> = {
  after: {
    example: 'after:16KiB',
    help: 'each has sent a message of that size and had it back',
    make: makeAfter,
  },
  subscribed: {
    example: 'subscribed',
    help: 'signed in by --dialect or --opening, which the others then are not',
    make: ({ signIn }, argument) => {
      if (argument !== undefined) return 'it takes no argument; --dialect and --opening say how connections sign in';
      return Object.keys(signIn).length > 0
        ? signIn
        : 'nothing says how connections sign in; give --dialect mqtt, say, or --opening subscribe.yaml';
    },
  },
  tls: {
    example: 'tls',
    help: 'over TLS, at --tls-url or at the port of our own server',
    make: ({ overTls }, argument) => (argument === undefined ? overTls : 'it takes no argument; --tls-url says where'),
  },
  deflate: {
    example: 'deflate',
    help: 'with permessage-deflate',
    make: ({ scheme }, argument) => {
      if (toCarried(scheme).protocol !== 'ws')
        return `only ws compresses messages, and these are ${scheme} connections`;
      return argument === undefined || argument === 'no-context-takeover'
        ? { 'per-message-deflate': argument ?? 'on' }
        : `"${argument}" is no way to compress; write deflate or deflate:no-context-takeover`;
    },
  },
};

/** Episodes in which a connection has a cost of its own, which is told beside that of the levels. */
const COSTS_APART: ReadonlySet<string> = new Set(['slow']);

/** Behaviours that change what an open connection costs: an episode comes when all is read. */
const BEHAVING = BEHAVIOURS.filter((kind) => kind !== BASE_VARIANT && !(isEpisode(kind) && !COSTS_APART.has(kind)));

/** For the help: how each is written, and what it is. */
export const variantHelp = (): string =>
  [
    ...Object.values(ROWS).map(({ example, help }) => `${example} (${help})`),
    ...BEHAVING.map((kind) => behaviourExample(kind)),
  ].join(', ');

/**
 * What a variant of this name sets, where the config file doesn't say it: a row of the table, or a behaviour. The name of a
 * behaviour alone is that of its example: `heartbeat` is `heartbeat:30s`.
 *
 * @returns a sentence where there is no such variant, or it can't be
 */
export function makeVariant(name: string, base: VariantBase): RawSettings | string {
  const at = name.indexOf(':');
  const [kind, argument] = at < 0 ? [name, undefined] : [name.slice(0, at), name.slice(at + 1)];
  if (name === BASE_VARIANT) return {};
  const row = Object.hasOwn(ROWS, kind) ? ROWS[kind] : undefined;
  if (row) return row.make(base, argument);
  const known = BEHAVIOURS.find((one) => one === kind);
  if (known === undefined) {
    return `there is no such variant: there are ${variantHelp()}, and what the config file has under variants`;
  }
  if (isEpisode(known) && !COSTS_APART.has(known)) {
    return `${known} comes once all is read, and changes no cost; connrig run --behaviour ${behaviourExample(known)} tells of it`;
  }
  const text = argument === undefined ? behaviourExample(known) : name;
  const parsed = parseBehaviour(text);
  return typeof parsed === 'string'
    ? parsed
    : { ...SHORTER[known], behaviour: text, ...pick(base.settings, SHORTER[known]) };
}

/** A run goes on for longer at each level, to tell drift. Variants compare costs alone. */
const SHORTER: Readonly<Record<string, RawSettings>> = { churn: { 'churn-for': '3s' } };

const pick = (from: RawSettings, names: RawSettings = {}): RawSettings =>
  Object.fromEntries(Object.entries(from).filter(([name]) => name in names));

/** What ends a message, so that all of it has come back once this has. */
const END = '#end#';
/** What goes out in one piece, see `readPreamble`. */
const MOST_AFTER_BYTES = 16_384;

function makeAfter({ scheme, settings }: VariantBase, argument = ''): RawSettings | string {
  const bytes = parseQuantity('bytes', argument);
  if (bytes === undefined || !Number.isInteger(bytes) || bytes < END.length || bytes > MOST_AFTER_BYTES) {
    const most = printQuantity('bytes', MOST_AFTER_BYTES);
    return `"${argument}" is no size of a message from ${END.length}B to ${most}, such as after:64B`;
  }
  const { protocol } = toCarried(scheme);
  if (protocol !== 'tcp' && protocol !== 'ws') {
    return `${scheme} connections have requests, not messages; take request:1k/s:/path`;
  }
  const said = ['send-on-open', 'expect'].find((name) => settings[name] !== undefined);
  if (said !== undefined)
    return `--${said} says already what they send first; leave it out, or vary subscribed as well`;
  return { 'send-on-open': `${'x'.repeat(bytes - END.length)}${END}`, expect: END };
}
