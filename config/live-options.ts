import type { CertificateAndKey } from '../certificates/read-certificate-and-key.ts';
import type { Access } from '../telemetry/guard.ts';
import { ADMIN_OPTIONS, accessProblems, readAdminTls, toAccess } from './admin-options.ts';
import { listenOption } from './listen-address.ts';
import type { OptionTable } from './option.ts';
import { type CommandLine, readCommandLine } from './read-options.ts';

/** Every option of `connrig live`. */
export const LIVE_OPTIONS = { listen: listenOption(9466), ...ADMIN_OPTIONS } as const satisfies OptionTable;

export interface LiveConfig {
  readonly host: string;
  readonly port: number;
  readonly access: Access;
  readonly tls: CertificateAndKey | undefined;
}

/** @throws RigError EUSAGE with every problem there is */
export function readLiveConfig(line: CommandLine): LiveConfig {
  let tls: CertificateAndKey | undefined;
  const { listen, ...admin } = readCommandLine('live', LIVE_OPTIONS, line, (values) => {
    const problems = accessProblems(`--listen ${line.given['listen']}`, values.listen.host, values.adminToken);
    tls = readAdminTls(values, line.env, problems);
    return problems;
  });
  return { host: listen.host, port: listen.port, access: toAccess(admin), tls };
}
