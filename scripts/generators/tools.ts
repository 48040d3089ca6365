import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtocolName } from '../../core/protocols/names.ts';
import {
  findGeneratorFile,
  type Installed,
  installArtillery,
  installFloor,
  installK6,
  installTsung,
} from './install.ts';

/** Attempts under way at once, where a tool lets us say. */
export const WINDOW = 512;

/** What a tool is to hold, and where it may write. */
export interface HoldOrder {
  readonly protocol: ProtocolName;
  readonly port: number;
  readonly connections: number;
  readonly scratch: string;
}

/** A tool at work: it opens as fast as it can and holds, until it is ended. */
export interface Working {
  readonly child: ChildProcess;
  /** Makes it collect its garbage, where that can be done from outside. */
  collect(): Promise<void>;
}

/** One load generator that holds connections; its processes are fresh for each number of connections. */
export interface GeneratorTool {
  readonly name: string;
  readonly protocols: readonly ProtocolName[];
  /** Called once, before anything is measured. */
  install(): Installed | Promise<Installed>;
  start(path: string, order: HoldOrder): Working;
}

const nothing = async (): Promise<void> => {};
const ws = ['ws'] as const;

export const floor: GeneratorTool = {
  name: 'C floor',
  protocols: ['ws', 'tcp'],
  install: installFloor,
  start(path, { protocol, port, connections, scratch }) {
    const args = ['127.0.0.1', String(port), String(connections), protocol, String(WINDOW)];
    return { child: launch(path, args, scratch), collect: nothing };
  },
};

/** Its REST API has the profiler, whose heap profile begins with a collection when asked so. */
const K6_PROFILER_PORT = 16_565;

export const k6: GeneratorTool = {
  name: 'k6',
  protocols: ws,
  install: installK6,
  start(path, { port, connections, scratch }) {
    const api = `127.0.0.1:${K6_PROFILER_PORT}`;
    const quiet = ['--no-usage-report', '--quiet', '--summary-mode', 'disabled', '--no-thresholds'];
    const env = { TARGET: `ws://127.0.0.1:${port}`, COUNT: String(connections), WINDOW: String(WINDOW) };
    const args = ['run', ...quiet, '--address', api, '--profiling-enabled', findGeneratorFile('k6.js')];
    return {
      child: launch(path, args, scratch, env),
      async collect() {
        await (await fetch(`http://${api}/debug/pprof/heap?gc=1`)).arrayBuffer();
      },
    };
  },
};

/** More than it manages, so that its own pace is what is measured; whole seconds for each level, or it miscounts. */
const ARTILLERY_ARRIVALS_PER_SECOND = 2500;

export const artillery: GeneratorTool = {
  name: 'artillery',
  protocols: ws,
  install: installArtillery,
  start(path, { port, connections, scratch }) {
    const env = {
      TARGET: `ws://127.0.0.1:${port}`,
      COUNT: String(connections),
      SECONDS: String(Math.ceil(connections / ARTILLERY_ARRIVALS_PER_SECOND)),
      ARTILLERY_DISABLE_TELEMETRY: 'true',
      NODE_OPTIONS: `--require ${findGeneratorFile('collect-on-signal.cjs')}`,
    };
    const child = launch(process.execPath, [path, 'run', '--quiet', findGeneratorFile('artillery.yml')], scratch, env);
    return { child, collect: async () => void child.kill('SIGUSR2') };
  },
};

const EPMD_PORT = 14_369;

export const tsung: GeneratorTool = {
  name: 'tsung',
  protocols: ws,
  install: installTsung,
  start(path, { port, connections, scratch }) {
    const config = join(scratch, 'tsung.xml');
    const filledIn = readFileSync(findGeneratorFile('tsung.xml'), 'utf8')
      .replaceAll('@PORT@', String(port))
      .replaceAll('@COUNT@', String(connections));
    writeFileSync(config, filledIn);
    // Erlang's own name server, which would otherwise be started as a daemon and stay.
    const env = { HOME: scratch, ERL_EPMD_PORT: String(EPMD_PORT) };
    const command = `epmd -port ${EPMD_PORT} & sleep 0.3; "$0" -n -f "$1" -l "$2" start`;
    return { child: launch('sh', ['-c', command, path, config, join(scratch, 'log')], scratch, env), collect: nothing };
  },
};

/** What it says goes into a file: a pipe that nobody reads would stop it. */
function launch(path: string, args: readonly string[], scratch: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const out = openSync(join(scratch, 'out.txt'), 'a');
  try {
    return spawn(path, args, { cwd: scratch, env: { ...process.env, ...env }, stdio: ['pipe', out, out] });
  } finally {
    closeSync(out);
  }
}
