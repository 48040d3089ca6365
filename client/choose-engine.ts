import type { RunConfig } from '../config/run-config.ts';
import { usageError } from '../core/values/errors.ts';
import { toWarning, type Warn } from '../core/values/warnings.ts';
import { type EngineName, whyNoEpoll } from '../fleet/engines/index.ts';

/** The epoll engine where it can be had; asking for it where it can't be is an error, not a silent second best. */
export async function chooseEngine({ engine }: Pick<RunConfig, 'engine'>, warn: Warn): Promise<EngineName> {
  if (engine === 'node') return 'node';
  const why = await whyNoEpoll(process.platform);
  if (why === undefined) return 'epoll';
  if (engine === 'epoll') throw usageError([`--engine epoll: ${why}`], '--engine node');
  warn(toWarning('WENGINE', { why }));
  return 'node';
}
