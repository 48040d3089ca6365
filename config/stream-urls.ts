import { overTransport, type SchemeName, toScheme } from '../core/protocols/schemes.ts';
import type { TargetUrl } from '../core/values/urls.ts';

/** Schemes of answers that go on: their URLs are written as those of http, and say nothing of that. */
const STREAMS: readonly SchemeName[] = ['sse', 'sses'];

/**
 * What a URL stands for where `--protocol` is given as well. Its scheme names the protocol, but for event streams, which
 * everybody writes as `http://` or `https://`.
 *
 * @returns a sentence where the two don't go together
 */
export function underProtocols(url: TargetUrl, named: readonly SchemeName[]): TargetUrl | string {
  const { text, scheme, protocol, transport } = url;
  if (!named.every((one) => STREAMS.includes(one))) return '--protocol: the URLs name the protocols already';
  if (STREAMS.includes(scheme)) return url;
  const meant = toScheme('sse', transport);
  if (protocol !== 'http') {
    return `--protocol ${named.join()}: ${text} names its protocol already; event streams are at http:// and https:// URLs`;
  }
  // Over TLS either name is clear enough.
  if (transport === 'plain' && !named.includes(meant)) {
    return `--protocol ${named.join()}: ${text} is plain; write ${overTransport(text, 'tls')}, or --protocol ${meant}`;
  }
  return { ...url, scheme: meant, protocol: 'sse', text: text.replace(/^https?/i, meant) };
}
