import type { ProtocolName } from '../core/protocols/names.ts';
import type { RunEvent, RunFile, Sample } from '../core/schemas/record.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Meters } from '../memory/meter-set.ts';
import type { LegState } from './conductor/leg-course.ts';
import type { Recorder } from './conductor/recorder.ts';

/** What goes into the run folder, told as it is written: for whoever shows a run while it goes on. */
export interface RunObserver {
  runFile(file: RunFile): void;
  sample(sample: Sample): void;
  event(event: RunEvent): void;
  /** From here on, until {@link legEnded}, a leg can be looked at between what is recorded. */
  legStarted?(live: LiveLeg): void;
  /** Its workers have ended: the counts are final, and this is the last time they can be had. */
  legEnded?(): void;
}

/** A leg under way. Looking at it costs the same for any number of connections, and nothing to its workers. */
export interface LiveLeg {
  readonly launch: number;
  /** Index in the plan. */
  readonly leg: number;
  /** As on samples. */
  readonly segment?: number | undefined;
  readonly name: string;
  readonly protocol: ProtocolName;
  readonly fleet: Pick<Fleet, 'tally' | 'histogram' | 'shares'>;
  readonly meters: Pick<Meters, 'readLive' | 'readHeap'>;
  /** Where it is now. */
  state(): LegState;
}

/** A recorder whose every word reaches the observers too, after it was written: what is measured comes first. */
export function observed(recorder: Recorder, observers: readonly RunObserver[]): Recorder {
  return {
    folder: recorder.folder,
    get failure() {
      return recorder.failure;
    },
    sample(sample) {
      recorder.sample(sample);
      for (const observer of observers) observer.sample(sample);
    },
    passing(sample) {
      for (const observer of observers) observer.sample(sample);
    },
    event(event) {
      recorder.event(event);
      for (const observer of observers) observer.event(event);
    },
    runFile(file) {
      recorder.runFile(file);
      for (const observer of observers) observer.runFile(file);
    },
    close: () => recorder.close(),
  };
}
