import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { RUN_OPTIONS } from '../config/run-options.ts';
import { testDeps } from '../test/support/cli-deps.ts';
import { summarizeSamples } from '../test/support/summaries.ts';
import { climb } from '../test/support/synthetic-run.ts';
import { runConnrig } from './connrig.ts';

async function schemaOf(what: string): Promise<z.ZodType> {
  const deps = testDeps();
  await runConnrig(['schema', what], deps);
  assert.deepEqual([deps.exitCode(), deps.err()], [undefined, '']);
  return z.fromJSONSchema(JSON.parse(deps.out()) as Parameters<typeof z.fromJSONSchema>[0]);
}

test('a summary is what its JSON Schema says, and one with a number as text is not', async () => {
  const schema = await schemaOf('summary');
  const summary = JSON.parse(JSON.stringify(summarizeSamples(climb(5000)))) as { exitCode: unknown };
  assert.deepEqual(schema.safeParse(summary).error, undefined);
  assert.equal(schema.safeParse({ ...summary, keyOfALaterVersion: 1 }).success, true);
  assert.equal(schema.safeParse({ ...summary, exitCode: '0' }).success, false);
});

test('a config file may have each option, as YAML writes it, and nothing else', async () => {
  const schema = await schemaOf('config');
  const config = { urls: ['ws://127.0.0.1:3000'], connections: 5000, levels: [100, '1k'], force: true, rest: '15s' };
  assert.equal(schema.safeParse(config).success, true);
  for (const { name, default: fallback } of Object.values(RUN_OPTIONS) as Array<{ name: string; default?: string }>) {
    const value = fallback === 'true' || fallback === 'false' ? fallback === 'true' : (fallback ?? 'x');
    assert.equal(schema.safeParse({ [name]: name === 'force' ? true : value }).success, true, name);
  }
  assert.equal(schema.safeParse({ conections: 5000 }).success, false);
  assert.equal(schema.safeParse({ force: 'perhaps' }).success, false);
});

test('what has no schema is refused', async () => {
  const deps = testDeps();
  await runConnrig(['schema', 'record'], deps);
  assert.equal(deps.exitCode(), 2);
  assert.match(deps.err(), /"record" is neither summary nor config/);
});
