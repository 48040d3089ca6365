import type { RunConfig } from '../config/run-config.ts';
import type { Leg } from '../core/schemas/leg.ts';
import { usageError } from '../core/values/errors.ts';
import { toWarning, type Warn } from '../core/values/warnings.ts';
import { type EngineName, usualEngine, whyNot } from '../fleet/engines/index.ts';
import { whyNoOpenSsl, whyNotNodeTls, whyNotTls } from '../fleet/transports/tls/abilities.ts';
import type { Securing } from '../fleet/worker/make-engine.ts';
import { securingOf } from './securing.ts';

/** By what the connections of a run are driven, and, where there is TLS, secured. */
export interface Drive {
  readonly engine: EngineName;
  readonly securedBy: Securing['by'];
}

/**
 * node:tls works with sockets of node:net alone, so it takes the node engine with it, for all legs.
 *
 * @param probe says why OpenSSL can't be had
 */
export async function chooseDrive(
  config: Pick<RunConfig, 'engine' | 'plan' | 'tlsMaterial'>,
  warn: Warn,
  probe = whyNoOpenSsl,
): Promise<Drive> {
  const secured = config.plan.legs.find(({ transport }) => transport === 'tls');
  const why = secured ? await probe() : undefined;
  if (why === undefined) {
    if (secured) await checkTlsOptions(config, secured, 'openssl');
    return { engine: await chooseEngine(config, warn), securedBy: 'openssl' };
  }
  if (config.engine === 'epoll' || config.engine === 'uring')
    throw usageError([`--engine ${config.engine}: TLS needs OpenSSL for it: ${why}`], '--engine node');
  await checkTlsOptions(config, secured!, 'node-tls');
  warn(toWarning('WNODETLS', { why }));
  return { engine: 'node', securedBy: 'node-tls' };
}

/** Only the library knows which ciphers and groups it has. @throws RigError EUSAGE */
async function checkTlsOptions(
  config: Pick<RunConfig, 'tlsMaterial'>,
  leg: Leg,
  securedBy: Drive['securedBy'],
): Promise<void> {
  const securing = securingOf(config, { leg, securedBy }, { url: { host: SOMEBODY } });
  if (securing === undefined) return;
  const why = securedBy === 'openssl' ? await whyNotTls(securing.options) : whyNotNodeTls(securing.options);
  if (why !== undefined) throw usageError([`--tls-ciphers, --tls-groups: ${why}`], HINT);
}

const SOMEBODY = 'localhost';
const HINT = 'openssl ciphers -v, for suites; --tls-groups X25519:P-256:P-384, say';

/** The usual engine; asking for one where it can't be is an error, not a silent second best. */
async function chooseEngine({ engine: wanted }: Pick<RunConfig, 'engine'>, warn: Warn): Promise<EngineName> {
  if (wanted === 'auto') {
    const { engine, why } = await usualEngine(process.platform);
    if (why !== undefined) warn(toWarning('WENGINE', { engine, why }));
    return engine;
  }
  const why = await whyNot(wanted);
  if (why !== undefined) throw usageError([`--engine ${wanted}: ${why}`], '--engine auto');
  return wanted;
}
