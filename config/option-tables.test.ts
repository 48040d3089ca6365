import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PORT_SCHEMES, SOCKET_SCHEMES, toCarried } from '../core/protocols/schemes.ts';
import { OPTION_TABLES } from './option-tables.ts';

const ROOT = new URL('../../', import.meta.url);
/** Rooms in which options take effect. What holds connections isn't among them: it is told by the client. */
const ROOMS = ['cli', 'config', 'client', 'report', 'server'];
/** Where rows alone are, in which one option may be made of another. */
const ROWS = /^config\/run\//;

const code = ROOMS.flatMap((room) =>
  readdirSync(new URL(room, ROOT), { recursive: true, encoding: 'utf8' })
    .map((file) => `${room}/${file}`)
    .filter((path) => /(?<!\.test)\.ts$/.test(path) && !ROWS.test(path)),
)
  .map((path) => readFileSync(new URL(path, ROOT), 'utf8'))
  .join('\n');

/** As a value: `config.key`, `{ key } = config`, `{ key: name = 1 } = config`; not as the name of a field that gets one. */
const isRead = (key: string): boolean =>
  isPortOfScheme(key) || isSocketOfScheme(key) || new RegExp(`\\b${key}\\b(?!\\??:(?! \\w+ =[^>]))`).test(code);

/** They are read in one go, by the names of schemes. */
const isPortOfScheme = (key: string): boolean =>
  /\$\{name\}Port/.test(code) && PORT_SCHEMES.some((name) => key === `${name}Port`);
const isSocketOfScheme = (key: string): boolean =>
  /\$\{toCarried\(name\)\.protocol\}Socket/.test(code) &&
  SOCKET_SCHEMES.some((name) => key === `${toCarried(name).protocol}Socket`);

for (const [command, table] of Object.entries(OPTION_TABLES)) {
  test(`each option of \`${command}\` is read by somebody`, () => {
    assert.deepEqual(
      Object.keys(table).filter((key) => !isRead(key)),
      [],
    );
  });
}
