/** An opening as it is carried out: checked, its files read, its texts taken apart. Plain data, since it goes to worker threads. */
import type { Template } from './template.ts';

/** Codecs that there are: what makes packets of bytes where data can't say how. */
export const CODECS = ['mqtt'] as const;
export type CodecName = (typeof CODECS)[number];

/** A packet as the codec of the opening understands it; its strings are templates by then. */
export type PacketPlan = { readonly [field: string]: PacketValue };
export type PacketValue = Template | number | boolean | null | readonly PacketValue[] | PacketPlan;

export type MessagePlan =
  /** @param isText as a text frame, where the protocol tells text from bytes */
  { readonly bytes: Template; readonly isText: boolean } | { readonly packet: PacketPlan };

/** A value in JSON, by its way there; array indexes are names. */
export interface FieldPlan {
  readonly path: readonly string[];
  readonly equals: Template | number | boolean | null;
}

export type PatternPlan =
  | { readonly kind: 'text' | 'prefix' | 'contains'; readonly text: Template }
  /** Each field has its value; there may be more. */
  | { readonly kind: 'json'; readonly fields: readonly FieldPlan[] }
  | { readonly kind: 'packet'; readonly packet: PacketPlan };

/** Fields of an answer in JSON that fill holes later. */
export type TakePlan = ReadonlyArray<{ readonly name: string; readonly path: readonly string[] }>;

export type StepPlan =
  | { readonly kind: 'send'; readonly message: MessagePlan }
  | {
      readonly kind: 'expect';
      readonly pattern: PatternPlan;
      /** How long it is waited for; undefined: as long as the attempt may take. */
      readonly withinMs: number | undefined;
      /** Others may come before; else the next message has to match. */
      readonly skips: boolean;
      readonly take: TakePlan;
      /** As it was written, for people. */
      readonly said: string;
    }
  | { readonly kind: 'wait'; readonly ms: number };

export type RulePlan =
  /** Without an answer it only keeps such messages away from the steps. */
  | { readonly kind: 'on'; readonly pattern: PatternPlan; readonly send: MessagePlan | undefined }
  | { readonly kind: 'every'; readonly everyMs: number; readonly send: MessagePlan };

/** A request of HTTP on the same connection before its upgrade; the answer has to be 2xx. */
export interface BeforePlan {
  /** Request line and header lines, each with its CR LF; Host, Content-Length and the empty line go behind them. */
  readonly head: Template;
  /** May have holes, so its length is known when it is filled. */
  readonly body: Template;
  readonly take: TakePlan;
  /** `POST /hub/negotiate`, for people. */
  readonly said: string;
}

export interface OpeningPlan {
  readonly before: readonly BeforePlan[];
  /** What ends a message in a stream of tcp; undefined: nothing does. */
  readonly messageEnd: Uint8Array | undefined;
  readonly codec: CodecName | undefined;
  /** A module of the user's, as a file URL, in place of steps and rules. */
  readonly module: string | undefined;
  readonly steps: readonly StepPlan[];
  readonly rules: readonly RulePlan[];
}
