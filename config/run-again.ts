import { redactText, redactUrl } from '../core/values/secrets.ts';
import { word } from '../core/values/shell.ts';
import type { OptionTable } from './option.ts';
import type { RawSettings } from './read-options.ts';
import { RUN_OPTIONS } from './run-options.ts';

/** Where results go is another matter the next time; these are not part of what was measured. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'out',
  'summary-file',
  'junit',
  'json',
  'quiet',
  'live',
  'metrics',
  'linger',
  'admin-token',
  'admin-names',
  'admin-cert',
  'admin-key',
]);
/** What nobody else may read: a file that says it is named, a value is not. */
const SECRETS: ReadonlySet<string> = new Set([
  'exporter-token',
  'send-on-open',
  'expect',
  'publish-header',
  'publish-message',
  'fleet-token',
  'redis-password',
]);

/**
 * The command that asks for the same run, ready to paste, wherever its settings stood. Values of queries and passwords are hidden.
 *
 * @param urls as they were given
 * @param of what it is the command, and which options are told
 */
export function commandAgain(
  urls: readonly string[],
  commandLine: RawSettings,
  file: RawSettings,
  { command = 'run', table = RUN_OPTIONS }: { readonly command?: string; readonly table?: OptionTable } = {},
): string {
  const options = Object.values(table).flatMap(({ name, ...option }) => {
    const given = commandLine[name] ?? file[name];
    if (given === undefined || LEFT_OUT.has(name)) return [];
    const joinedBy = 'joinedBy' in option ? option.joinedBy : undefined;
    // One that stood in the config file in full.
    if (name === 'opening' && typeof given === 'object') return ['--opening FILE'];
    const written = (Array.isArray(given) ? given : [given]).map(String);
    const texts = joinedBy === undefined ? written : written.flatMap((text) => text.split(joinedBy));
    // A switch, or an option that may stand without its argument.
    const mayBeBare = !('argument' in option) || option.argument.startsWith('[');
    if (mayBeBare && texts[0] === 'true') return [`--${name}`];
    if (!('argument' in option)) return [];
    const shown = 'repeats' in option ? texts : [texts.join(',')];
    return shown.map((text) => `--${name} ${word(toShow(name, text))}`);
  });
  return [`connrig ${command}`, ...urls.map((url) => word(redactUrl(url))), ...options].join(' ');
}

/** What connections say: names, and values that are holes alone, since those are no secrets. */
const SAID: Readonly<Record<string, (text: string) => string>> = {
  header: (text) =>
    text.replace(
      /^([^:]*:\s*)(?:(Bearer|Basic|Token) )?(.*)$/s,
      (_, name, kind, value) => `${name}${kind ? `${kind} ` : ''}${shownValue(value)}`,
    ),
  cookie: (text) => text.replace(/(=)([^;]*)/g, (_, sign, value) => `${sign}${shownValue(value)}`),
  'dialect-set': (text) => text.replace(/(=)(.*)$/s, (_, sign, value) => `${sign}${shownValue(value)}`),
};

const shownValue = (value: string): string => (/^(?:\{[A-Za-z_][\w.:-]*\})+$/.test(value) ? value : '***');

function toShow(name: string, text: string): string {
  if (SECRETS.has(name)) return text.startsWith('@') ? text : '@FILE';
  const hide = SAID[name];
  if (hide) return hide(text);
  // A path with a query may be part of it.
  return name === 'behaviour' ? redactUrl(text) : redactText(text);
}
