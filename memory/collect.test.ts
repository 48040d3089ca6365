import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('where koffi is not installed a collection does what it can without', { timeout: 60_000 }, async () => {
  const hooks = `export const resolve = (name, context, next) => {
    if (name === 'koffi') throw new Error('there is none');
    return next(name, context);
  };`;
  const program = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    const missing = await import('koffi').then(() => 'found', ({ message }) => message);
    const { collectGarbage } = await import(${JSON.stringify(new URL('./collect.js', import.meta.url).href)});
    const held = new WeakRef({});
    await new Promise((resolve) => setTimeout(resolve));
    await collectGarbage();
    console.log(missing, held.deref());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  assert.equal(stdout, 'there is none undefined\n');
});
