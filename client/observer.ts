import type { RunEvent, RunFile, Sample } from '../core/record.ts';
import type { Recorder } from './conductor/recorder.ts';

/** What goes into the run folder, told as it is written: for whoever shows a run while it goes on. */
export interface RunObserver {
  runFile(file: RunFile): void;
  sample(sample: Sample): void;
  event(event: RunEvent): void;
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
