import type { RunConfig } from '../config/run-config.ts';
import { usageError } from '../core/values/errors.ts';
import { toWarning, type Warn } from '../core/values/warnings.ts';
import { type EngineName, whyNoEpoll } from '../fleet/engines/index.ts';
import { whyNoOpenSsl } from '../fleet/transports/tls/abilities.ts';
import type { Securing } from '../fleet/worker/make-engine.ts';

/** By what the connections of a run are driven, and, where there is TLS, secured. */
export interface Drive {
  readonly engine: EngineName;
  readonly securedBy: Securing['by'];
}

/** node:tls works with sockets of node:net alone, so it takes the node engine with it, for all legs. */
export async function chooseDrive(config: Pick<RunConfig, 'engine' | 'plan'>, warn: Warn): Promise<Drive> {
  const isSecured = config.plan.legs.some(({ transport }) => transport === 'tls');
  const why = isSecured ? await whyNoOpenSsl() : undefined;
  if (why === undefined) return { engine: await chooseEngine(config, warn), securedBy: 'openssl' };
  if (config.engine === 'epoll')
    throw usageError([`--engine epoll: TLS needs OpenSSL for it: ${why}`], '--engine node');
  warn(toWarning('WNODETLS', { why }));
  return { engine: 'node', securedBy: 'node-tls' };
}

/** The epoll engine where it can be had; asking for it where it can't be is an error, not a silent second best. */
async function chooseEngine({ engine }: Pick<RunConfig, 'engine'>, warn: Warn): Promise<EngineName> {
  if (engine === 'node') return 'node';
  const why = await whyNoEpoll(process.platform);
  if (why === undefined) return 'epoll';
  if (engine === 'epoll') throw usageError([`--engine epoll: ${why}`], '--engine node');
  warn(toWarning('WENGINE', { why }));
  return 'node';
}
