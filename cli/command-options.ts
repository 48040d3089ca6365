import { type Command, Option as CommandOption } from 'commander';
import { formatFlags, formatMeaning, OPTION_GROUPS, type Option, type OptionTable } from '../config/option.ts';
import type { CommandLine, RawSettings } from '../config/read-options.ts';
import type { CliDeps } from './deps.ts';

/**
 * Adds the options of a table to a command, under their headings in the help. What is written is taken as it is, also what
 * nobody knows, so that it is reported together with everything else that is wrong.
 */
export function addOptions(command: Command, table: OptionTable): Command {
  command.allowUnknownOption().allowExcessArguments();
  const options = Object.values(table);
  for (const [group, heading] of Object.entries(OPTION_GROUPS)) {
    for (const option of options) {
      if (option.group === group) command.addOption(toCommandOption(option).helpGroup(`${heading}:`));
    }
  }
  return command;
}

/** Options that the command has a sentence about, and the help not: those of another command. */
export function addHiddenOptions(command: Command, table: OptionTable): void {
  for (const option of Object.values(table)) command.addOption(toCommandOption(option).hideHelp());
}

function toCommandOption(option: Option<unknown>): CommandOption {
  const { argument, default: fallback, repeats, joinedBy = ',' } = option;
  const meaning = formatMeaning(option);
  const shown = fallback === undefined || argument === undefined ? meaning : `${meaning} (default: ${fallback})`;
  const made = new CommandOption(formatFlags(option), shown);
  if (!repeats) return made;
  return made.argParser((value, before?: string) => (before === undefined ? value : `${before}${joinedBy}${value}`));
}

/**
 * What stood on the command line of a command.
 *
 * @param mostWords how many words it takes besides its options; what is beyond them is unknown
 */
export function readLine(command: Command, table: OptionTable, env: CliDeps['env'], mostWords = 0): CommandLine {
  const flags = command.args.filter((word) => word.startsWith('-'));
  const words = command.args.filter((word) => !word.startsWith('-'));
  return {
    given: readGiven(command, table),
    words: words.slice(0, mostWords),
    strangers: [...flags, ...words.slice(mostWords)],
    env,
  };
}

function readGiven(command: Command, table: OptionTable): RawSettings {
  const written = command.opts<Record<string, unknown>>();
  return Object.fromEntries(Object.values(table).map(({ name }) => [name, written[toCamelCase(name)]]));
}

const toCamelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
