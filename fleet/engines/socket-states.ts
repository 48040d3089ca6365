/** Bits of a slot's state. */
export const CONNECTING = 1;
/** At a Unix socket: not connected yet, and not registered, since its backlog was full. */
export const WAITING = 32;
/** `finish` was called; FIN follows what is queued. */
export const FIN_WANTED = 2;
export const FIN_SENT = 4;
export const PEER_FIN = 8;
/** Nothing is read: the socket fills, and TCP holds the peer back. */
export const PAUSED = 16;
