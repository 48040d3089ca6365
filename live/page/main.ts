import type { View } from '../view.ts';
import { byId, el, setText } from './dom.ts';
import { RunPage } from './run-page.ts';
import { ServerPage } from './server-page.ts';
import { followView, type LinkState } from './stream.ts';

interface Page {
  readonly kind: View['kind'];
  show(view: View): void;
}

const main = byId('main');
const link = byId('link');
let page: Page | undefined;
let ended = false;

followView(
  (view) => {
    ended = view.kind === 'run' && view.standing === 'ended';
    if (page?.kind !== view.kind) {
      main.replaceChildren();
      page = view.kind === 'run' ? new RunPage(main) : new ServerPage(main);
    }
    page.show(view);
  },
  (state) => {
    // Streams tell that they live many times a second.
    const text = textOf(state);
    link.dataset['state'] = ended ? 'ended' : state;
    setText(link, text);
  },
);

function textOf(state: LinkState): string {
  if (ended) return 'the run has ended';
  return { connecting: 'connecting', live: 'live', lost: 'connection lost; trying again' }[state];
}

main.append(el('p', { class: 'note' }, 'Waiting for the first numbers.'));
