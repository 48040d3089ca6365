import type { RunConfig } from '../config/run-config.ts';
import type { Leg } from '../core/schemas/leg.ts';
import { usageError } from '../core/values/errors.ts';
import { peakOf } from '../core/values/plan.ts';
import { toWarning, type Warn } from '../core/values/warnings.ts';
import { type EngineName, usualEngine, whyNot } from '../fleet/engines/index.ts';
import { mostByDescriptors } from '../fleet/local/layout.ts';
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
 * @param filesHard the limit of open files of a process here; null where unknown
 * @param probe says why OpenSSL can't be had
 */
export async function chooseDrive(
  config: Pick<RunConfig, 'engine' | 'plan' | 'tlsMaterial' | 'fleet' | 'workers'>,
  filesHard: number | null,
  warn: Warn,
  probe = whyNoOpenSsl,
): Promise<Drive> {
  const secured = config.plan.legs.find(({ transport }) => transport === 'tls');
  const why = secured ? await probe() : undefined;
  if (why === undefined) {
    if (secured) await checkTlsOptions(config, secured, 'openssl');
    return { engine: await chooseEngine(config, filesHard, warn), securedBy: 'openssl' };
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

type Asked = Pick<RunConfig, 'engine' | 'plan' | 'fleet' | 'workers'>;

/** The usual engine; asking for one where it can't be is an error, not a silent second best. */
async function chooseEngine(config: Asked, filesHard: number | null, warn: Warn): Promise<EngineName> {
  const { engine: wanted } = config;
  if (wanted === 'auto') {
    const { engine, why } = await usualEngine(process.platform);
    if (engine === 'epoll' && takesManyTables(config, filesHard)) {
      const lack = await whyNot('uring');
      if (lack === undefined) return 'uring';
      warn(toWarning('WENGINE', { engine, why: lack }));
    }
    if (why !== undefined) warn(toWarning('WENGINE', { engine, why }));
    return engine;
  }
  const why = await whyNot(wanted);
  if (why !== undefined) throw usageError([`--engine ${wanted}: ${why}`], '--engine auto');
  return wanted;
}

/**
 * Whether open files would take a thread and a table of their own for each part of the connections. A million took 180 MB of the client
 * by io_uring, whose sockets are no files, and 690 MB by 51 such threads. A fleet has one engine on all machines, whatever their kernels are.
 */
function takesManyTables({ plan, fleet, workers }: Asked, filesHard: number | null): boolean {
  if (fleet !== undefined || filesHard === null || plan.legs.some(({ transport }) => transport === 'tls')) return false;
  return Math.max(...plan.legs.map(peakOf)) > mostByDescriptors('node', filesHard, workers);
}
