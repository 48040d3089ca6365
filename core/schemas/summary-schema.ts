import { z } from 'zod';
import { Summary } from './summary.ts';

/** `summary.json` as JSON Schema, for programs that read it. Later versions add keys, so that others are let be. */
export function summarySchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(Summary, { io: 'input', unrepresentable: 'any' });
  return { ...schema, title: 'summary.json of connrig' };
}
