import type { Access } from '../telemetry/guard.ts';
import { ADMIN_OPTIONS, accessProblems, toAccess } from './admin-options.ts';
import { listenOption } from './listen-address.ts';
import type { OptionTable } from './option.ts';
import { type CommandLine, readCommandLine } from './read-options.ts';

/** Every option of `connrig live`. */
export const LIVE_OPTIONS = { listen: listenOption(9466), ...ADMIN_OPTIONS } as const satisfies OptionTable;

export interface LiveConfig {
  readonly host: string;
  readonly port: number;
  readonly access: Access;
}

/** @throws RigError EUSAGE with every problem there is */
export function readLiveConfig(line: CommandLine): LiveConfig {
  const { listen, ...admin } = readCommandLine('live', LIVE_OPTIONS, line, (values) =>
    accessProblems(`--listen ${line.given['listen']}`, values.listen.host, values.adminToken),
  );
  return { host: listen.host, port: listen.port, access: toAccess(admin) };
}
