import { type CertificateFault, certificateFaultOf } from '../core/values/certificate-faults.ts';
import { RigError } from '../core/values/errors.ts';
import { redactUrl } from '../core/values/secrets.ts';
import { quoted, word } from '../core/values/shell.ts';
import type { ExporterSource } from '../memory/exporter.ts';
import { SPEAKS_NO_TLS } from '../memory/http-failure.ts';
import { systemCodeOf } from '../memory/meter.ts';
import { answersTls } from './preflight/answers-tls.ts';

/** How one looks at the certificate of what listens at an address, and what is then to be done. */
const CERTIFICATE_HINTS: Readonly<Record<CertificateFault, (at: string) => string>> = {
  'cert-untrusted': (at) =>
    `openssl s_client -connect ${at} -showcerts </dev/null >chain.pem; --ca chain.pem, if that is whom you trust`,
  'cert-name': (at) =>
    `--exporter with a name that it is for: openssl s_client -connect ${at} </dev/null | openssl x509 -noout -ext subjectAltName`,
  'cert-expired': (at) =>
    `renew it, or set the clock of this machine: openssl s_client -connect ${at} </dev/null | openssl x509 -noout -dates`,
};

/**
 * Why an exporter is none that a run could rely on.
 *
 * @param missing what it said, or why it said nothing
 * @param failure what {@link missing} is made of
 */
export async function exporterRefusal(
  { url, selector }: ExporterSource,
  missing: string,
  failure: unknown,
): Promise<RigError> {
  const message = `the exporter doesn't tell the target's memory: ${missing}`;
  const shown = redactUrl(url);
  const cause = failure instanceof Error ? failure.cause : undefined;
  const from = new URL(url);
  const fault = certificateFaultOf(systemCodeOf(cause) ?? '');
  if (fault !== undefined) {
    return new RigError('ETLSCERT', message, {
      hint: CERTIFICATE_HINTS[fault](`${from.hostname}:${from.port || 443}`),
    });
  }
  if (missing.includes('token')) {
    return new RigError('EEXPORTER', message, {
      hint: '--exporter-token @<file with the token>, or CONNRIG_EXPORTER_TOKEN',
    });
  }
  const otherwise = (from: string, to: string): string =>
    `--exporter ${word(`${shown.replace(from, to)}${selector === undefined ? '' : `#${selector.text}`}`)}`;
  if (missing.includes(SPEAKS_NO_TLS)) {
    return new RigError('EEXPORTER', message, { hint: otherwise('https:', 'http:') });
  }
  // Servers of TLS hang up, or each says it in words of its own.
  const isUnclear = from.protocol === 'http:' && (cause !== undefined || missing.includes('answered 400'));
  const host = from.hostname.replace(/^\[|\]$/g, '');
  if (isUnclear && (await answersTls(host, Number(from.port || 80), host))) {
    return new RigError('EEXPORTER', `${message}; it speaks TLS`, { hint: otherwise('http:', 'https:') });
  }
  return new RigError('EEXPORTER', message, { hint: `curl ${word(shown)}; --exporter ${quoted(`${shown}#<metric>`)}` });
}
