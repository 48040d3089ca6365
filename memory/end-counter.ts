import type { Established } from '../core/schemas/readings.ts';
import { keepShapeOf } from './kept-shapes.ts';
import { PortSet } from './port-set.ts';
import { QueueCounter } from './queue-counter.ts';
import { type ListedSocket, TCP_ESTABLISHED, TCP_LISTEN, TCP_SYN_RECV, TCP_TIME_WAIT } from './sock-diag.ts';

/** Local ports, and pairs of local address and port. */
class LocalPorts {
  readonly ports = new PortSet();
  readonly addresses = new PortSet();

  add(address: number | string, port: number): void {
    this.ports.add('', port);
    this.addresses.add(address, port);
  }
}

type Side = 'target' | 'client';

/** Counts the ends of connections to a target, one socket after the other. */
export class EndCounter {
  readonly #isTarget = new Uint8Array(65_536);
  readonly #address: number | string | undefined;
  readonly #ends: Record<Side, PortSet> = { target: new PortSet(), client: new PortSet() };
  /** Those of the target's ends that a process has taken. */
  readonly #accepted = new PortSet();
  readonly #clientAddresses = new PortSet();
  readonly #clientPorts = new PortSet();
  readonly #held = new LocalPorts();
  readonly #left = new LocalPorts();
  readonly #queues: Record<Side, QueueCounter> = { target: new QueueCounter(), client: new QueueCounter() };
  readonly #counts = {
    targetEnds: 0,
    clientEnds: 0,
    timeWait: 0,
    targetTimeWait: 0,
    clientPorts: 0,
    clientAddresses: 0,
    queuedEnds: 0,
    requests: 0,
    targetQueuedBytes: 0,
    clientQueuedBytes: 0,
  };

  /**
   * @param ports of the target
   * @param address where it listens, as sockets are listed; undefined: at whatever address
   */
  constructor(ports: readonly number[], address?: number | string) {
    for (const port of ports) this.#isTarget[port] = 1;
    this.#address = address;
  }

  /** @param isWhole the list has all sockets of the host, and not those of the target's ports alone */
  result(isWhole: boolean): Established {
    const left = {
      leftPorts: this.#left.ports.without(this.#held.ports),
      leftAddresses: this.#left.addresses.without(this.#held.addresses),
    };
    return {
      ...this.#counts,
      acceptedEnds: this.#ends.client.with(this.#accepted),
      targetQueues: this.#queues.target.result(),
      clientQueues: this.#queues.client.result(),
      ...(isWhole ? left : undefined),
    };
  }

  add(socket: ListedSocket): void {
    const { state, localPort, remotePort } = socket;
    (state === TCP_TIME_WAIT ? this.#left : this.#held).add(socket.localAddress, localPort);
    const ofTarget = this.#isTarget[localPort] === 1 && this.#isAt(socket.localAddress);
    if (!ofTarget && !(this.#isTarget[remotePort] === 1 && this.#isAt(socket.remoteAddress))) return;
    if (state === TCP_TIME_WAIT) this.#addTimeWait(ofTarget);
    else if (state === TCP_SYN_RECV && ofTarget) this.#counts.requests++;
    else if (state === TCP_ESTABLISHED) this.#addEnd(socket, ofTarget ? 'target' : 'client');
    // One end has been closed, and data may wait there all the same. A listener's queue is of connections.
    else if (state !== TCP_LISTEN) this.#queues[ofTarget ? 'target' : 'client'].add(socket);
  }

  #addTimeWait(ofTarget: boolean): void {
    this.#counts.timeWait++;
    if (ofTarget) this.#counts.targetTimeWait++;
  }

  /** @param whose end of the connection the socket is */
  #addEnd(socket: ListedSocket, whose: Side): void {
    const isTarget = whose === 'target';
    const address = isTarget ? socket.remoteAddress : socket.localAddress;
    const [port, peerPort] = isTarget ? [socket.remotePort, socket.localPort] : [socket.localPort, socket.remotePort];
    const key = typeof address === 'number' ? address * 65_536 + peerPort : `${address} ${peerPort}`;
    // While other sockets come and go the kernel may list one twice: it finds its place again by counting.
    if (!this.#ends[whose].add(key, port)) return;
    this.#queues[whose].add(socket);
    const queuedBytes = socket.receiveQueue + socket.sendQueue;
    if (isTarget) {
      this.#counts.targetEnds++;
      this.#counts.targetQueuedBytes += queuedBytes;
      if (socket.inode === 0) this.#counts.queuedEnds++;
      else this.#accepted.add(key, port);
    } else {
      this.#counts.clientEnds++;
      this.#counts.clientQueuedBytes += queuedBytes;
      if (this.#clientAddresses.add(address, port)) this.#counts.clientAddresses++;
      if (this.#clientPorts.add('', port)) this.#counts.clientPorts++;
    }
  }

  #isAt(address: number | string): boolean {
    return this.#address === undefined || this.#address === address;
  }
}

keepShapeOf(new EndCounter([]));
