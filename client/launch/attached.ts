import { RigError } from '../../core/values/errors.ts';
import { word } from '../../core/values/shell.ts';
import type { TargetUrl } from '../../core/values/urls.ts';
import type { Target } from './target.ts';

/**
 * A server that runs already: somewhere (a URL alone), or here, as the process that was named.
 *
 * @throws RigError EPID when there is no such process
 */
export function attachTarget(url: TargetUrl, pid: number | undefined, exporterUrl?: string): Target {
  if (pid !== undefined) assertAlive(pid, `${whoIsAt(url)}, to see who listens there`);
  return {
    kind: pid === undefined ? (exporterUrl === undefined ? 'url' : 'exporter') : 'pid',
    name: pid === undefined ? (exporterUrl ?? url.text) : `process ${pid}`,
    url,
    pid: pid ?? null,
    adminUrl: null,
    adminToken: null,
    death() {
      if (pid === undefined || isAlive(pid)) return undefined;
      return new RigError('ETARGETDIED', `process ${pid}, the target, is gone`, {
        hint: 'connrig report <run folder>, for what was measured until then',
      });
    },
    lastOutput: () => '',
    stop: async () => {},
  };
}

/** What lists who listens at a URL. */
export const whoIsAt = ({ ports, socketPath }: Pick<TargetUrl, 'ports' | 'socketPath'>): string =>
  socketPath === undefined ? `ss -ltnp 'sport = :${ports[0]}'` : `ss -xlp src ${word(socketPath)}`;

/** @throws RigError EPID when there is no such process */
export function assertAlive(pid: number, hint = 'ss -ltnp, to see who listens where'): void {
  if (isAlive(pid)) return;
  throw new RigError('EPID', `there is no process ${pid}`, { hint });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
