import assert from 'node:assert/strict';
import type { RawSettings } from '../../config/read-options.ts';
import { parseRunConfig } from '../../config/run-config.ts';
import { EXIT, RigError } from '../../core/values/errors.ts';

/** What is wrong with the settings of a run, in the sentence that a user gets. */
export function findRunProblem(
  commandLine: RawSettings,
  file: RawSettings = {},
  flags: readonly string[] = [],
): string {
  try {
    parseRunConfig(commandLine, file, flags);
  } catch (error) {
    assert.ok(error instanceof RigError, String(error));
    assert.deepEqual([error.code, error.exitCode, error.hint], ['EUSAGE', EXIT.usage, 'connrig run --help']);
    return error.message;
  }
  throw new Error(`no problem was found with ${JSON.stringify(commandLine)}`);
}
