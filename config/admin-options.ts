import type { CertificateAndKey } from '../certificates/read-certificate-and-key.ts';
import type { Access } from '../telemetry/guard.ts';
import { isLoopback } from '../telemetry/listen.ts';
import { readPair } from './certificate-pair.ts';
import { type OptionTable, type Read, text } from './option.ts';
import { readSecret } from './secret.ts';

/** Rows of every command that serves pages: they say who may ask for them, and what protects them on their way. */
export const ADMIN_OPTIONS = {
  adminToken: {
    name: 'admin-token',
    group: 'access',
    argument: '<token>',
    help: 'answer only who knows it (Authorization: Bearer <token>); @file and CONNRIG_ADMIN_TOKEN keep it out of ps',
    env: 'CONNRIG_ADMIN_TOKEN',
    read: readSecret,
  },
  adminNames: {
    name: 'admin-names',
    group: 'access',
    argument: '<list>',
    help: 'names under which it may be asked for, besides addresses, localhost and the host name',
    read: readNames,
  },
  adminCert: {
    name: 'admin-cert',
    group: 'access',
    argument: '<file>',
    help: 'speak https with this certificate, PEM, and those that vouch for it',
    read: text,
  },
  adminKey: {
    name: 'admin-key',
    group: 'access',
    argument: '<file>',
    help: 'its private key, PEM; CONNRIG_TLS_PASSPHRASE says the passphrase of one that has one',
    read: text,
  },
} as const satisfies OptionTable;

function readNames(given: string): Read<readonly string[]> {
  const names = given.split(',').map((name) => name.trim());
  return names.includes('') ? { problem: `"${given}" is not a list of names` } : { value: names };
}

export const toAccess = ({
  adminToken: token,
  adminNames: names = [],
}: {
  readonly adminToken: string | undefined;
  readonly adminNames: readonly string[] | undefined;
}): Access => ({ token, names });

/**
 * Beyond this machine only who knows a token is answered.
 *
 * @param where the option that names the host, as it was written
 */
export const accessProblems = (where: string, host: string, token: string | undefined): string[] =>
  token !== undefined || isLoopback(host)
    ? []
    : [`${where}: beyond this machine only who knows a token is answered; give --admin-token`];

/**
 * What pages are served with over TLS.
 *
 * @param problems a sentence is added for each
 * @returns undefined: over plain HTTP
 */
export const readAdminTls = (
  { adminCert, adminKey }: { readonly adminCert: string | undefined; readonly adminKey: string | undefined },
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): CertificateAndKey | undefined =>
  readPair(
    { name: ADMIN_OPTIONS.adminCert.name, path: adminCert },
    { name: ADMIN_OPTIONS.adminKey.name, path: adminKey },
    env,
    problems,
  );
