import type { ProtocolName } from '../../../core/protocols/names.ts';
import { familyOf, type SchemeName, toCarried } from '../../../core/protocols/schemes.ts';

/** The first of several legs of a scheme. What older versions recorded has no label for legs, and was plain, at a port. */
export function firstLegOf(scheme: SchemeName): { readonly protocol: ProtocolName; readonly leg: readonly string[] } {
  const { protocol, transport } = toCarried(scheme);
  const isOldest = transport === 'plain' && familyOf(scheme) === 'inet';
  return { protocol, leg: isOldest ? [scheme, ''] : [scheme] };
}
