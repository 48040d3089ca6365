import { redactBroken, redactUrl } from '../core/values/secrets.ts';
import type { Read } from './option.ts';

/** How a target's garbage is collected: as its runtime lets us, by asking it at a URL, or not at all. */
export type CollectHow = 'auto' | 'off' | { readonly url: string; readonly text: string };

/** @param given auto, off, or a URL that collects when it is asked */
export function readCollect(given: string): Read<CollectHow> {
  if (given === 'auto' || given === 'off') return { value: given };
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) {
    return { value: { url: url.href, text: redactUrl(given) } };
  }
  return {
    problem: `"${redactBroken(given)}" is neither auto nor off, nor a URL such as http://127.0.0.1:6060/debug/pprof/heap?gc=1`,
  };
}
