import type { Command } from 'commander';
import { usageError } from '../core/values/errors.ts';
import type { CliDeps } from './deps.ts';

/** Adds `connrig schema <summary|config>`: what programs may rely on, as JSON Schema. */
export function addSchemaCommand(program: Command, deps: CliDeps): void {
  program
    .command('schema')
    .description('print the JSON Schema of summary.json, or of a config file of `connrig run`')
    .argument('<what>', 'summary or config')
    .allowExcessArguments(false)
    .action(async (what: string) => {
      deps.stdout.write(`${JSON.stringify(await schemaOf(what), null, 2)}\n`);
    });
}

/** @throws RigError EUSAGE */
async function schemaOf(what: string): Promise<unknown> {
  if (what === 'summary') return (await import('../core/schemas/summary-schema.ts')).summarySchema();
  if (what === 'config') return (await import('../config/config-schema.ts')).configSchema();
  throw usageError([`"${what}" is neither summary nor config`], 'connrig schema summary');
}
