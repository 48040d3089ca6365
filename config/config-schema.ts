import { z } from 'zod';
import { OpeningFormat } from '../core/opening/format.ts';
import { formatMeaning, type Option, onOff } from './option.ts';
import { RUN_OPTIONS } from './run-options.ts';

type Json = Readonly<Record<string, unknown>>;

/** A word, or a number without a unit: YAML has both for what a command line has as text. */
const ONE: Json = { type: ['string', 'number', 'boolean'] };
const ONE_OR_MORE: Json = { anyOf: [ONE, { type: 'array', items: ONE }] };

/**
 * What a config file of `connrig run` may have, as JSON Schema: names, meanings and defaults from the table that reads it. What
 * a value has to look like is for `connrig doctor` or the run itself to say, since units and lists have a language of their own.
 */
export function configSchema(): Json {
  const settings = Object.values(RUN_OPTIONS).map((option) => [option.name, settingOf(option)] as const);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'config file of connrig run',
    type: 'object',
    additionalProperties: false,
    properties: {
      urls: { description: 'what to connect to, such as ws://127.0.0.1:3000', ...ONE_OR_MORE },
      ...Object.fromEntries(settings),
      variants: {
        description: 'for connrig variants: by its name, what each sets in place of these settings',
        type: 'object',
        additionalProperties: { type: 'object', additionalProperties: ONE_OR_MORE },
      },
      opening: {
        ...settingOf(RUN_OPTIONS.opening),
        // In full, or the file that has it.
        anyOf: [ONE, schemaOf(OpeningFormat)],
      },
    },
  };
}

function settingOf(option: Option<unknown>): Json {
  const isSwitch = option.read === onOff;
  const fallback =
    option.default === undefined ? {} : { default: isSwitch ? option.default === 'true' : option.default };
  return { description: formatMeaning(option), ...(isSwitch ? { type: 'boolean' } : ONE_OR_MORE), ...fallback };
}

/** Within another schema, which says which JSON Schema it is. */
function schemaOf(shape: z.ZodType): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io: 'input' });
  return schema;
}
