import type { Destination } from './engine.ts';
import type { EngineOptions } from './engine-options.ts';
import { AF_INET, AF_INET6, AF_UNIX, type Libc, pathAddress, setPort, socketAddress } from './libc.ts';
import { PortRing } from './ports.ts';

/** One pair of source and destination, ready for the kernel. */
export interface SocketRoute {
  readonly family: number;
  /** Where to bind to; undefined: the system chooses address and port. */
  readonly source: Uint8Array | undefined;
  readonly destination: Uint8Array;
  readonly ports: PortRing | undefined;
}

const ANY = { [AF_INET]: '0.0.0.0', [AF_INET6]: '::' } as Readonly<Record<number, string>>;

/** The routes of one engine, by number: made once for each pair, so that opening a connection builds nothing. */
export class Addresses {
  readonly #libc: Libc;
  readonly #options: EngineOptions;
  readonly #routes: SocketRoute[] = [];
  /** By destination object first, so that the usual case builds no string; equal destinations share their routes. */
  readonly #numbers = new Map<Destination, Map<string, number>>();
  readonly #byAddress = new Map<string, Map<string, number>>();
  /** The same for all routes of this engine. */
  readonly #start = Math.random();

  constructor(libc: Libc, options: EngineOptions) {
    this.#libc = libc;
    this.#options = options;
  }

  routeOf(destination: Destination, sourceIp: string | undefined): number {
    const bySource = this.#numbers.get(destination) ?? this.#remember(destination);
    const key = sourceIp ?? '';
    let number = bySource.get(key);
    if (number === undefined) {
      number = this.#routes.push(this.#make(destination, sourceIp)) - 1;
      bySource.set(key, number);
    }
    return number;
  }

  #remember(destination: Destination): Map<string, number> {
    const address = 'path' in destination ? destination.path : `${destination.ip} ${destination.port}`;
    const bySource = this.#byAddress.get(address) ?? new Map<string, number>();
    this.#byAddress.set(address, bySource);
    this.#numbers.set(destination, bySource);
    return bySource;
  }

  route(number: number): SocketRoute {
    return this.#routes[number]!;
  }

  /** Takes a port and writes it into the route's source address. @returns 0 when the system is to choose */
  takePort(number: number): number {
    const { ports, source } = this.route(number);
    const port = ports?.take() ?? 0;
    if (source) setPort(source, port);
    return port;
  }

  /** Leaves the port to the system. */
  clearPort(number: number): void {
    const { source } = this.route(number);
    if (source) setPort(source, 0);
  }

  returnPort(number: number, port: number): void {
    if (port > 0) this.route(number).ports?.giveBack(port);
  }

  #make(to: Destination, sourceIp: string | undefined): SocketRoute {
    if ('path' in to) {
      return { family: AF_UNIX, ports: undefined, source: undefined, destination: pathAddress(to.path) };
    }
    const { ip, port } = to;
    const { portRange, worker } = this.#options;
    const family = ip.includes(':') ? AF_INET6 : AF_INET;
    const ports = portRange && new PortRing(portRange, worker, this.#start, port);
    const from = sourceIp ?? (ports ? ANY[family] : undefined);
    return {
      family,
      ports,
      source: from === undefined ? undefined : socketAddress(this.#libc, from, 0),
      destination: socketAddress(this.#libc, ip, port),
    };
  }
}
