import type { Summary } from '../core/summary.ts';

const COLUMNS = [
  'protocol',
  'open',
  'total_bytes',
  'user_bytes',
  'kernel_bytes',
  'generator_bytes',
  'established',
  'census_open',
  'settled',
] as const;

/** `levels.csv`: one line a level, empty where not measured (RFC 4180, no cell needs quotes). */
export function levelsCsv(summary: Summary): string {
  const lines = summary.legs.flatMap(({ protocol, levels }) =>
    levels.map(({ open, bytes, generatorBytes, established, censusOpen, settled }) =>
      [protocol, open, bytes.total, bytes.user, bytes.kernel, generatorBytes, established, censusOpen, settled]
        .map((cell) => cell ?? '')
        .join(','),
    ),
  );
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}
