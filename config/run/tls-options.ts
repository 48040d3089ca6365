import { TLS_VERSIONS } from '../../core/schemas/tls.ts';
import { list, type OptionTable, oneOf, onOff, text } from '../option.ts';

const WORDS = /^[\w.+/-]+$/;
const NAMES_WITH_COLONS = /^[\w@.+!-]+(:[\w@.+!-]+)*$/;

/** How connections are secured. Files are read before anything starts: see config/tls-material.ts. */
export const TLS_OPTIONS = {
  ca: {
    name: 'ca',
    group: 'tls',
    argument: '<file>',
    help: 'trust the certificates in this file, PEM, and no others (default: those that Node.js trusts)',
    read: text,
  },
  insecure: {
    name: 'insecure',
    group: 'tls',
    help: 'take any certificate; what is measured stays the same',
    default: 'false',
    read: onOff,
  },
  servername: {
    name: 'servername',
    group: 'tls',
    argument: '<name>',
    help: 'the name that is asked for (SNI), which the certificate has to be for (default: the host of the URL)',
    read: readServername,
  },
  cert: {
    name: 'cert',
    group: 'tls',
    argument: '<file>',
    help: 'certificate that each connection shows, PEM, with those that vouch for it',
    read: text,
  },
  key: {
    name: 'key',
    group: 'tls',
    argument: '<file>',
    help: 'its private key, PEM; CONNRIG_TLS_PASSPHRASE says the passphrase of one that has one',
    read: text,
  },
  alpn: {
    name: 'alpn',
    group: 'tls',
    argument: '<list>',
    help: 'protocols that are offered by ALPN, the preferred one first, such as http/1.1',
    read: list(readAlpn),
  },
  tlsVersion: {
    name: 'tls',
    group: 'tls',
    argument: '<version>',
    help: `this version of TLS alone: ${TLS_VERSIONS.join(' or ')} (default: both)`,
    read: oneOf(TLS_VERSIONS),
  },
  tlsCiphers: {
    name: 'tls-ciphers',
    group: 'tls',
    argument: '<list>',
    help: 'suites that are offered, with colons between, such as TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
    read: readNames,
  },
  tlsGroups: {
    name: 'tls-groups',
    group: 'tls',
    argument: '<list>',
    help: 'groups of the key exchange, with colons between (default: X25519:P-256:P-384)',
    read: readNames,
  },
  resume: {
    name: 'resume',
    group: 'tls',
    argument: '<on|off>',
    help: 'on: opens take up an earlier session where the target lets them; off: each is a first visit',
    default: 'off',
    read: oneOf(['on', 'off']),
  },
} as const satisfies OptionTable;

function readServername(given: string): ReturnType<typeof text> {
  const name = given.replace(/^\[|\]$/g, '');
  return /^[\w.:-]{1,253}$/.test(name) ? { value: name } : { problem: `"${given}" is no host name and no IP address` };
}

function readAlpn(given: string): ReturnType<typeof text> {
  return given.length <= 255 && WORDS.test(given)
    ? { value: given }
    : { problem: `"${given}" is no name such as http/1.1` };
}

function readNames(given: string): ReturnType<typeof text> {
  return NAMES_WITH_COLONS.test(given)
    ? { value: given }
    : { problem: `"${given}" is no list of names with colons between` };
}
