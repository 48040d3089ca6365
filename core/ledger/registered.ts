/** What the kernel keeps of a socket that is registered, so that its process is told what happens there. */
import type { Slab } from '../schemas/readings.ts';

/** `struct eppoll_entry` and `struct epitems_head` on 64-bit Linux, for kernels that merge their caches into others. */
const EPOLL_ENTRY_BYTES = 64;
const EPOLL_HEAD_BYTES = 16;

/** `struct io_kiocb`, `struct io_rsrc_node` and a pointer on 64-bit Linux 6.18. */
const RING_REQUEST_BYTES = 256;
const RING_PLACE_BYTES = 32 + 8;

/** What a socket takes that waits in a ring. */
export const ringItemBytes = (slab: Slab | null): number =>
  (slab?.io_kiocb?.bytesPerObject ?? RING_REQUEST_BYTES) + RING_PLACE_BYTES;

/** What registering one with epoll takes besides its item. */
export const epollEntryBytes = (slab: Slab | null): number =>
  (slab?.eventpoll_pwq?.bytesPerObject ?? EPOLL_ENTRY_BYTES) + (slab?.ep_head?.bytesPerObject ?? EPOLL_HEAD_BYTES);
