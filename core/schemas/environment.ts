import { z } from 'zod';

const count = z.number().int().nonnegative();

/** What was measured on, so that two runs can be told to be comparable. `null` where it can't be known. */
export const Environment = z.object({
  connrigVersion: z.string(),
  nodeVersion: z.string(),
  platform: z.string(),
  arch: z.string(),
  kernel: z.string(),
  cpuModel: z.string(),
  cores: count,
  memoryBytes: z.number(),
  /** What this machine (or its container) lets us use: the smaller of physical memory and cgroup limit. */
  memoryLimitBytes: z.number(),
  descriptorLimit: z.number().nullable(),
  ephemeralPorts: z.tuple([count, count]).nullable(),
  somaxconn: z.number().nullable(),
  /** From where on the kernel reserves no more for TCP buffers: the last value of net.ipv4.tcp_mem. */
  tcpMemMaxBytes: z.number().nullable().default(null),
  /** Connections the firewall's table can track, and tracked before the run. */
  conntrackMax: z.number().nullable().default(null),
  conntrackCount: z.number().nullable().default(null),
});
export type Environment = z.infer<typeof Environment>;
