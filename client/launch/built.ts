import { toScheme } from '../../core/protocols/schemes.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import { parseQuantity } from '../../core/values/units.ts';
import { parseTargetUrl } from '../../core/values/urls.ts';
import type { BuiltTarget } from '../../lab/build.ts';
import { secureTarget } from '../../lab/certificate-files.ts';
import { shellCommand } from '../../lab/command.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import { type CommandOptions, startCommandTarget } from './command.ts';
import type { Target } from './target.ts';

/**
 * Starts a target of the rig's, or one like them: a command at free ports in a row, outside the ephemeral range. Over TLS it
 * gets a certificate that was made for this launch.
 *
 * @param processes how many share the connections, each at a port of its own
 * @throws RigError as {@link startCommandTarget}
 */
export async function startBuiltTarget(
  built: BuiltTarget,
  { protocol, transport }: Pick<Leg, 'protocol' | 'transport'>,
  processes: number,
  options: Pick<CommandOptions, 'ip' | 'log' | 'signal' | 'warn'> & Required<Pick<CommandOptions, 'env'>>,
): Promise<Target> {
  const { name, readyWithin } = built.source.manifest;
  const first = await freePorts(options.ip, processes, ephemeralRange());
  const ports = Array.from({ length: processes }, (_, i) => first + i);
  const text = `${toScheme(protocol, transport)}://${options.ip}:${processes === 1 ? first : `${first}-${ports.at(-1)}`}`;
  const url = parseTargetUrl(text);
  if (typeof url === 'string') throw new Error(url);
  const readyWithinMs = parseQuantity('duration', readyWithin)!;
  const { env, caCert, remove } = secureTarget(transport, options.env);
  try {
    const command = shellCommand(built, ports);
    const secured = (target: Target): Target => ({
      ...target,
      ...(caCert === undefined ? {} : { caCert }),
      again: target.again && { ...target.again, start: async (onSpawn) => secured(await target.again!.start(onSpawn)) },
      stop: (hasDrained) => target.stop(hasDrained).finally(remove),
    });
    return secured(await startCommandTarget({ ...options, env, name, command, url, readyWithinMs }));
  } catch (error) {
    remove();
    throw error;
  }
}
