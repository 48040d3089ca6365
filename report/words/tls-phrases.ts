import type { LegSummary, SecuredLeg } from '../../core/schemas/leg-summary.ts';
import type { TlsAdds } from '../../core/schemas/summary.ts';
import type { Agreement, LegTls } from '../../core/schemas/tls.ts';
import { differencePhrase } from './difference-phrases.ts';
import { bytes, count, joined, type Part, type Phrase, percent, say, UNKNOWN } from './phrase.ts';

/** `TLS 1.3, TLS_AES_128_GCM_SHA256, X25519, server key EC P-256`. */
export const agreementText = ({ version, suite, group, serverKey, alpn }: Agreement): string =>
  [
    `TLS ${version}`,
    suite,
    ...(group === 'none' ? [] : [group]),
    `server key ${serverKey}`,
    ...(alpn === null ? [] : [`ALPN ${alpn}`]),
  ].join(', ');

/** All that connections agreed on, and how many of them came back: `…; 0 % of handshakes resumed`. */
export function agreedPhrase({ agreed, resumedPercent }: Pick<SecuredLeg, 'agreed' | 'resumedPercent'>): Phrase {
  const resumed = resumedPercent === null ? [] : say`${percent(resumedPercent)} of handshakes resumed`;
  return joined([joined(agreed.map(agreementText), ' or '), resumed], '; ');
}

/** For a table of all legs. */
export function agreedCell({ tls }: LegSummary): Part {
  if (tls === null) return 'none';
  return tls.agreed.length === 0 && tls.resumedPercent === null ? UNKNOWN : agreedPhrase(tls);
}

/** How connections were to be secured: `TLS 1.2 or 1.3, each open a first visit`. */
export function askedText(tls: LegTls): string {
  const { versions, ciphers, groups, alpn, resume, verify, servername, hasOwnCertificate } = tls;
  return [
    `TLS ${versions.join(' or ')}`,
    ...(ciphers === null ? [] : [`suites ${ciphers}`]),
    ...(groups === null ? [] : [`groups ${groups}`]),
    ...(alpn.length === 0 ? [] : [`ALPN ${alpn.join(' or ')}`]),
    ...(servername === null ? [] : [`for ${servername}`]),
    ...(verify ? [] : ['certificates not verified']),
    ...(hasOwnCertificate ? ['with a certificate of the client'] : []),
    resume ? 'sessions resumed' : 'each open a first visit',
  ].join(', ');
}

/** `1.2 KiB in, 700 B out`, of each connection that opened, or of all where something else was said as well. */
export function wireCell({ bytes: told }: LegSummary): Part {
  if (told === null) return UNKNOWN;
  const { perOpen, all } = told;
  const { in: received, out: sent, wireIn, wireOut } = perOpen ?? all;
  const whose = perOpen ? ', each' : ', of all connections';
  const said = wireIn === received && wireOut === sent ? '' : say` (${bytes(received)} and ${bytes(sent)} of it said)`;
  return say`${bytes(wireIn)} in, ${bytes(wireOut)} out${said}${whose}`;
}

/** What TLS adds to a leg's cost, for a table of all legs: nothing for a plain one. */
export function tlsAddsCell({ name }: LegSummary, all: readonly TlsAdds[]): Part {
  const adds = all.find(({ leg }) => leg === name);
  if (!adds) return UNKNOWN;
  const main = adds.total ?? adds.user ?? adds.kernel;
  if (main === null) return adds.unknown === 'inconclusive' ? 'inconclusive' : 'not known';
  return say`${differencePhrase(main)}${adds.isShown ? '' : ': no difference shown'}`;
}

/** What an object of the TLS library takes that is kept, with its buffers released, as measured with OpenSSL 3.0 to 3.5. */
const KEPT_OBJECT = 'some 30 KB';

/** How a leg was secured, as far as it bears on what was measured. */
export function tlsCaveats({ name, tls }: LegSummary): Part[] {
  if (tls === null) return [];
  const { verify, resume, resumedPercent, keptObjects } = tls;
  return [
    ...(verify
      ? []
      : [`${name}: certificates were not verified (--insecure), so nobody knows whom connections went to.`]),
    ...(resume && resumedPercent !== null
      ? [
          say`${name}: ${percent(resumedPercent)} of handshakes took up an earlier session (--resume on). That is cheaper for both ends than a first visit.`,
        ]
      : []),
    ...(keptObjects > 0
      ? [
          say`${name}: the client kept an object of its TLS library for ${count(keptObjects)} open connections, ${KEPT_OBJECT} each, since it can't do their records without. That is memory of the client, not of the target.`,
        ]
      : []),
  ];
}
