import { X509Certificate } from 'node:crypto';
import type { ShownCertificate } from '../core/schemas/admin.ts';
import { noQuery, type Route } from '../telemetry/answer.ts';
import type { ServedCertificate } from './options.ts';

/** What is told of a certificate; of its key nothing is. */
export function showCertificate({ cert, isMadeHere }: ServedCertificate): ShownCertificate {
  const { subject, validTo, fingerprint256 } = new X509Certificate(cert);
  return {
    // Each part of a name has a line.
    subject: subject.replaceAll('\n', ', '),
    notAfter: new Date(validTo).toISOString(),
    fingerprint: fingerprint256,
    isMadeHere,
  };
}

/** The certificate, and those that vouch for it, as a client may be told to trust it: PEM. */
export const certificateRoute =
  ({ cert }: ServedCertificate): Route =>
  async (query) =>
    noQuery(query) ?? { status: 200, type: 'application/x-pem-file', body: cert };
