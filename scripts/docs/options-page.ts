import { formatFlags, formatMeaning, OPTION_GROUPS, type Option, type OptionTable } from '../../config/option.ts';
import { OPTION_TABLES } from '../../config/option-tables.ts';
import { TRIED_OPTIONS } from '../../config/try-options.ts';
import { COMMON_OPTIONS } from '../../config/variants/variants-options.ts';
import { markdownTable } from '../../report/outputs/markdown-kit.ts';

const HEAD = `<!-- Made by "npm run generate" from the tables of options in config/: change it there. -->

# Options

What each command of \`connrig\` can be told; \`connrig COMMAND --help\` says the same.
`;

/** What a table of options can't say. */
const INTROS: Readonly<Record<string, string>> = {
  run: `Each one can stand in a file, too: \`--config run.yaml\`, by the same name without dashes. What the command line says wins.
[Measuring your own server](own-servers.md) has whole commands.

Counts may be written as \`5000\`, \`5k\` or \`5e3\`, and sizes as \`64KiB\`, \`64Ki\` or \`64k\` (1,024 each), or \`64kB\` (1,000 each). A duration has a
unit: \`--rest 15\` is refused, since it could be 15ms or 15s. So is a percentage of 1 or less without its sign.

The result goes to stdout, progress and errors to stderr. With \`--json\` stdout has the JSON alone, and the table goes to stderr. With
\`--quiet\` nothing but the result and errors is told. Where stderr is no terminal, or a dumb one (\`TERM=dumb\`), progress is a line each 10 s at
most. Nothing is ever coloured, so \`NO_COLOR\` has nothing to forbid.

An \`--out\` that holds nothing but a run which failed before it measured anything is used again.
`,
  try: `It takes URLs, \`--config\` and these options of \`connrig run\`: ${namesOf(TRIED_OPTIONS)}. [What it shows](try.md). It has these beside
them:
`,
  variants: `It takes URLs, \`--config\` and these options of \`connrig run\`, which all variants have in common: ${namesOf(COMMON_OPTIONS)}.
[What variants there are](variants.md). It has these beside them, or otherwise:
`,
  doctor: `It takes URLs, \`--config\` and all options of \`connrig run\`, and says whether that run would fit this machine. \`connrig run --dry-run\` tells
the plan besides. These differ:
`,
};

/** Rows of a command that are told with another one. */
const TOLD_WITH: Readonly<Record<string, string>> = { try: 'run', variants: 'run', doctor: 'run' };

function namesOf(table: OptionTable): string {
  const names = Object.values(table).map(({ name }) => `\`--${name}\``);
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Commands with more options than this have a table for each group of them. */
const MOST_IN_ONE_TABLE = 24;

/** Every option of every command, by what it is about. */
export function optionsPage(): string {
  const sections = Object.entries(OPTION_TABLES).map(([command, table]) => {
    const intro = INTROS[command] === undefined ? '' : `${INTROS[command]}\n`;
    return `## connrig ${command}\n\n${intro}${writeTables(ownRows(command, table))}`;
  });
  return [HEAD, ...sections].join('\n');
}

function ownRows(command: string, table: OptionTable): OptionTable {
  const others = Object.values(OPTION_TABLES[TOLD_WITH[command] ?? ''] ?? {});
  return Object.fromEntries(Object.entries(table).filter(([, row]) => !others.includes(row)));
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
