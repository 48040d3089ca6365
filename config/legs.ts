import { type BehaviourPlan, canBehave, isTalk, throughoutOf } from '../core/behaviours/behaviours.ts';
import { DESCRIPTORS, findProtocols } from '../core/protocols/protocols.ts';
import { familyOf, type SchemeName, toCarried } from '../core/protocols/schemes.ts';
import type { Leg } from '../core/schemas/leg.ts';
import { isLegName, nameLegs } from '../core/schemas/leg-name.ts';
import { type LegTls, TLS_VERSIONS } from '../core/schemas/tls.ts';
import { warmUpBelow } from '../core/values/plan.ts';
import type { IsNamed, RunConfig } from './run-config-shape.ts';
import { tlsProblems } from './tls-problems.ts';

/** A pace that a small server keeps up with, unless that would take longer than this. */
const PACE = { plain: { perSecond: 2000, withinSeconds: 120 }, tls: { perSecond: 500, withinSeconds: 1200 } } as const;

/**
 * One leg for each URL in their order, or for each scheme of the built-in server or of a target.
 *
 * @param problems gets a sentence for each setting that no leg can follow
 */
export function legsOf(
  config: RunConfig,
  levels: readonly number[],
  named: IsNamed,
  problems: string[],
): [first: Leg, ...others: Leg[]] {
  const schemes = schemesOf(config, named('protocols'), problems);
  const names = nameLegs(schemes);
  problems.push(
    ...talkProblems(config, schemes),
    ...broadcastProblems(config, schemes),
    ...traitProblems(config, schemes),
    ...socketProblems(config, schemes),
    ...tlsProblems(config, schemes, named),
    ...thresholdProblems(config, names),
  );
  const top = levels.at(-1) ?? 0;
  const legs = schemes.map((scheme, index): Leg => {
    const { protocol, transport } = toCarried(scheme);
    return {
      name: names[index]!,
      url: config.urls[index]?.text ?? null,
      protocol,
      transport,
      family: familyOf(scheme),
      tls: transport === 'tls' ? legTls(config) : null,
      behaviour: behaviourOf(config),
      close: config.close,
      perMessageDeflate: DESCRIPTORS[protocol].compresses ? config.perMessageDeflate : 'off',
      // Known when its files are read.
      opening: null,
      warmUp: warmUpBelow(levels),
      levels,
      connectsPerSecond: config.connectsPerSecond ?? paceOf(transport, top),
      cycles: config.cycles,
    };
  });
  return legs as [Leg, ...Leg[]];
}

/** Connections opened per second where nobody says. @param top how many there are to be */
export function paceOf(transport: Leg['transport'], top: number): number {
  const { perSecond, withinSeconds } = PACE[transport];
  return Math.max(perSecond, Math.ceil(top / withinSeconds));
}

function schemesOf(
  { urls, target, protocols }: RunConfig,
  isNamed: boolean,
  problems: string[],
): readonly SchemeName[] {
  if (urls.length > 0) return urls.map(({ scheme }) => scheme);
  if (target === undefined) return protocols;
  const { name } = target.manifest;
  const spoken: readonly SchemeName[] = target.manifest.protocols;
  const wanted = isNamed ? protocols : spoken;
  const foreign = wanted.filter((scheme) => !spoken.includes(scheme));
  if (foreign.length > 0) problems.push(`--protocol: ${name} speaks ${spoken.join(', ')}, not ${foreign.join(', ')}`);
  return wanted;
}

const legTls = (config: RunConfig): LegTls => ({
  verify: !config.insecure,
  servername: config.servername ?? null,
  versions: config.tlsVersion === undefined ? [...TLS_VERSIONS] : [config.tlsVersion],
  ciphers: config.tlsCiphers ?? null,
  groups: config.tlsGroups ?? null,
  alpn: [...(config.alpn ?? [])],
  resume: config.resume === 'on',
  hasOwnCertificate: config.cert !== undefined,
});

const exchangeOf = (scheme: SchemeName) => DESCRIPTORS[toCarried(scheme).protocol].exchange;

/** Refused as a whole: a leg that would do nothing looks like one that was measured. */
function talkProblems({ behaviour, rttLimitMs }: RunConfig, schemes: readonly SchemeName[]): string[] {
  const { kind } = throughoutOf(behaviour);
  const problems: string[] = [];
  if (rttLimitMs !== undefined && !isTalk(behaviour)) {
    const exchanges = schemes.map(exchangeOf);
    const other = exchanges.includes('requests') ? 'request:5k/s' : 'echo:5k/s:64B';
    const instead = exchanges.every((one) => one === 'events') ? 'event streams have none' : `take ${other}, say`;
    problems.push(`--rtt-limit: no round trips are measured with --behaviour ${kind}; ${instead}`);
  }
  const unable = schemes.filter((scheme) => !canBehave(toCarried(scheme).protocol, kind));
  if (unable.length > 0) problems.push(`--behaviour ${kind}: ${whyUnable(kind, unable)}`);
  return problems;
}

/** What publishes by requests has no connection that does, and what a target cuts isn't cut by us. */
function behaviourOf({ behaviour, publish, restart }: RunConfig): BehaviourPlan {
  if (behaviour.kind === 'broadcast' && publish !== undefined) return { ...behaviour, by: 'request' };
  if (behaviour.kind === 'storm' && restart !== undefined) return { ...behaviour, cut: 'restart' };
  return behaviour;
}

function broadcastProblems(config: RunConfig, schemes: readonly SchemeName[]): string[] {
  const { behaviour, publish, publishHeader, publishMessage, urls, target } = config;
  if (behaviour.kind !== 'broadcast') {
    const idle = Object.entries({ publish, 'publish-header': publishHeader, 'publish-message': publishMessage });
    return idle.flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}: nothing is published without --behaviour broadcast:1/s:256B`],
    );
  }
  if (behaviour.by === 'server') {
    return publish === undefined ? [] : ['--publish: the server publishes by itself; leave one of them out'];
  }
  if (publish === undefined && publishHeader !== undefined) {
    return ["--publish-header: a connection publishes; 'POST http://…' in --publish has a request do it"];
  }
  const mute = schemes.filter((scheme) => exchangeOf(scheme) === 'events');
  if (publish === undefined && mute.length > 0) {
    return [`--behaviour broadcast: ${mute.join(' and ')} connections can't publish; give --publish 'POST http://…'`];
  }
  const foreign = schemes.filter((scheme) => toCarried(scheme).protocol !== 'ws');
  return urls.length === 0 && target === undefined && foreign.length > 0
    ? [
        `--behaviour broadcast: the built-in server has rooms for ws alone, not for ${foreign.join(', ')}; --protocol ws`,
      ]
    : [];
}

function whyUnable(kind: BehaviourPlan['kind'], unable: readonly SchemeName[]): string {
  const [asking] = findProtocols(({ exchange }) => exchange === 'requests');
  const names = unable.join(' and ');
  if (kind === 'request' || kind === 'poll') {
    return `${names} connections have no requests; give an ${asking}:// URL or --protocol ${asking}`;
  }
  return unable.some((scheme) => exchangeOf(scheme) === 'events')
    ? `${names} connections have nothing to send once they are open; leave ${names} out, or take idle`
    : `${names} connections have requests, not messages; take request:5k/s, or leave ${names} out`;
}

/** What some protocols can do and others can't. */
function traitProblems({ perMessageDeflate }: RunConfig, schemes: readonly SchemeName[]): string[] {
  const problems: string[] = [];
  const descriptors = schemes.map((scheme) => DESCRIPTORS[toCarried(scheme).protocol]);
  if (perMessageDeflate !== 'off' && !descriptors.some(({ compresses }) => compresses)) {
    const compressing = findProtocols(({ compresses }) => compresses).join(' and ');
    problems.push(
      `--per-message-deflate: only ${compressing} compresses messages; the legs of this run are ${schemes.join(', ')}`,
    );
  }
  return problems;
}

/** What goes for addresses and ports alone. */
function socketProblems({ sources, processes, urls, behaviour }: RunConfig, schemes: readonly SchemeName[]): string[] {
  const atSockets = schemes.filter((scheme) => familyOf(scheme) === 'unix');
  const problems: string[] = [];
  if (sources !== undefined && atSockets.length === schemes.length) {
    problems.push(
      `--source: connections to a Unix socket (${atSockets.join(', ')}) come from no address; leave it out`,
    );
  }
  if (behaviour.kind === 'vanish' && atSockets.length > 0) {
    problems.push(
      `--behaviour vanish: the kernel tells both ends of a Unix socket (${atSockets.join(', ')}) at once, so nobody can vanish; take tcp, ws or http over TCP`,
    );
  }
  if (urls.length === 0 && (processes ?? 1) > 1 && atSockets.length > 0) {
    problems.push(`--processes: one process listens at a Unix socket (${atSockets.join(', ')}); leave it out`);
  }
  return problems;
}

function thresholdProblems({ failIf }: RunConfig, names: readonly string[]): string[] {
  return (failIf ?? []).flatMap(({ path: [first = ''] }) =>
    isLegName(first) && !names.includes(first)
      ? [`--fail-if: no leg of this run is ${first}; there is ${names.join(', ')}`]
      : [],
  );
}
