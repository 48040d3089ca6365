import type { RunConfig } from '../config/run-config.ts';
import type { Leg } from '../core/schemas/leg.ts';
import type { TargetUrl } from '../core/values/urls.ts';
import type { Securing } from '../fleet/worker/make-engine.ts';
import type { Target } from './launch/target.ts';

/** How the connections of a leg are secured; undefined: they aren't. */
export function securingOf(
  { tlsMaterial }: Pick<RunConfig, 'tlsMaterial'>,
  { leg: { tls }, securedBy }: { readonly leg: Pick<Leg, 'tls'>; readonly securedBy: Securing['by'] },
  { url, caCert }: Pick<Target, 'caCert'> & { readonly url: Pick<TargetUrl, 'host'> },
): Securing | undefined {
  if (tls === null || tlsMaterial === undefined) return undefined;
  return {
    by: securedBy,
    options: {
      servername: tls.servername ?? withoutZone(url.host),
      verify: tls.verify,
      ca: caCert ?? tlsMaterial.ca,
      own: tlsMaterial.own,
      alpn: tls.alpn,
      versions: tls.versions,
      ciphers: tls.ciphers ?? undefined,
      groups: tls.groups ?? undefined,
      resume: tls.resume,
    },
  };
}

/** A zone is this machine's own affair (RFC 6874). */
export const withoutZone = (ip: string): string => ip.replace(/%.*/, '');
