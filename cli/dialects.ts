import type { Command } from 'commander';
import { dialectNames, loadDialect } from '../config/dialects.ts';
import { DIALECTS_OPTIONS } from '../config/dialects-options.ts';
import { findNearest } from '../config/nearest.ts';
import { readCommandLine } from '../config/read-options.ts';
import type { DialectFormat } from '../core/opening/format.ts';
import { usageError } from '../core/values/errors.ts';
import { quoted } from '../core/values/shell.ts';
import { alignColumns } from './aligned-columns.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';

/** `connrig dialects`: those that come with the rig, with their settings; `connrig dialects mqtt` tells all of one. */
export function addDialectsCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('dialects')
    .description('protocols that are spoken over others, for connrig run --dialect: their settings and defaults')
    .argument('[name]', 'all of one, with a command to paste');
  addOptions(command, DIALECTS_OPTIONS).action(() => {
    const line = readLine(command, DIALECTS_OPTIONS, deps.env, 1);
    const { json } = readCommandLine('dialects', DIALECTS_OPTIONS, line);
    const [name] = line.words;
    const told = name === undefined ? dialectNames().map(loadDialect) : [named(name)];
    if (json) deps.stdout.write(`${JSON.stringify(name === undefined ? told : told[0], null, 2)}\n`);
    else deps.stdout.write(`${name === undefined ? listOf(told) : fullText(told[0]!)}\n`);
  });
}

/** @throws RigError EUSAGE */
function named(name: string): DialectFormat {
  const names = dialectNames();
  if (names.includes(name)) return loadDialect(name);
  const meant = findNearest(name, names);
  const guess = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  throw usageError([`there is no dialect ${name}${guess}; there is ${names.join(', ')}`], 'connrig dialects');
}

function listOf(dialects: readonly DialectFormat[]): string {
  const all = alignColumns([
    ['dialect', 'over', 'what it is'],
    ...dialects.map(({ name, protocols, what }) => [name, protocols.join(' '), what]),
  ]);
  const settings = alignColumns([
    ['dialect', 'its settings, as they are by default'],
    ...dialects.map(({ name, params }) => [name, settingsOf(params)]),
  ]);
  return `${all}\n\n${settings}\n\nconnrig dialects <name> tells all of one.`;
}

function settingsOf(params: DialectFormat['params']): string {
  const all = Object.entries(params).map(([key, { default: fallback }]) => `${key}=${shownDefault(fallback)}`);
  return all.length === 0 ? 'none' : all.join('  ');
}

function fullText(dialect: DialectFormat): string {
  const { name, what, protocols, params } = dialect;
  const rows = Object.entries(params).map(([key, { default: fallback, choices, what: meaning }]) => [
    key,
    shownDefault(fallback),
    choices === undefined ? meaning : `${meaning}; ${choices.join(' or ')}`,
  ]);
  const settings =
    rows.length === 0 ? 'It has no settings.' : alignColumns([['setting', 'default', 'meaning'], ...rows]);
  return [`${name}: ${what}`, `Over ${protocols.join(', ')}.`, settings, exampleText(dialect)].join('\n\n');
}

/** To be pasted: `try` shows at once what the server says to it. */
function exampleText({ name, protocols: [scheme = 'ws'] }: DialectFormat): string {
  const { at = '3000', setting } = EXAMPLES[name] ?? {};
  const set = setting === undefined ? '' : ` --dialect-set ${quoted(setting)}`;
  const asked = `${scheme}://127.0.0.1:${at} --dialect ${name}${set}`;
  return `    connrig try ${asked}\n    connrig run ${asked} --pid <pid of the server>`;
}

/** Where servers of it listen as a rule, and what most clients ask for. */
export const EXAMPLES: Readonly<Record<string, { readonly at?: string; readonly setting?: string }>> = {
  actioncable: { setting: 'channel=ChatChannel' },
  graphql: { at: '4000', setting: 'payload={"token":"{env:TOKEN}"}' },
  mqtt: { at: '1883', setting: 'topic=news/{n}' },
  phoenix: { at: '4000', setting: 'topic=room:lobby' },
  signalr: { at: '5000/hub' },
  socketio: { setting: 'auth={"token":"{env:TOKEN}"}' },
  sockjs: { at: '3000/echo' },
  stomp: { at: '61613', setting: 'destination=/topic/news' },
};

const shownDefault = (value: unknown): string =>
  typeof value === 'string' ? (value === '' ? "''" : value) : JSON.stringify(value);
