import { redactText, redactUrl } from '../core/values/secrets.ts';
import { word } from '../core/values/shell.ts';
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
const SECRETS: ReadonlySet<string> = new Set(['exporter-token', 'send-on-open']);

/**
 * The command that asks for the same run, ready to paste, wherever its settings stood. Values of queries and passwords are hidden.
 *
 * @param urls as they were given
 */
export function commandAgain(urls: readonly string[], commandLine: RawSettings, file: RawSettings): string {
  const options = Object.values(RUN_OPTIONS).flatMap(({ name, ...option }) => {
    const given = commandLine[name] ?? file[name];
    if (given === undefined || LEFT_OUT.has(name)) return [];
    const texts = (Array.isArray(given) ? given : [given]).map(String);
    if (!('argument' in option)) return texts[0] === 'true' ? [`--${name}`] : [];
    const shown = 'repeats' in option ? texts : [texts.join(',')];
    return shown.map((text) => `--${name} ${word(toShow(name, text))}`);
  });
  return ['connrig run', ...urls.map((url) => word(redactUrl(url))), ...options].join(' ');
}

function toShow(name: string, text: string): string {
  if (SECRETS.has(name)) return text.startsWith('@') ? text : '@FILE';
  // A path with a query may be part of it.
  return name === 'behaviour' ? redactUrl(text) : redactText(text);
}
