import { rmSync } from 'node:fs';
import type { Command } from 'commander';
import { readServeConfig, SERVE_OPTIONS, type ServeConfig } from '../config/serve-options.ts';
import {
  isPortScheme,
  mapPortSchemes,
  type PortSchemeName,
  type SocketSchemeName,
  toCarried,
} from '../core/protocols/schemes.ts';
import { EXIT } from '../core/values/errors.ts';
import { makeSocketFolder } from '../files/socket-folder.ts';
import { longestBacklog } from '../server/limits.ts';
import { type RunningServer, startServer } from '../server/start.ts';
import { ephemeralRange, freePorts, type PortRange } from '../telemetry/ports.ts';
import { warnOfClearToken } from './clear-token.ts';
import { addOptions, readLine } from './command-options.ts';
import type { CliDeps } from './deps.ts';
import { toServedCertificate } from './served-certificate.ts';
import { serverPage } from './server-page.ts';

/**
 * Adds `connrig serve`: the reference server, until a signal (or the end of stdin) stops it. Problems are thrown as
 * RigError; whoever owns the program prints them and sets the exit code.
 */
export function addServeCommand(program: Command, deps: CliDeps): void {
  const command = program
    .command('serve')
    .description(
      'the reference server: echoes on WebSocket and TCP, greets over HTTP, streams events, with TLS or without, and tracks memory per connection',
    );
  addOptions(command, SERVE_OPTIONS).action(async () => {
    await serve(readServeConfig(readLine(command, SERVE_OPTIONS, deps.env)), deps);
  });
}

async function serve(config: ServeConfig, deps: CliDeps): Promise<void> {
  // Watched before anything listens: a signal in between must not leave a server behind.
  const stop = stopRequest(config, deps);
  const sockets = placeSockets(config);
  try {
    const { adminHost: host, access, adminTls: tls, ...shared } = config;
    const ports = await choosePorts(config, deps);
    const server = await startServer(
      {
        ...shared,
        ports,
        sockets: sockets.paths,
        certificate: await toServedCertificate(config),
        backlog: config.backlog ?? longestBacklog(),
        admin: { host, port: ports.admin, access, tls },
      },
      { childEntry: new URL('./serve-child.js', import.meta.url), version: deps.version, pages: serverPage },
    );
    deps.stderr.write(warnOfClearToken({ host, access, tls }, { port: ports.admin }));
    announce(server, config, deps);
    try {
      await Promise.race([stop.requested, server.failed]);
    } finally {
      await server.close();
    }
  } finally {
    sockets.remove();
    stop.forget();
  }
}

/** The first signal, or the end of stdin, asks to stop; a second signal ends the process there and then. */
function stopRequest(config: ServeConfig, deps: CliDeps): { requested: Promise<void>; forget: () => void } {
  let forget = (): void => {};
  const requested = new Promise<void>((resolve) => {
    let signals = 0;
    forget = deps.onSignal(() => {
      signals++;
      if (signals > 1) deps.exit(EXIT.interrupted);
      resolve();
    });
    if (config.untilStdinEnds) deps.stdin.once('close', resolve).once('end', resolve).once('error', resolve).resume();
  });
  return {
    requested,
    forget() {
      forget();
      if (config.untilStdinEnds) deps.stdin.destroy();
    },
  };
}

/** Finds ports for `auto`, and says so when a named one lies where outgoing connections may take it. */
async function choosePorts(config: ServeConfig, deps: CliDeps): Promise<Record<PortSchemeName | 'admin', number>> {
  const ephemeral = ephemeralRange();
  const taken = new Set<number>();
  const chosen = { ...mapPortSchemes(() => 0), admin: 0 };
  for (const name of [...config.schemes.filter(isPortScheme), 'admin'] as const) {
    const choice = config.ports[name];
    const count = name === 'admin' ? 1 : config.processes;
    if (choice !== 'auto') warnIfEphemeral(name, choice, ephemeral, deps);
    const host = name === 'admin' ? config.adminHost : config.host;
    chosen[name] = choice === 'auto' ? await freePorts(host, count, ephemeral, taken) : choice;
    for (let i = 0; i < count; i++) taken.add(chosen[name] + i);
  }
  return chosen;
}

/** Where Unix sockets are to be; `auto` is a folder that nobody else gets into, and that goes with the server. */
function placeSockets({ schemes, sockets }: ServeConfig): {
  readonly paths: Partial<Record<SocketSchemeName, string>>;
  remove(): void;
} {
  let folder: string | undefined;
  const paths: Partial<Record<SocketSchemeName, string>> = {};
  for (const name of schemes) {
    if (isPortScheme(name)) continue;
    if (sockets[name] === 'auto') folder ??= makeSocketFolder();
    paths[name] = sockets[name] === 'auto' ? `${folder}/${toCarried(name).protocol}.sock` : sockets[name];
  }
  return { paths, remove: () => folder && rmSync(folder, { recursive: true, force: true }) };
}

function warnIfEphemeral(name: string, port: number, { low, high }: PortRange, deps: CliDeps): void {
  if (port < low || port > high) return;
  deps.stderr.write(
    `--${name}-port ${port} lies in the range of outgoing connections (${low}-${high}), one of which may take it\n`,
  );
}

function announce({ ready }: RunningServer, config: ServeConfig, { stdout, stderr }: CliDeps): void {
  if (config.json) stdout.write(`${JSON.stringify(ready)}\n`);
  else {
    const trusting = ready.caCert ? `; clients trust it with ${ready.admin}/certificate` : '';
    stderr.write(
      `serving ${ready.urls.join(' and ')}${trusting}; metrics at ${ready.admin}/metrics; ctrl-c stops it\n`,
    );
  }
}
