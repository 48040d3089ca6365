import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { der, integer, objectIdentifier, TAG, tagged, time, utf8 } from './der.ts';

/** What a certificate is made for. */
export interface CertificateNeed {
  /** Host names and IP addresses that it is to be valid for; at least one. */
  readonly names: readonly string[];
  readonly now: Date;
  /** How long from now. */
  readonly days: number;
}

/** Clocks of those who connect may be behind. */
const BEFORE_MS = 3_600_000;
const DAY_MS = 86_400_000;
const SUBJECT = 'connrig';

/** Names of RFC 5280 and RFC 5758. */
const OID = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  subjectAltName: '2.5.29.17',
} as const;

/**
 * Makes a certificate that vouches for itself (X.509, RFC 5280; ECDSA on P-256), and its key, in memory. It may vouch for no
 * other: a client that trusts it trusts nothing else.
 *
 * What a library would need for it (17 packages, 18 MB of memory) would weigh on a server whose memory is measured, or need
 * a process of its own.
 *
 * @returns both in PEM, the key in PKCS#8
 */
export function makeCertificate(need: CertificateNeed): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const toSign = toBeSigned(need, publicKey);
  const signature = sign('sha256', toSign, privateKey);
  const certificate = der(TAG.sequence, toSign, ALGORITHM, bits(signature));
  return { cert: toPemBlock('CERTIFICATE', certificate), key: String(privateKey.export(PKCS8)) };
}

const PKCS8 = { type: 'pkcs8', format: 'pem' } as const;
const ALGORITHM = der(TAG.sequence, objectIdentifier(OID.ecdsaWithSha256));

function toBeSigned({ names, now, days }: CertificateNeed, publicKey: KeyObject): Buffer {
  const name = der(TAG.sequence, der(TAG.set, der(TAG.sequence, objectIdentifier(OID.commonName), utf8(SUBJECT))));
  const validity = [new Date(now.getTime() - BEFORE_MS), new Date(now.getTime() + days * DAY_MS)].map(time);
  return der(
    TAG.sequence,
    // Version 3.
    tagged(0, integer(Buffer.of(2))),
    integer(randomBytes(16)),
    ALGORITHM,
    name,
    der(TAG.sequence, ...validity),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, der(TAG.sequence, ...extensions(names))),
  );
}

const extensions = (names: readonly string[]): Buffer[] => [
  // Without a word in it: no authority.
  extension(OID.basicConstraints, 'critical', der(TAG.sequence)),
  // The first bit: digitalSignature.
  extension(OID.keyUsage, 'critical', der(TAG.bitString, Buffer.of(7, 0x80))),
  extension(OID.extendedKeyUsage, 'plain', der(TAG.sequence, objectIdentifier(OID.serverAuth))),
  extension(OID.subjectAltName, 'plain', der(TAG.sequence, ...names.map(generalName))),
];

const extension = (oid: string, kind: 'critical' | 'plain', value: Buffer): Buffer =>
  der(
    TAG.sequence,
    objectIdentifier(oid),
    ...(kind === 'critical' ? [der(TAG.boolean, Buffer.of(0xff))] : []),
    der(TAG.octetString, value),
  );

/** RFC 5280, section 4.2.1.6: dNSName and iPAddress. */
const generalName = (name: string): Buffer =>
  isIP(name) === 0
    ? der(TAG.dnsName, Buffer.from(name, 'latin1'))
    : der(TAG.ipAddress, Buffer.from(ipaddr.parse(name).toByteArray()));

/** No bit of the last byte is unused. */
const bits = (bytes: Buffer): Buffer => der(TAG.bitString, Buffer.of(0), bytes);

const toPemBlock = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
