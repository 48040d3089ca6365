import { quoted } from '../core/values/shell.ts';
import { type BuiltTarget, foldersOf } from './build.ts';
import { PORT } from './manifest.ts';

/**
 * The shell command that starts a built target: one process for each port. As soon as one of several ends the shell
 * does too, having said which, so that the rest isn't taken for the whole.
 */
export function shellCommand(
  { source, folder, tools }: Omit<BuiltTarget, 'wasCached'>,
  ports: readonly number[],
): string {
  const path = foldersOf(tools).map((one) => `${quoted(one)}:`);
  const prepare = [`cd ${quoted(folder)}`, ...(path.length > 0 ? [`export PATH=${path.join('')}"$PATH"`] : [])];
  const serve = (port: number): string => source.manifest.run.trim().replaceAll(PORT, String(port));
  const [only] = ports;
  if (only !== undefined && ports.length === 1) return [...prepare, `exec ${serve(only)}`].join(' && ');
  const each = ports.map(
    (port) => `(${serve(port)}; echo "the process at port ${port} ended (exit code $?)" >&2; kill $$) &`,
  );
  return [...prepare.map((line) => `${line} || exit`), ...each, 'wait'].join('\n');
}
