import type { Outcome } from '../values/outcomes.ts';

/** What connections exchange once they are open: the target sends messages back, answers requests, or tells of events unasked. */
export type Exchange = 'messages' | 'requests' | 'events';

/** How an attempt to open failed, where a protocol has words of its own for that. */
export interface FailureText {
  /** What failed, behind a URL and a colon. */
  readonly sentence?: string;
  /** A line to paste: `<url>` stands for the URL as curl has it, `<target>` for the target's own, `<ip>` for its address. */
  readonly hint: string;
}

/** All that the rig has to know of a protocol beside how it speaks: that is in `fleet/protocols/` and `server/`. */
export interface ProtocolDescriptor {
  /** What a connection is called, one of them and many. */
  readonly nouns: readonly [one: string, many: string];
  /** A URL may have a path, which the server sees. */
  readonly hasPath: boolean;
  readonly exchange: Exchange;
  /** Bytes without messages: nothing says where one would end. */
  readonly isStream?: true;
  /** Messages can be compressed. */
  readonly compresses: boolean;
  /** In place of what is said of every protocol. */
  readonly failures: Readonly<Partial<Record<Outcome, FailureText>>>;
  /**
   * What a connection takes, to check a plan by before anything is measured: on the high side, user space and 4.3 KB of
   * kernel memory an end. `target` is what a Node.js server takes while many come at once.
   */
  readonly estimatedBytes: {
    readonly uring: number;
    readonly epoll: number;
    readonly node: number;
    readonly target: number;
  };
}
