import type { Sockstat } from '../schemas/readings.ts';

/** What the kernel says of all TCP sockets in our network namespace. Null where the system doesn't tell. */
export interface KernelSockets {
  readonly sockstat: Sockstat | null;
  /** Since the machine (or the namespace) started: connections that found an accept queue full, and SYNs dropped at listeners. */
  readonly listen: { readonly overflows: number; readonly drops: number } | null;
  /** net.ipv4.tcp_mem: where the kernel doesn't care, begins to moderate buffers, and gives no more. */
  readonly tcpMemBytes: { readonly low: number; readonly pressure: number; readonly high: number } | null;
}
