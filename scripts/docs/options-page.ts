import { formatFlags, formatMeaning, OPTION_GROUPS, type Option, type OptionTable } from '../../config/option.ts';
import { OPTION_TABLES } from '../../config/option-tables.ts';
import { markdownTable } from '../../report/outputs/markdown-kit.ts';

const HEAD = `<!-- Made by "npm run generate" from the tables of options in config/: change it there. -->

# Options

What each command of \`connrig\` can be told; \`connrig COMMAND --help\` says the same.
`;

/** What a table of options can't say. */
const INTROS: Readonly<Record<string, string>> = {
  run: `Each one can stand in a file, too: \`--config run.yaml\`, by the same name without dashes. What the command line says wins.
[Measuring your own server](own-servers.md) has whole commands.
`,
};

/** Commands with more options than this have a table for each group of them. */
const MOST_IN_ONE_TABLE = 24;

/** Every option of every command, by what it is about. */
export function optionsPage(): string {
  const sections = Object.entries(OPTION_TABLES).map(([command, table]) => {
    const intro = INTROS[command] === undefined ? '' : `${INTROS[command]}\n`;
    return `## connrig ${command}\n\n${intro}${writeTables(table)}`;
  });
  return [HEAD, ...sections].join('\n');
}

function writeTables(table: OptionTable): string {
  const options = Object.values(table);
  const groups = Object.entries(OPTION_GROUPS).flatMap(([group, heading]) => {
    const own = options.filter((option) => option.group === group);
    return own.length > 0 ? [{ heading, own }] : [];
  });
  if (options.length <= MOST_IN_ONE_TABLE) return writeTable(groups.flatMap(({ own }) => own));
  return groups.map(({ heading, own }) => `### ${heading}\n\n${writeTable(own)}`).join('\n');
}

const writeTable = (options: ReadonlyArray<Option<unknown>>): string =>
  `${markdownTable(['option', 'meaning', 'by default'], options.map(toRow), [true, true, true])}\n`;

function toRow(option: Option<unknown>): string[] {
  const { argument, default: fallback } = option;
  const byDefault = fallback === undefined || argument === undefined ? '' : `\`${fallback}\``;
  return [`\`${formatFlags(option)}\``, formatMeaning(option), byDefault];
}
