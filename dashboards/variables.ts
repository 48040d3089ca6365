/** What a person chooses at the top of a dashboard. */
interface Variable {
  readonly label: string;
  readonly description: string;
  /** Whether several can be chosen at once. */
  readonly multi: boolean;
}

export const VARIABLES = {
  run: { label: 'Run', description: 'The run, by the name of its folder.', multi: false },
  runs: { label: 'Runs', description: 'The runs to compare, by the names of their folders.', multi: true },
  server: { label: 'Server', description: 'A connrig serve that is scraped.', multi: false },
  meter: { label: 'Meter', description: "A connrig meter that is scraped, on the server's machine.", multi: false },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;
