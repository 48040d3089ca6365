import type { CertificateAndKey } from '../certificates/read-certificate-and-key.ts';
import type { Access } from '../telemetry/guard.ts';
import { ADMIN_OPTIONS, accessProblems, readAdminTls, toAccess } from './admin-options.ts';
import { listenOption } from './listen-address.ts';
import type { OptionTable, Read } from './option.ts';
import { type CommandLine, readCommandLine } from './read-options.ts';

/** Every option of `connrig meter`. */
export const METER_OPTIONS = {
  pids: {
    name: 'pid',
    group: 'target',
    argument: '<pid>',
    help: 'measure this process and its children',
    repeats: true,
    read: readPids,
  },
  listen: listenOption(9465),
  ...ADMIN_OPTIONS,
} as const satisfies OptionTable;

export interface MeterConfig {
  readonly pids: readonly number[];
  readonly host: string;
  readonly port: number;
  readonly access: Access;
  readonly tls: CertificateAndKey | undefined;
}

/** @throws RigError EUSAGE with every problem there is */
export function readMeterConfig(line: CommandLine): MeterConfig {
  let tls: CertificateAndKey | undefined;
  const {
    pids = [],
    listen,
    ...admin
  } = readCommandLine('meter', METER_OPTIONS, line, (values) => {
    const problems = accessProblems(`--listen ${line.given['listen']}`, values.listen.host, values.adminToken);
    if (values.pids === undefined) problems.unshift('--pid: name at least one process');
    tls = readAdminTls(values, line.env, problems);
    return problems;
  });
  return { pids, host: listen.host, port: listen.port, access: toAccess(admin), tls };
}

/** Also several in one go, as `pidof` names them. */
function readPids(given: string): Read<readonly number[]> {
  const words = given.trim().split(/[\s,]+/);
  const wrong = words.find((word) => !/^[1-9]\d{0,9}$/.test(word));
  return wrong === undefined
    ? { value: [...new Set(words.map(Number))] }
    : { problem: `"${wrong}" is not a process id` };
}
