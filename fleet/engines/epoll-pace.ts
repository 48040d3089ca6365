/** How much an epoll engine does in a turn before something else has its turn. */
/** Read at once. What a protocol makes of so much takes a few milliseconds at the most, whatever it is. */
export const READ_BUFFER_BYTES = 16_384;
/** A socket that has more to read gets so much time in each turn, and a read that goes beyond it is its last. */
export const SLICE_MS = 1;
/** All of them together get so much; the rest waits for the next turn. */
export const SLICES_MS = 10;
/** What has just arrived is read for so long, more than a whole batch of handshakes takes; the rest waits likewise. */
export const ARRIVALS_MS = 50;
/** Events taken from the kernel at once. */
export const BATCH = 1024;
/** Node's own loop gets a turn this often: enough for messages, too seldom to cost anything. */
export const YIELD_EVERY_MS = 20;
