import { readSecret } from '../config/secret.ts';
import type { Access } from '../telemetry/guard.ts';
import { isLoopback } from '../telemetry/listen.ts';
import type { CliDeps } from './deps.ts';

/** Options of every command that serves pages over HTTP: who may ask for them. */
export const ADMIN_FLAGS = {
  adminToken: {
    flags: '--admin-token <token>',
    default: undefined,
    help: 'answer only who knows it (Authorization: Bearer <token>); @file and CONNRIG_ADMIN_TOKEN keep it out of ps',
  },
  adminNames: {
    flags: '--admin-names <list>',
    default: undefined,
    help: 'names under which it may be asked for, besides addresses, localhost and the host name',
  },
} as const;

type RawAdmin = Readonly<Partial<Record<keyof typeof ADMIN_FLAGS, string | boolean>>>;

/**
 * Who may ask at an endpoint on `host`. Beyond this machine only who knows a token.
 *
 * @param where the option that says so, with its value, for the problem
 * @param problems what is wrong is added here
 */
export function readAccess(
  { adminToken, adminNames }: RawAdmin,
  host: string,
  where: string,
  env: CliDeps['env'],
  problems: string[],
): Access {
  const given = typeof adminToken === 'string' ? adminToken : env['CONNRIG_ADMIN_TOKEN'] || undefined;
  const read = given === undefined ? undefined : readSecret(given);
  const names = typeof adminNames === 'string' ? adminNames.split(',').map((name) => name.trim()) : [];
  if (read && 'problem' in read) {
    problems.push(`${typeof adminToken === 'string' ? '--admin-token' : 'CONNRIG_ADMIN_TOKEN'}: ${read.problem}`);
  }
  if (names.includes('')) problems.push(`--admin-names: "${adminNames}" is not a list of names`);
  if (read === undefined && !isLoopback(host)) {
    problems.push(`${where}: beyond this machine only who knows a token is answered; give --admin-token`);
  }
  return { token: read && 'value' in read ? read.value : undefined, names };
}
