import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { RigError, usageError } from '../core/values/errors.ts';
import { word } from '../core/values/shell.ts';
import type { TargetUrl } from '../core/values/urls.ts';
import { isAt, type ListensAt } from './preflight/listeners.ts';

/** All addresses that a name has, in the order in which they are to be tried. */
export type Resolver = (host: string) => Promise<readonly string[]>;

/** As this system has it: from its hosts file, or from DNS. */
export const systemResolver: Resolver = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** An attempt that hangs keeps the next address waiting no longer than this, as in browsers (RFC 8305). */
const NEXT_AFTER_MS = 250;
const CONNECT_WITHIN_MS = 5000;

/**
 * Resolves a URL's host once, before anything starts, so that names cost nothing while connections open.
 *
 * @returns its addresses, at least one, none of them twice
 * @throws RigError EHOST; EUSAGE for a link-local address that doesn't say through which interface
 */
export async function resolveHost(
  { host, text }: TargetUrl,
  resolver: Resolver = systemResolver,
): Promise<readonly string[]> {
  if (isIP(host) > 0) return [withKnownZone(host, text)];
  try {
    const ips = [...new Set(await resolver(host))];
    if (ips.length > 0) return ips;
    throw new Error('it has no address');
  } catch (cause) {
    const hint = `getent ahosts ${word(host)}`;
    throw new RigError('EHOST', `${text}: the host ${host} was not found`, { hint, cause });
  }
}

/** Every interface has addresses of fe80::/10, so one of them says nothing without its interface. */
function withKnownZone(ip: string, text: string): string {
  const [address = '', zone] = ip.split('%');
  if (!/^fe[89ab]/i.test(address)) return ip;
  const names = Object.keys(networkInterfaces());
  if (zone !== undefined && (names.includes(zone) || /^\d+$/.test(zone))) return ip;
  const problem =
    zone === undefined
      ? `${text}: ${ip} is a link-local address, which needs its interface`
      : `${text}: there is no interface ${zone}`;
  const example = names.find((name) => name !== 'lo') ?? 'eth0';
  throw usageError(
    [problem],
    `${text.replace(`[${ip}]`, `[${address}%${example}]`)}; ip -6 -brief address shows them all`,
  );
}

/** Which of a host's addresses to connect to. */
export interface Choice {
  readonly ip: string;
  /** For people, where it isn't the first one: which it is, and why. */
  readonly why: string | undefined;
}

/**
 * Chooses the address where the process that is measured listens. Where that isn't known, it is the first that accepts.
 * Where none does, the first: what is wrong with it shows when connections open.
 *
 * @param listening where the process listens; undefined when nobody named one, or it can't be seen
 */
export async function chooseAddress(
  { host, ports: [port = 0] }: TargetUrl,
  ips: readonly string[],
  listening: readonly ListensAt[] | undefined,
): Promise<Choice> {
  const [first = ''] = ips;
  if (ips.length < 2) return { ip: first, why: undefined };
  const all = `${host} is ${ips.slice(0, -1).join(', ')} and ${ips.at(-1)} here`;
  const owned = ips.find((ip) => listening?.some((at) => isAt(at, ip, port)));
  const ip = owned ?? (await firstThatAccepts(ips, port));
  if (ip === undefined) return { ip: first, why: `${all}, and none of them accepts connections at port ${port}` };
  if (ip === first) return { ip, why: undefined };
  const why = owned === undefined ? `which accepts at port ${port}` : `where the process listens`;
  return { ip, why: `${all}; connections go to ${ip}, ${why}` };
}

/** @returns undefined when none accepts */
function firstThatAccepts(ips: readonly string[], port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const stops: Array<() => void> = [];
    let next = 0;
    let failed = 0;
    const end = (ip: string | undefined): void => {
      for (const stop of stops) stop();
      resolve(ip);
    };
    const tryNext = (): void => {
      const ip = ips[next];
      if (ip === undefined) return;
      next += 1;
      let isOver = false;
      const socket = connect({ host: ip, port });
      const patience = setTimeout(tryNext, NEXT_AFTER_MS);
      const fail = (): void => {
        if (isOver) return;
        isOver = true;
        socket.destroy();
        clearTimeout(patience);
        failed += 1;
        if (failed === ips.length) end(undefined);
        // Its patience may be over already, and the next one under way.
        else if (next === failed) tryNext();
      };
      socket.setTimeout(CONNECT_WITHIN_MS, fail);
      socket.once('connect', () => end(ip)).on('error', fail);
      stops.push(() => {
        isOver = true;
        clearTimeout(patience);
        socket.destroy();
      });
    };
    tryNext();
  });
}
