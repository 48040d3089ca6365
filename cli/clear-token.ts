import type { EndpointOptions, HttpEndpoint } from '../telemetry/endpoint.ts';
import { isLoopback } from '../telemetry/listen.ts';

/** @returns a line for people where the token travels over a network in the clear; otherwise nothing */
export function warnOfClearToken(
  { host, access, tls }: Pick<EndpointOptions, 'host' | 'access' | 'tls'>,
  { port }: Pick<HttpEndpoint, 'port'>,
): string {
  if (access.token === undefined || tls !== undefined || isLoopback(host)) return '';
  return `warning: others on the network can read the token on its way to port ${port}; --admin-cert <file> --admin-key <file> encrypts it\n`;
}
