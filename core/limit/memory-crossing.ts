/** Memory that ran out, or was about to: the target's, by a limit that was given, or that of this machine. */
export interface MemoryCrossing {
  readonly of: 'target' | 'machine';
  /** What the target took, or what of the machine was left. */
  readonly bytes: number;
  readonly limitBytes: number;
}
