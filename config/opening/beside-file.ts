import { resolve } from 'node:path';

/**
 * An opening as it stood in a config file, unread, with the files that it names by their full paths: they lie beside the config
 * file, from wherever the opening is read.
 *
 * @param folder that of the config file
 */
export function nameFilesInFull(opening: unknown, folder: string): unknown {
  if (!isTable(opening)) return opening;
  const { module, steps, rules } = opening;
  return {
    ...opening,
    ...(typeof module === 'string' && { module: resolve(folder, module) }),
    ...(Array.isArray(steps) && { steps: steps.map((step) => nameSent(step, folder)) }),
    ...(Array.isArray(rules) && { rules: rules.map((rule) => nameSent(rule, folder)) }),
  };
}

function nameSent(step: unknown, folder: string): unknown {
  if (!isTable(step) || !isTable(step['send'])) return step;
  const { file } = step['send'];
  return typeof file === 'string' ? { ...step, send: { ...step['send'], file: resolve(folder, file) } } : step;
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
