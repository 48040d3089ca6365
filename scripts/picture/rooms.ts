import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { REPOSITORY } from '../checks/repository.ts';

/** What each room is for, in as few words as a box has place for. */
export const ROOMS = {
  cli: 'subcommands',
  client: 'decides, measures, records',
  server: 'the reference server',
  live: 'the live page',
  config: 'options read into plans',
  report: 'from a record to a summary',
  charts: 'from numbers to SVG',
  fleet: 'opens and holds connections',
  lab: 'targets in other languages',
  telemetry: 'metrics over HTTP',
  memory: 'meters: what a target costs',
  dashboards: 'for Prometheus and Grafana',
  certificates: 'certificates and their keys',
  files: 'read in bounds, replaced whole',
  core: 'units, plans, statistics, schemas: pure',
} as const satisfies Record<string, string>;
export type Room = keyof typeof ROOMS;

/** One room imports another. */
export interface Arrow {
  readonly from: Room;
  readonly to: Room;
}

const Cruised = z.object({
  modules: z.array(z.object({ source: z.string(), dependencies: z.array(z.object({ resolved: z.string() })) })),
});

/** Which room imports which, tests left out, as dependency-cruiser finds it. */
export async function readArrows(): Promise<Arrow[]> {
  const names = Object.keys(ROOMS);
  const ours = `^(${names.join('|')})/`;
  const { stdout } = await promisify(execFile)(
    join(REPOSITORY, 'node_modules/.bin/depcruise'),
    [
      ...['--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
      ...['--exclude', '\\.test\\.ts$', '--include-only', ours, ...names],
    ],
    { cwd: REPOSITORY, maxBuffer: 64 * 1024 * 1024 },
  );
  const arrows = new Map<string, Arrow>();
  for (const { source, dependencies } of Cruised.parse(JSON.parse(stdout)).modules) {
    for (const { resolved } of dependencies) {
      const [from, to] = [readRoom(source), readRoom(resolved)];
      if (from !== to) arrows.set(formatArrow({ from, to }), { from, to });
    }
  }
  return [...arrows.values()].sort((a, b) => (formatArrow(a) < formatArrow(b) ? -1 : 1));
}

/** Without those that a way over other rooms says already. */
export function reduceArrows(arrows: readonly Arrow[]): Arrow[] {
  const leads = (from: Room, to: Room, without?: Arrow): boolean =>
    arrows.some((arrow) => arrow !== without && arrow.from === from && (arrow.to === to || leads(arrow.to, to)));
  return arrows.filter((arrow) => !leads(arrow.from, arrow.to, arrow));
}

export const formatArrow = ({ from, to }: Arrow): string => `${from} → ${to}`;

const readRoom = (path: string): Room => path.split('/')[0] as Room;
