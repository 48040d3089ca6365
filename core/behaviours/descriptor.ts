import type { Exchange } from '../protocols/descriptor.ts';
import type { Counts } from '../values/outcomes.ts';

/** All that the rig has to know of a behaviour beside how it is carried out: that is in `fleet/behaviours/`. */
export interface BehaviourDescriptor<Plan extends { readonly kind: string }> {
  /** How it is written, for the help: `heartbeat:30s`. */
  readonly example: string;
  /** In a few words, for the help. */
  readonly help: string;
  /** What a connection has to exchange for it, one of these; undefined: all can do it. */
  readonly needs: readonly Exchange[] | undefined;
  /** Something comes back for what is sent, so that round trips can be measured. */
  readonly talks: boolean;
  /** Each level is read at rest first, and connections do this only afterwards. */
  readonly followsRest?: true;
  /** Connections do it only in a stretch of its own at each level, and keep still otherwise. */
  readonly ownStretch?: true;
  /** Connections may do another one beside it: `slow:10%+echo:5k/s:64B`. */
  readonly takesBeside?: true;
  /** It may be that other one. */
  readonly standsBeside?: true;
  /**
   * It is an episode: nothing goes on while levels are held, and once the top was held and read something is done to its
   * connections, after which it is whole again.
   */
  readonly episode?: true;
  /**
   * @param parts what stands between the colons behind its name
   * @returns the plan; a sentence that says what is wrong; undefined where it is no such behaviour at all
   */
  parse(parts: readonly string[], text: string): Plan | string | undefined;
  /** Whether memory that was read between two moments is that of one level. */
  isSteady(before: Counts, after: Counts): boolean;
}

/** No connection came or went. */
export const isStill = (before: Counts, after: Counts): boolean =>
  before.attempts + before.closed === after.attempts + after.closed;

/** As in a request line: nothing that ends it, and no fragment. */
export const isRequestPath = (text: string): boolean => /^\/[^\s#]*$/.test(text);
