import { hostname, networkInterfaces } from 'node:os';
import type { ServeConfig } from '../config/serve-options.ts';
import { isOverTls } from '../config/served-certificate.ts';
import type { ServedCertificate } from '../server/options.ts';

/** Nobody restarts a server just because of its certificate, and none of a year ago is to be trusted. */
const VALID_DAYS = 30;
const HERE = ['localhost', '127.0.0.1', '::1'];
/** No other name fits into a certificate. */
const ASCII = /^[\x21-\x7e]+$/;

/** The certificate that was given, or one made for this start; undefined where nothing is served over TLS. */
export async function toServedCertificate({
  schemes,
  certificate,
  host,
}: ServeConfig): Promise<ServedCertificate | undefined> {
  if (!schemes.some(isOverTls)) return undefined;
  if (certificate) return { ...certificate, isMadeHere: false };
  // A server without TLS has no use for it.
  const { makeCertificate } = await import('../certificates/make-certificate.ts');
  const names = [...new Set([...HERE, hostname(), ...namesOf(host)])].filter((name) => ASCII.test(name));
  return { ...makeCertificate({ names, now: new Date(), days: VALID_DAYS }), isMadeHere: true };
}

/** A server that listens at any address may be reached at all that this machine has. */
function namesOf(host: string): string[] {
  // A link-local address ends in the interface that it is of.
  if (host !== '0.0.0.0' && host !== '::') return [host.replace(/%.*/, '')];
  return Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
}
