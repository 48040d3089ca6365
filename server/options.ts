import type { ProtocolName } from '../core/protocols.ts';

/** How the reference server runs. Every field is set: defaults belong to whoever parses the command line. */
export interface ServerOptions {
  /** Address or name to listen on, for the admin port too. */
  readonly host: string;
  readonly protocols: readonly ProtocolName[];
  /**
   * The first port of each protocol, of which process `i` takes the one `i` above; and the admin port.
   * 0 lets the kernel choose, inside its ephemeral range; with several processes ports must be given.
   */
  readonly ports: Readonly<Record<ProtocolName | 'admin', number>>;
  /** Connections the kernel may hold ready before we accept them; it cuts off at net.core.somaxconn. */
  readonly backlog: number;
  /** Connections of all protocols and processes together; undefined: as many as descriptors allow. */
  readonly maxConnections: number | undefined;
  /** From accept to the end of the request head, for ws. */
  readonly handshakeTimeoutMs: number;
  /** Largest message (and frame) of ws. tcp has no messages. */
  readonly maxPayloadBytes: number;
  readonly perMessageDeflate: boolean;
  /** Processes that hold connections; above 1, one more supervises them. */
  readonly processes: number;
}
