/** What a subcommand needs of the process it runs in; `main.ts` passes the real ones, a test its own. */
export interface CliDeps {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
}
