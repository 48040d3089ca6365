import { z } from 'zod';
import { SCHEMES } from '../core/protocols/schemes.ts';
import { parseQuantity } from '../core/values/units.ts';

/** Stands in `run` for the port that the server is to listen on, at 127.0.0.1. */
export const PORT = '{port}';

/** A program that a target needs, to be built or to run. */
const ToolNeed = z.strictObject({
  /** A command line that prints its version: `go version`. The first word is looked for in PATH. */
  check: z.string().regex(/^\S/),
  /** The least version that will do; left out: any. */
  atLeast: z
    .string()
    .regex(/^\d+(\.\d+)*$/)
    .optional(),
  /** Folders to look in besides PATH, the newest of all is taken; a `*` stands for any name. */
  also: z.array(z.string().startsWith('/')).default([]),
  /** What to paste on Debian when it isn't there. */
  install: z.string().min(1),
});
export type ToolNeed = z.infer<typeof ToolNeed>;

/** `target.yaml`: all that there is to know about a target besides its sources, which lie beside it. */
export const Manifest = z.strictObject({
  /** The same as its folder's. */
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/),
  language: z.string().min(1),
  /** One line for people. */
  what: z.string().min(1),
  /**
   * What it speaks at its port, one of them at a time. For one over TLS its environment has `TLS_CERT` and `TLS_KEY`, paths of
   * files in PEM; else it has neither.
   */
  protocols: z.array(z.enum(SCHEMES)).min(1),
  toolchain: z.array(ToolNeed).min(1),
  /** Shell commands, one after the other, in a copy of its folder; none: it runs as it is. */
  build: z.array(z.string().min(1)),
  /** A simple shell command, in the built folder, that stays in the foreground. */
  run: z.string().refine((text) => text.includes(PORT), `has no ${PORT}`),
  /** What of the built folder would be put on a server: files and folders. */
  deployed: z.array(z.string().min(1)).min(1),
  /** Each connection takes one of the system's threads, of which there are so many. */
  threadPerConnection: z.boolean().default(false),
  /** How long it may take until it listens, such as `60s`. */
  readyWithin: z
    .string()
    .default('60s')
    .refine((text) => parseQuantity('duration', text) !== undefined, 'is no duration such as 60s'),
  /** Licences of what it is built with; its own is ours. */
  licences: z.record(z.string(), z.string()).default({}),
});
export type Manifest = z.infer<typeof Manifest>;
