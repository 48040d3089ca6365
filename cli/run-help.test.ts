import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import type { Option } from '../config/option.ts';
import { RUN_OPTIONS } from '../config/run-options.ts';
import { testDeps } from '../test/support/cli-deps.ts';
import { addRunCommand } from './run.ts';

test('the help of `run` shows every setting with its argument and its default, and no more', () => {
  const program = new Command();
  addRunCommand(program, testDeps());
  const [command] = program.commands;
  command!.configureHelp({ helpWidth: 500 });
  const help = command!.helpInformation().split('\n');
  const options = Object.values(RUN_OPTIONS) as Option<unknown>[];
  for (const { name, argument, help: words, default: fallback } of options) {
    const line = help.find((one) => one.trimStart().startsWith(`--${name} `)) ?? '';
    assert.ok(line.includes(words), name);
    if (argument === undefined) assert.doesNotMatch(line, /default:/);
    else assert.ok(line.includes(`--${name} ${argument}`), line);
    if (argument !== undefined && fallback !== undefined) assert.ok(line.includes(`(default: ${fallback})`), line);
  }
  const shown = help.flatMap((line) => /^ +(?:-\w, )?--([a-z-]+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(shown.toSorted(), [...options.map(({ name }) => name), 'config', 'help'].toSorted());
});
