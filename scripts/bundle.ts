/**
 * After the compiler: makes what is shipped. The command is a few files that load together what is used together, in place of
 * hundreds of modules. The libraries that it and the charts use are in it, with their licences. Beside it lies the live page, as
 * the files a browser asks for.
 */
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { themeCss } from '../charts/theme.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'dist');

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  target: 'es2022',
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  metafile: true,
  logLevel: 'warning',
};

const { metafile } = await build({
  ...common,
  // From the source: what the compiler made of it is what this replaces.
  entryPoints: ['charts/echarts.ts'],
  outfile: join(dist, 'charts/echarts.js'),
  banner: { js: '/*! Contains Apache ECharts, zrender and tslib: see echarts.LICENSES.txt beside this file. */' },
});
rmSync(join(dist, 'charts/echarts.js.map'), { force: true });
writeFileSync(join(dist, 'charts/echarts.LICENSES.txt'), licencesOf(metafile!));

const page = join(dist, 'live/page');
await build({
  ...common,
  entryPoints: ['live/page/main.ts'],
  outfile: join(page, 'page.js'),
  plugins: [
    {
      name: 'one copy of echarts, for the page and for reports',
      setup({ onResolve }) {
        onResolve({ filter: /\/echarts\.ts$/ }, () => ({ path: './echarts.js', external: true }));
      },
    },
  ],
});
/** What is in the machine's own code stays a package: there is one for each system. */
const NATIVE = ['koffi', 'bufferutil', 'utf-8-validate'];
/** Only those have them who want a fleet over several machines. */
const OPTIONAL = ['bullmq', 'ioredis'];
const command = join(dist, 'bin');
rmSync(command, { recursive: true, force: true });
const { metafile: ofCommand } = await build({
  ...common,
  minify: false,
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  entryPoints: ['cli/main.ts', 'cli/serve-child.ts', 'cli/worker-child.ts', 'client/conductor/fleet-thread.ts'],
  outdir: command,
  // All files beside each other: modules name others by their place, and have the same depth here as in the build.
  entryNames: '[name]',
  chunkNames: 'part-[name]-[hash]',
  splitting: true,
  sourcemap: true,
  sourcesContent: false,
  external: [...NATIVE, ...OPTIONAL],
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  plugins: [
    {
      name: 'one copy of echarts, for the command and for the page',
      setup({ onResolve }) {
        onResolve({ filter: /\/echarts\.ts$/ }, () => ({ path: '../charts/echarts.js', external: true }));
      },
    },
    {
      name: 'messages of zod in English alone: half of its code are other languages',
      setup({ onLoad }) {
        const contents = "export { default as en } from './en.js';";
        onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents }));
      },
    },
  ],
});
writeFileSync(join(command, 'LICENSES.txt'), licencesOf(ofCommand!));
chmodSync(join(command, 'main.js'), 0o755);

for (const name of ['index.html', 'icon.svg']) copyFileSync(join(root, 'live/page', name), join(page, name));
writeFileSync(join(page, 'page.css'), `${themeCss()}${readFileSync(join(root, 'live/page/page.css'), 'utf8')}`);

/** Name, version and licence texts of every package that went into a bundle; a NOTICE has to come with it as well. */
function licencesOf({ inputs }: Metafile): string {
  const folders = Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  // One package may lie in several folders.
  return `${[...new Set(folders.map(licenceOf))].sort().join('\n\n')}\n`;
}

function licenceOf(folder: string): string {
  const read = (path: string): string => readFileSync(join(root, folder, path), 'utf8').trim();
  const { name, version, license } = JSON.parse(read('package.json')) as Record<'name' | 'version' | 'license', string>;
  const texts = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(licenses\/)?(LICENSE|NOTICE)[^/]*$/.test(path))
    .sort()
    .map((path) => `--- ${path}\n\n${read(path)}`);
  return [`=== ${name} ${version} (${license})`, ...texts].join('\n\n');
}
