import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunConfig } from '../../config/run-config.ts';
import { RigError } from '../../core/values/errors.ts';
import { checkVanish } from './check-vanish.ts';

/** The legs of a run, at home or not. */
function asked(behaviour: string, local: boolean, more: Readonly<Record<string, string>> = {}) {
  const config = parseRunConfig({ behaviour, urls: ['ws://192.0.2.7:3000'], ...more });
  const setups = config.plan.legs.map((leg, i) => ({ leg, local, url: config.urls[i] }));
  return checkVanish(setups, config);
}

const skip = process.platform !== 'linux' ? 'needs socket filters' : false;

test('connections can vanish where somebody sees the other end: here, or by an exporter', { skip }, async () => {
  await asked('vanish:20%', true);
  await asked('vanish:20%', false, { exporter: 'http://192.0.2.7:9465' });
  await asked('idle', false);
  await assert.rejects(asked('vanish:20%', false), (error) => {
    assert.ok(error instanceof RigError);
    assert.equal(error.code, 'EUSAGE');
    assert.match(error.message, /192\.0\.2\.7 is not this machine, so nobody sees when it lets go of connections/);
    assert.match(error.hint, /^connrig meter --pid <pid> .* --exporter http:\/\/192\.0\.2\.7:9465/);
    return true;
  });
});
