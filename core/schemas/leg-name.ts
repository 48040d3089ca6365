/** What legs are called: by their scheme, and by a number as well from the second one of a scheme on. */
import { z } from 'zod';
import { SCHEMES, type SchemeName } from '../protocols/schemes.ts';

/** Files and anchors of a report are called after legs, and a run folder may be from anybody. */
export const LegName = z.string().regex(/^[a-z][a-z0-9+-]{0,39}$/);

/** @returns for each leg its name: `ws`, `tcp`, `ws-2`, `wss`, `ws+unix` */
export function nameLegs(schemes: readonly SchemeName[]): string[] {
  return schemes.map((scheme, index) => {
    const earlier = schemes.slice(0, index).filter((one) => one === scheme).length;
    return earlier === 0 ? scheme : `${scheme}-${earlier + 1}`;
  });
}

const LEG_NAME = new RegExp(`^(${SCHEMES.join('|').replaceAll('+', '\\+')})(-([2-9]|[1-9]\\d+))?$`);

/** Whether a leg of some run may be called so. */
export const isLegName = (text: string): boolean => LEG_NAME.test(text);

/** Versions without names had one leg for each protocol: there the protocol is the name. */
export const withLegName = <S extends z.ZodType>(key: 'name' | 'leg', schema: S) =>
  z.preprocess((value) => {
    if (typeof value !== 'object' || value === null || key in value || !('protocol' in value)) return value;
    return { ...value, [key]: value.protocol };
  }, schema);
