/** How near processes are to their limits of open descriptors. Null where that isn't known of every one. */
export interface DescriptorUse {
  /** What they may have together. */
  readonly maxFds: number | null;
  /** Open ÷ limit of the process in which that is the highest. */
  readonly highestRatio: number | null;
}
