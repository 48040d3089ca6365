import type { Access } from '../telemetry/guard.ts';
import { isLoopback } from '../telemetry/listen.ts';
import type { OptionTable, Read } from './option.ts';
import { readSecret } from './secret.ts';

/** Rows of every command that serves pages over HTTP: they say who may ask for them. */
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
