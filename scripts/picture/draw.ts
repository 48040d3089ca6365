import { execFileSync } from 'node:child_process';
import { type Arrow, formatArrow, ROOMS, type Room } from './rooms.ts';

/** Rooms that stand side by side, from the top to the bottom. */
const LAYERS: ReadonlyArray<readonly Room[]> = [
  ['cli'],
  ['client', 'server', 'live'],
  ['config', 'report'],
  ['fleet', 'lab', 'telemetry', 'charts', 'dashboards'],
  ['memory'],
  ['files'],
  ['core'],
];

/** Which hue a box has: what it is about. */
const HUES: Readonly<Record<Room, 'run' | 'serve' | 'show' | 'base'>> = {
  cli: 'base',
  client: 'run',
  config: 'run',
  fleet: 'run',
  lab: 'run',
  server: 'serve',
  telemetry: 'serve',
  memory: 'serve',
  live: 'show',
  report: 'show',
  charts: 'show',
  dashboards: 'show',
  certificates: 'base',
  files: 'base',
  core: 'base',
};

const FONT = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif';

/** Right in light and dark: a picture on a page follows what its reader prefers. */
const STYLE = `<style>
:root { color-scheme: light dark; --paper: #ffffff; --text: #1c2128; --quiet: #57606a; --arrow: #808a95;
  --run: #e3eefb; --run-edge: #0a5cbf; --serve: #fbeadf; --serve-edge: #b04a04;
  --show: #efe7fb; --show-edge: #7a3fd0; --base: #eef1f5; --base-edge: #57606a; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181d; --text: #e8ebef; --quiet: #a4adb8; --arrow: #77818d;
  --run: #16283f; --run-edge: #6cb0f8; --serve: #38240f; --serve-edge: #f0a25c;
  --show: #2a2040; --show-edge: #b99af5; --base: #20252d; --base-edge: #a4adb8; } }
text { font-family: ${FONT}; fill: var(--quiet); font-size: 12px; }
text.name { fill: var(--text); font-size: 16px; font-weight: 600; }
.node path, .node polygon { stroke-width: 1.5; }
${['run', 'serve', 'show', 'base']
  .map((hue) => `.${hue} path, .${hue} polygon { fill: var(--${hue}); stroke: var(--${hue}-edge); }`)
  .join('\n')}
.edge path { stroke: var(--arrow); stroke-width: 1.4; }
.edge polygon { fill: var(--arrow); stroke: var(--arrow); }
</style>
<rect width="100%" height="100%" fill="var(--paper)"/>`;

/** The picture of rooms, laid out by Graphviz. */
export function drawRooms(arrows: readonly Arrow[]): string {
  const svg = execFileSync('dot', ['-Tsvg'], { input: toDot(arrows), encoding: 'utf8' });
  const from = svg.indexOf('<svg');
  return `${svg
    .slice(from)
    .replace(/<svg width="[^"]*" height="[^"]*"\s+viewBox="([^"]*)"/, '<svg role="img" viewBox="$1"')
    .replace(/(<svg[^>]*>)/, `$1\n<title>Rooms of connrig: which imports which</title>\n${STYLE}`)
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/<polygon fill="white"[^>]*\/>\n/, '')
    .replace(/<text ([^>]*?)font-family="[^"]*" font-weight="bold" font-size="[^"]*"/g, '<text class="name" $1')
    .replace(/ font-family="[^"]*"| font-size="[^"]*"/g, '')
    .replace(/ +(?=>)/g, '')}`;
}

/** @returns each arrow of a picture, and each room with how far it is from the top */
export function readPicture(svg: string): { readonly arrows: string[]; readonly depths: ReadonlyMap<string, number> } {
  const groups = [...svg.matchAll(/<g id="[^"]*" class="(node|edge)[^"]*">\n<title>([^<]*)<\/title>([\s\S]*?)<\/g>/g)];
  const arrows = groups
    .filter(([, kind]) => kind === 'edge')
    .map(([, , title = '']) => title.replace('&#45;&gt;', ' → '));
  const depths = groups
    .filter(([, kind]) => kind === 'node')
    .map(([, , room = '', shapes = '']) => [room, Number(/ y="(-?[\d.]+)"/.exec(shapes)?.[1])] as const);
  return { arrows: arrows.sort(), depths: new Map(depths) };
}

function toDot(arrows: readonly Arrow[]): string {
  const rooms = Object.entries(ROOMS) as Array<[Room, string]>;
  const boxes = rooms.map(
    ([room, purpose]) =>
      `${room} [class="${HUES[room]}", label=<<b><font point-size="16">${room}</font></b><br/><font point-size="12">${purpose}</font>>]`,
  );
  const layers = LAYERS.map((layer) => `{ rank=same; ${layer.join('; ')} }`);
  return [
    'digraph rooms {',
    'graph [rankdir=TB, nodesep=0.28, ranksep=0.55, pad=0.25, fontname="Helvetica"]',
    'node [shape=box, style="rounded,filled", fontname="Helvetica", margin="0.16,0.09"]',
    'edge [arrowsize=0.7]',
    ...boxes,
    ...layers,
    ...arrows.map((arrow) => formatArrow(arrow).replace('→', '->')),
    '}',
  ].join('\n');
}
