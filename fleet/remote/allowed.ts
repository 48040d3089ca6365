import ipaddr from 'ipaddr.js';
import { RigError } from '../../core/values/errors.ts';
import type { Destination } from '../engines/engine.ts';

/** Where a worker may open connections to; undefined: to this machine and to private networks. */
export type AllowedSubnets = readonly string[] | undefined;

/** Networks in which nobody is but those whom their owner let in. */
const PRIVATE: ReadonlySet<string> = new Set(['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat']);

/** A worker does what others tell it, so it doesn't open connections to just anybody. @throws RigError EFLEETALLOW */
export function refuseForeign(destinations: readonly Destination[], allowed: AllowedSubnets): void {
  for (const destination of destinations) {
    if (!('ip' in destination)) {
      const sentence = 'connections of a fleet go over a network, and not to a Unix socket';
      throw new RigError('EFLEETALLOW', sentence, { hint: 'name a URL with a host and a port' });
    }
    if (isAllowed(destination.ip, allowed)) continue;
    const which = allowed === undefined ? 'a private network' : allowed.join(', ');
    throw new RigError('EFLEETALLOW', `${destination.ip} is not in ${which}, so this worker opens nothing there`, {
      hint: `connrig worker --allow ${destination.ip}/${destination.ip.includes(':') ? 128 : 32}`,
    });
  }
}

function isAllowed(ip: string, allowed: AllowedSubnets): boolean {
  // A zone says by which interface.
  const address = ipaddr.process(ip.replace(/%.*$/, ''));
  if (allowed === undefined) return PRIVATE.has(address.range());
  return allowed.some((subnet) => {
    const [net, prefix] = ipaddr.parseCIDR(subnet);
    return net.kind() === address.kind() && address.match(net, prefix);
  });
}
