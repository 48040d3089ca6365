import { OPTION_GROUPS, type Option } from '../../config/option.ts';
import { RUN_OPTIONS } from '../../config/run-options.ts';
import { markdownTable } from '../../report/outputs/markdown-kit.ts';

const HEAD = `<!-- Made by "npm run generate" from config/run-options.ts: change it there. -->

# Options of \`connrig run\`

Each one can stand in a file, too: \`--config run.yaml\`, by the same name without dashes. What the command line says wins.
[Measuring your own server](own-servers.md) has whole commands.
`;

/** Every option of `connrig run`, by what it is about. */
export function optionsPage(): string {
  const options = Object.values(RUN_OPTIONS) as readonly Option<unknown>[];
  const sections = Object.entries(OPTION_GROUPS).map(([group, heading]) => {
    const rows = options.filter((option) => option.group === group).map(rowOf);
    return `## ${heading}\n\n${markdownTable(['option', 'meaning', 'by default'], rows, [true, true, true])}\n`;
  });
  return `${HEAD}\n${sections.join('\n')}`;
}

function rowOf({ name, argument, help, default: fallback, repeats }: Option<unknown>): string[] {
  const flag = argument === undefined ? `--${name}` : `--${name} ${argument}`;
  const meaning = repeats ? `${help}; may be given several times` : help;
  return [`\`${flag}\``, meaning, fallback === undefined || argument === undefined ? '' : `\`${fallback}\``];
}
