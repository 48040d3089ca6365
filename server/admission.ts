import type { Socket } from 'node:net';
import { MAX_LINGERING } from './limits.ts';

/** How long a refused peer has to take its answer and close. */
export const LINGER_MS = 1000;

/** Admission for all listeners of a process together: descriptors are what they share. */
export class Gate {
  /** Connections above this are refused. */
  readonly max: number;
  /** Accepted and not yet closed, handshaking ones included. */
  held = 0;
  #lingering = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Takes a place; false when there is none. A caller that got one calls {@link leave} when the socket is closed. */
  enter(): boolean {
    if (this.held >= this.max) return false;
    this.held++;
    return true;
  }

  leave(): void {
    this.held--;
  }

  /**
   * Sends a last answer and closes. Closing with unread bytes sends an RST, which may overtake the answer, so the
   * peer's FIN is awaited for a moment. But it is awaited only by so many at once that descriptors can't run out.
   */
  dismiss(socket: Socket, answer: string): void {
    socket.on('error', ignore);
    if (this.#lingering >= MAX_LINGERING) {
      // The write reaches the kernel at once, since nothing was queued before it.
      socket.write(answer);
      socket.destroy();
      return;
    }
    this.#lingering++;
    socket.on('close', () => {
      this.#lingering--;
    });
    lastWord(socket, answer);
  }
}

/** Answers, sends FIN, ignores whatever still comes, and drops the socket when the peer doesn't close in time. */
export function lastWord(socket: Socket, answer: string): void {
  socket.setTimeout(LINGER_MS, socket.destroy);
  socket.on('end', socket.destroy);
  socket.resume();
  socket.end(answer);
}

function ignore(): void {}
