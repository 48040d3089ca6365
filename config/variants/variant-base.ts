import { isSchemeName, type SchemeName, toCarried, toScheme } from '../../core/protocols/schemes.ts';
import { parseTargetUrl, type TargetUrl } from '../../core/values/urls.ts';
import { findTarget, type TargetSource } from '../../lab/catalogue.ts';
import { nameFilesInFull } from '../opening/beside-file.ts';
import type { RawSettings } from '../read-options.ts';
import { TLS_OPTIONS } from '../run/tls-options.ts';
import { underProtocols } from '../stream-urls.ts';
import { SIGN_IN_NAMES, type VariantBase } from './variant-table.ts';
import { COMMON_OPTIONS } from './variants-options.ts';

/** What was written, and what of it varies. */
interface Written {
  readonly given: RawSettings;
  readonly words: readonly string[];
  readonly file: RawSettings;
  /** That of the config file. */
  readonly folder: string;
  readonly tlsUrl: (TargetUrl & { readonly given: string }) | undefined;
  /** Names of all variants. */
  readonly varies: readonly string[];
}

/**
 * What all variants have in common, and what some are made of.
 *
 * @param problems gets a sentence for each reason why there can be none
 */
export function findVariantBase(written: Written, problems: string[]): VariantBase | undefined {
  const { given, words, file, folder, varies } = written;
  const all: Record<string, unknown> = {};
  for (const { name } of Object.values(COMMON_OPTIONS)) {
    const value = given[name] ?? file[name];
    if (value !== undefined) all[name] = value;
  }
  if (given['opening'] === undefined) all['opening'] = nameFilesInFull(file['opening'], folder);
  const urls = words.length > 0 ? words : file['urls'];
  if (urls !== undefined) all['urls'] = urls;
  if (urls !== undefined && all['command'] === undefined) {
    problems.push(
      'each variant has a fresh target: start it by --command, or leave the URL out for our own server or --target',
    );
  }
  const scheme = schemeOf(all, problems);
  if (scheme === undefined) return undefined;
  if (urls === undefined) all['protocol'] = scheme;
  const { overTls, plain } = splitTls(all, scheme, written);
  const { signIn, settings } = varies.includes('subscribed') ? splitSignIn(plain) : { signIn: {}, settings: plain };
  return { scheme, signIn, overTls, settings: withPlan(settings) };
}

/** As many levels as a variant has unless said. */
const USUAL_LEVELS = COMMON_OPTIONS.levels.default.split(',').length;

/** The defaults of the plan, which aren't those of a run: a list of levels says the top one itself. */
function withPlan(settings: RawSettings): RawSettings {
  if (settings['levels'] !== undefined) return settings;
  const levels = settings['connections'] === undefined ? COMMON_OPTIONS.levels.default : String(USUAL_LEVELS);
  return { ...settings, levels };
}

function schemeOf(settings: RawSettings, problems: string[]): SchemeName | undefined {
  const { urls, target, protocol } = settings;
  const asked = protocol === undefined ? [] : [protocol].flat().flatMap((one) => String(one).split(','));
  if (urls !== undefined) {
    const [first, ...others] = [urls].flat().map(String);
    const read = parseTargetUrl(first ?? '');
    const url =
      typeof read === 'string' || asked.length === 0 ? read : underProtocols(read, asked.filter(isSchemeName));
    if (typeof url === 'string') problems.push(url);
    if (others.length > 0) problems.push('variants are of one kind of connection: give one URL');
    return typeof url === 'string' ? undefined : url.scheme;
  }
  const source = target === undefined ? undefined : findTarget(String(target));
  if (typeof source === 'string') problems.push(`--target: ${source}`);
  const spoken = typeof source === 'object' ? source.manifest.protocols : undefined;
  const [scheme = spoken?.find((one) => toCarried(one).transport === 'plain') ?? 'ws', ...others] = asked;
  if (others.length > 0) problems.push('variants are of one kind of connection: give one --protocol');
  if (isSchemeName(scheme)) return scheme;
  problems.push(`--protocol: "${scheme}" is no protocol`);
  return undefined;
}

/** Settings of TLS are for the variant over TLS alone, unless all are. */
function splitTls(
  all: RawSettings,
  scheme: SchemeName,
  { tlsUrl }: Written,
): { readonly overTls: VariantBase['overTls']; readonly plain: RawSettings } {
  const { protocol, transport } = toCarried(scheme);
  if (transport === 'tls')
    return { overTls: 'all connections are over TLS; give the plain URL, and --tls-url', plain: all };
  const names: ReadonlySet<string> = new Set(Object.values(TLS_OPTIONS).map(({ name }) => name));
  const [ofTls, others] = split(all, (name) => names.has(name));
  const secured = toScheme(protocol, 'tls');
  const overTls = ((): VariantBase['overTls'] => {
    if (all['urls'] !== undefined) {
      if (tlsUrl === undefined)
        return `say where the target speaks ${secured}: --tls-url ${secured}://localhost:8443, say`;
      return tlsUrl.protocol === protocol || protocol === 'sse'
        ? { ...ofTls, urls: [tlsUrl.given] }
        : `--tls-url is of ${tlsUrl.scheme}, and the others are ${scheme} connections; ${secured}://localhost:8443, say`;
    }
    if (tlsUrl !== undefined) return '--tls-url: our own servers say themselves where they listen; leave it out';
    const source = all['target'] === undefined ? undefined : findTarget(String(all['target']));
    return typeof source === 'object' && !speaks(source, secured)
      ? `the target ${source.manifest.name} speaks ${source.manifest.protocols.join(', ')}, not ${secured}`
      : { ...ofTls, protocol: secured };
  })();
  return { overTls, plain: others };
}

const speaks = ({ manifest }: TargetSource, scheme: SchemeName): boolean => manifest.protocols.includes(scheme);

function splitSignIn(all: RawSettings): { readonly signIn: RawSettings; readonly settings: RawSettings } {
  const [signIn, others] = split(all, (name) => SIGN_IN_NAMES.includes(name));
  // Rows that nothing else asks for are those of the sign-in.
  const texts = JSON.stringify([others['header'], others['cookie'], others['urls']]);
  if (texts.includes('{') || Object.keys(signIn).length === 0) return { signIn, settings: others };
  const [rows, settings] = split(others, (name) => name === 'data' || name === 'data-order');
  return { signIn: { ...rows, ...signIn }, settings };
}

function split(all: RawSettings, isFirst: (name: string) => boolean): [first: RawSettings, others: RawSettings] {
  const entries = Object.entries(all).filter(([, value]) => value !== undefined);
  return [
    Object.fromEntries(entries.filter(([name]) => isFirst(name))),
    Object.fromEntries(entries.filter(([name]) => !isFirst(name))),
  ];
}
