import type { ProtocolName } from '../core/protocols/names.ts';
import type { EndpointOptions } from '../telemetry/endpoint.ts';

/** How one process of the reference server serves. Every field is set: defaults belong to whoever parses the command line. */
export interface PartOptions {
  /** Address or name to listen on. */
  readonly host: string;
  readonly protocols: readonly ProtocolName[];
  /**
   * The first port of each protocol, of which process `i` takes the one `i` above. 0 lets the kernel choose, inside its
   * ephemeral range; with several processes ports must be given.
   */
  readonly ports: Readonly<Record<ProtocolName, number>>;
  /** Connections the kernel may hold ready before we accept them; it cuts off at net.core.somaxconn. */
  readonly backlog: number;
  /** Connections of all protocols and processes together; undefined: as many as descriptors allow. */
  readonly maxConnections: number | undefined;
  /** What all connections of all processes together may have queued towards peers that don't read. */
  readonly maxQueuedBytes: number;
  /** From accept to the end of the request head, for ws and http; for http also from the start of each later one. */
  readonly handshakeTimeoutMs: number;
  /** Largest message (and frame) of ws. tcp has no messages. */
  readonly maxPayloadBytes: number;
  readonly perMessageDeflate: boolean;
}

/** How the reference server runs. */
export interface ServerOptions extends PartOptions {
  /** Processes that hold connections; above 1, one more supervises them. */
  readonly processes: number;
  /** Where the admin port is, and who may ask there. */
  readonly admin: Pick<EndpointOptions, 'host' | 'port' | 'access'>;
}
