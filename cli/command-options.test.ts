import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { OPTION_GROUPS } from '../config/option.ts';
import { OPTION_TABLES } from '../config/option-tables.ts';
import { testDeps } from '../test/support/cli-deps.ts';
import { loadSubcommands } from './connrig.ts';

/** What some have beside their tables: it names a file of settings, and can stand in none. */
const OUTSIDE: Readonly<Record<string, readonly string[]>> = {
  run: ['config'],
  'find-limit': ['config'],
  variants: ['config'],
  try: ['config'],
  doctor: ['config'],
};

const program = new Command();
for (const add of await loadSubcommands()) add(program, testDeps());
/** Commands that do something, by the words that call them. */
const leaves = new Map(
  program.commands.flatMap((command): Array<[string, Command]> => {
    const below = command.commands.map((child): [string, Command] => [`${command.name()} ${child.name()}`, child]);
    return below.length > 0 ? below : [[command.name(), command]];
  }),
);

test('every command has a table of options, which the pages about options know', () => {
  // One is told a word, and has no options.
  const withOptions = [...leaves.keys()].filter((name) => name !== 'schema');
  assert.deepEqual(withOptions, Object.keys(OPTION_TABLES));
});

for (const [name, table] of Object.entries(OPTION_TABLES)) {
  const options = Object.values(table);

  test(`the help of \`${name}\` shows every option with its argument and its default, below its heading, and no more`, () => {
    const help = leaves.get(name)!.configureHelp({ helpWidth: 2000 }).helpInformation().split('\n');
    for (const { name: flag, argument, help: words, default: fallback, group } of options) {
      const at = help.findIndex((one) =>
        one
          .replace(/^ +-\w, /, '')
          .trimStart()
          .startsWith(`--${flag} `),
      );
      const line = help[at] ?? '';
      assert.ok(line.includes(words), flag);
      if (argument === undefined) assert.doesNotMatch(line, /default:/);
      else assert.ok(line.includes(`--${flag} ${argument}`), line);
      if (argument !== undefined && fallback !== undefined) assert.ok(line.includes(`(default: ${fallback})`), line);
      assert.equal(
        help.slice(0, at).findLast((one) => /^\S.*:$/.test(one)),
        `${OPTION_GROUPS[group]}:`,
      );
    }
    const shown = help.flatMap((line) => /^ +(?:-\w, )?--([a-z-]+)/.exec(line)?.[1] ?? []);
    const wanted = [...options.map(({ name: flag }) => flag), ...(OUTSIDE[name] ?? []), 'help'];
    assert.deepEqual(shown.toSorted(), wanted.toSorted());
  });

  test(`each option of \`${name}\` has a name of its own, a default that it reads itself, and words for people`, () => {
    assert.equal(new Set(options.map(({ name: flag }) => flag)).size, options.length);
    for (const option of options) {
      assert.match(option.name, /^[a-z]+(-[a-z]+)*$/);
      assert.match(option.help, /^\S.*[^.]$/);
      if (option.default !== undefined) assert.ok('value' in option.read(option.default), option.name);
    }
  });
}
