import type { CertificateAndKey } from '../certificates/read-certificate-and-key.ts';
import type { PortSchemeName, SchemeName, SocketSchemeName } from '../core/protocols/schemes.ts';
import type { EndpointOptions } from '../telemetry/endpoint.ts';

/** How one process of the reference server serves. Every field is set: defaults belong to whoever parses the command line. */
export interface PartOptions {
  /** Address or name to listen on. */
  readonly host: string;
  readonly schemes: readonly SchemeName[];
  /**
   * The first port of each scheme that goes to one, of which process `i` takes the one `i` above. 0 lets the kernel choose, inside its
   * ephemeral range; with several processes ports must be given.
   */
  readonly ports: Readonly<Record<PortSchemeName, number>>;
  /** Paths of Unix sockets, for the other schemes. One process listens there. */
  readonly sockets: Readonly<Partial<Record<SocketSchemeName, string>>>;
  /** Connections the kernel may hold ready before we accept them; it cuts off at net.core.somaxconn. */
  readonly backlog: number;
  /** Connections of all schemes and processes together; undefined: as many as descriptors allow. */
  readonly maxConnections: number | undefined;
  /** What all connections of all processes together may have queued towards peers that don't read. */
  readonly maxQueuedBytes: number;
  /**
   * From accept to the end of the TLS handshake and, for ws and http, of the request head. For http also from the start of
   * each later request.
   */
  readonly handshakeTimeoutMs: number;
  /** Largest message (and frame) of ws. tcp has no messages. */
  readonly maxPayloadBytes: number;
  readonly perMessageDeflate: boolean;
  /** How often an event is sent on each event stream; undefined: never. */
  readonly eventEveryMs: number | undefined;
  /** How long http holds an answer to a poll. */
  readonly pollHoldMs: number;
  /** What schemes over TLS need; undefined where none is served. */
  readonly tls: (CertificateAndKey & TicketKeys) | undefined;
}

/** What resumes sessions, the same in all processes of a server. Secret. */
interface TicketKeys {
  /** 48 bytes, base64. */
  readonly ticketKeys: string;
}

/** What a server proves by who it is. */
export interface ServedCertificate extends CertificateAndKey {
  /** Made for this server alone: its clients have to be told to trust it. */
  readonly isMadeHere: boolean;
}

/** How the reference server runs. */
export interface ServerOptions extends Omit<PartOptions, 'tls'> {
  /** undefined where no scheme over TLS is served. */
  readonly certificate: ServedCertificate | undefined;
  /** Processes that hold connections; above 1, one more supervises them. */
  readonly processes: number;
  /** Where the admin port is, who may ask there, and over what. */
  readonly admin: Pick<EndpointOptions, 'host' | 'port' | 'access' | 'tls'>;
}
