import { type SchemeName, toCarried, toScheme } from '../core/protocols/schemes.ts';
import type { TLS_OPTIONS } from './run/tls-options.ts';
import type { IsNamed, RunConfig } from './run-config-shape.ts';

/** What says how connections are secured is a mistake where none is: what is measured would be plain. */
export function tlsProblems(config: RunConfig, schemes: readonly SchemeName[], named: IsNamed): string[] {
  if (schemes.some((scheme) => toCarried(scheme).transport === 'tls')) return suiteProblems(config);
  const overTls = asksOverTls(config) ? new Set(['ca', 'insecure']) : new Set<string>();
  const idle = (Object.keys(FLAGS) as Array<keyof typeof FLAGS>).filter((key) => named(key) && !overTls.has(key));
  if (idle.length === 0) return [];
  const secured = schemes.map((scheme) => toScheme(toCarried(scheme).protocol, 'tls')).join(', ');
  const flags = idle.map((key) => `--${FLAGS[key]}`).join(', ');
  return [`${flags}: no connection of this run is over TLS; give ${secured} in place of ${schemes.join(', ')}`];
}

/** Suites of TLS 1.3 say nothing of a key exchange. */
const OF_1_3 = /^TLS_(?!.*_WITH_)/;

function suiteProblems({ tlsVersion, tlsCiphers }: RunConfig): string[] {
  if (tlsVersion === undefined || tlsCiphers === undefined) return [];
  const fits = (name: string): boolean => OF_1_3.test(name) === (tlsVersion === '1.3');
  if (tlsCiphers.split(':').some(fits)) return [];
  const example = tlsVersion === '1.3' ? 'TLS_AES_128_GCM_SHA256' : 'ECDHE-ECDSA-AES128-GCM-SHA256';
  return [`--tls-ciphers: no suite of TLS ${tlsVersion} is in it; ${example}, say`];
}

/** Whether something else than the target's connections is over TLS: what is asked about it. */
export const asksOverTls = ({ exporter, collect }: Pick<RunConfig, 'exporter' | 'collect'>): boolean =>
  [exporter?.url, typeof collect === 'object' ? collect.url : undefined].some((url) => url?.startsWith('https:'));

const FLAGS = {
  ca: 'ca',
  insecure: 'insecure',
  servername: 'servername',
  cert: 'cert',
  key: 'key',
  alpn: 'alpn',
  tlsVersion: 'tls',
  tlsCiphers: 'tls-ciphers',
  tlsGroups: 'tls-groups',
  resume: 'resume',
} as const satisfies Record<keyof typeof TLS_OPTIONS, string>;
