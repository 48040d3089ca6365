import { formatOrUnknown } from '../../charts/chart.ts';
import { growthChart, memoryOverTimeChart, opensChart } from '../../charts/time-charts.ts';
import { type SchemeName, toCarried } from '../../core/protocols/schemes.ts';
import type { ServerMemory, ShownCertificate, TopConnections } from '../../core/schemas/admin.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import type { View } from '../view.ts';
import { ChartFigure } from './chart-figure.ts';
import { byId, el, setText, titledSection } from './dom.ts';
import { Figures } from './number-row.ts';
import { ChangingTable } from './table.ts';

/** The reference server, from the moment somebody looks at it. */
export class ServerPage {
  readonly kind = 'server';
  readonly #figures = new Figures([
    ...['open', 'handshaking', 'accepted', 'closed'],
    ...['memory per open connection', 'resident memory', 'heap in use', 'processes'],
  ]);
  readonly #growth = new ChartFigure();
  readonly #time = new ChartFigure();
  readonly #opens = new ChartFigure();
  readonly #protocols = new ChangingTable('Connections by protocol');
  readonly #top = new ChangingTable('Most queued bytes');
  readonly #certificate = el('p');
  readonly #topNote = el('p');

  constructor(main: HTMLElement) {
    setText(byId('title'), 'connrig reference server');
    setText(byId('subtitle'), 'its connections and its memory, from when this page was opened');
    document.title = 'reference server · connrig';
    const now = titledSection('Now');
    now.body.append(this.#figures.element, this.#protocols.element, this.#certificate);
    const memory = titledSection('Memory');
    memory.body.append(el('div', { class: 'charts' }, this.#growth.element, this.#time.element, this.#opens.element));
    const top = titledSection('Connections with the most queued bytes');
    top.body.append(this.#topNote, this.#top.element);
    main.append(now.element, memory.element, top.element);
  }

  show(view: View): void {
    if (view.kind !== 'server') return;
    const { memory, time, top } = view;
    if (memory) this.#showNow(memory);
    const series = { time, phases: [], legs: [] };
    this.#growth.show([time], () => growthChart(time));
    this.#time.show([time], () => (time.length === 0 ? undefined : memoryOverTimeChart(series, 'resident memory')));
    this.#opens.show([time], () => (time.length === 0 ? undefined : opensChart(series)));
    if (top) this.#showTop(top);
  }

  #showNow({ census, processes, live, certificate }: ServerMemory): void {
    this.#showCertificate(certificate);
    // Without a certificate nothing is served over TLS.
    const protocols = Object.entries(census).filter(
      ([name]) => certificate !== null || toCarried(name as SchemeName).transport === 'plain',
    );
    const closedOf = ({ closed }: (typeof protocols)[number][1]): number =>
      Object.values(closed).reduce((sum, count) => sum + count, 0);
    const sum = (pick: (of: (typeof protocols)[number][1]) => number): number =>
      protocols.reduce((all, [, of]) => all + pick(of), 0);
    const bytes = (pick: (of: (typeof processes)[number]) => number): string =>
      humanBytes(processes.reduce((all, one) => all + pick(one), 0));
    this.#figures.show([
      ...[sum((of) => of.open), sum((of) => of.handshaking), sum((of) => of.accepted), sum(closedOf)].map(humanCount),
      ...[formatOrUnknown(live.bytesPerConnection, humanBytes), bytes((one) => one.rssBytes)],
      ...[bytes((one) => one.heapUsedBytes), humanCount(processes.length)],
    ]);
    const reasons = [...new Set(protocols.flatMap(([, { closed }]) => Object.keys(closed)))] as Array<
      keyof (typeof protocols)[number][1]['closed']
    >;
    const row = (label: string, pick: (of: (typeof protocols)[number][1]) => string): string[] => [
      label,
      ...protocols.map(([, of]) => pick(of)),
    ];
    this.#protocols.show({
      head: ['', ...protocols.map(([name]) => name)],
      rows: [
        row('open', ({ open }) => humanCount(open)),
        row('handshaking', ({ handshaking }) => humanCount(handshaking)),
        row('accepted', ({ accepted }) => humanCount(accepted)),
        row('received', ({ bytesIn }) => humanBytes(bytesIn)),
        row('sent', ({ bytesOut }) => humanBytes(bytesOut)),
        ...reasons
          .filter((reason) => sum(({ closed }) => closed[reason]) > 0)
          .map((reason) => row(`closed: ${reason}`, ({ closed }) => humanCount(closed[reason]))),
      ],
    });
  }

  #showCertificate(certificate: ShownCertificate | null): void {
    this.#certificate.hidden = certificate === null;
    if (certificate === null) return;
    const { subject, notAfter, fingerprint, isMadeHere } = certificate;
    const origin = isMadeHere ? 'which the server made when it was started' : 'which it was given';
    const until = `${notAfter.slice(0, 16).replace('T', ' ')} UTC`;
    setText(
      this.#certificate,
      `Certificate for TLS: ${subject}, ${origin}, valid until ${until}, SHA-256 ${fingerprint}.`,
    );
  }

  #showTop({ open, connections }: TopConnections): void {
    const queued = connections.filter(({ queuedBytes }) => queuedBytes > 0);
    setText(
      this.#topNote,
      queued.length === 0
        ? `None of ${humanCount(open)} connections has bytes queued towards its peer.`
        : `The first ${queued.length} of ${humanCount(open)} connections, by bytes queued towards the peer.`,
    );
    this.#top.element.hidden = queued.length === 0;
    this.#top.show({
      head: ['peer', 'protocol', 'queued', 'received', 'sent', 'process'],
      rows: queued.map(({ peer, protocol, queuedBytes, bytesIn, bytesOut, pid }) => [
        ...[peer, protocol, humanBytes(queuedBytes), humanBytes(bytesIn), humanBytes(bytesOut), String(pid)],
      ]),
    });
  }
}
