import { applyChange, type Delta, type View, type ViewSnapshot } from '../view.ts';

export type LinkState = 'connecting' | 'live' | 'lost';

/** Nothing for so long, not even a sign of life: the connection is dead, whatever it says. */
const DEAD_AFTER_MS = 15_000;
const RETRY_MS = 2000;
/** When there is nothing more to come but another run. */
const IDLE_RETRY_MS = 10_000;

/**
 * Keeps a view up to date, and tells of each change. What breaks is begun anew, for as long as the page is open; the
 * first thing on each connection is the whole view.
 */
export function followView(onView: (view: View) => void, onState: (state: LinkState) => void): void {
  let source: EventSource | undefined;
  let view: View | undefined;
  let seq = 0;
  let watchdog: number | undefined;

  const alive = (): void => {
    window.clearTimeout(watchdog);
    watchdog = window.setTimeout(() => begin(), DEAD_AFTER_MS);
    onState('live');
  };
  const begin = (): void => {
    window.clearTimeout(watchdog);
    source?.close();
    const current = new EventSource('events');
    source = current;
    current.addEventListener('snapshot', ({ data }) => {
      const snapshot = JSON.parse(data) as ViewSnapshot;
      ({ seq, view } = snapshot);
      alive();
      onView(view);
    });
    current.addEventListener('delta', ({ data }) => {
      const delta = JSON.parse(data) as Delta;
      if (view === undefined || delta.seq !== seq + 1) {
        begin();
        return;
      }
      seq = delta.seq;
      view = applyChange(view, delta);
      alive();
      onView(view);
    });
    current.addEventListener('beat', alive);
    current.addEventListener('error', () => {
      onState('lost');
      const isOver = view?.kind === 'run' && view.standing === 'ended';
      // It tries again by itself, unless the answer was a refusal.
      if (current.readyState !== EventSource.CLOSED && !isOver) return;
      current.close();
      window.clearTimeout(watchdog);
      watchdog = window.setTimeout(begin, isOver ? IDLE_RETRY_MS : RETRY_MS);
    });
  };
  onState('connecting');
  begin();
}
