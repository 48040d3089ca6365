/**
 * Plain data with bytes in it, as JSON. It may come from a stranger, where a fleet has no token: a reader of JSON makes nothing but plain
 * data of it.
 */

const BYTES = '$bytes';
/** JSON has no word for infinity. */
const NUMBER = '$number';

export const toPlainJson = (data: unknown): string =>
  // Buffers become JSON by themselves before this is asked; what they were is known from what holds them.
  JSON.stringify(data, function (this: Record<string, unknown>, key, value) {
    const own = this[key];
    if (own instanceof Uint8Array) return { [BYTES]: Buffer.from(own).toString('base64') };
    return typeof own === 'number' && !Number.isFinite(own) ? { [NUMBER]: String(own) } : value;
  });

/** @throws SyntaxError */
export const fromPlainJson = (text: string): unknown =>
  JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if (BYTES in value) return Uint8Array.from(Buffer.from(String(value[BYTES]), 'base64'));
    return NUMBER in value ? Number(value[NUMBER]) : value;
  });
