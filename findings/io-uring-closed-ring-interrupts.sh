#!/usr/bin/env bash
# Closing a ring of io_uring interrupts a later wait of its thread: EINTR without any signal, some ms afterwards.
#
# Versions:  Linux 6.18.44, glibc 2.36, gcc 12.2.
# Behaviour: A thread makes a ring and closes it, and submits nothing. Then it waits 200 ms in epoll_wait for a set that has nothing.
#            That wait fails with EINTR after a few ms. No signal was sent, and none can be: all are blocked. The next wait takes its
#            200 ms. Without a ring the first one does, too.
# Seen:      10 times with a ring: at least 5 first waits interrupted (10 of 10 as a rule), no later one. 10 times without: none.
# Matters:   A client that tries for a ring, by a probe or with a table that is too large, and falls back to epoll has a wait that ends
#            early. Who takes any failure of epoll_wait for fatal ends there; who measures times has one turn that is too short.
set -euo pipefail
command -v gcc > /dev/null || { echo 'needs gcc: apt-get install gcc libc6-dev' >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/wait.c" <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* wait ring|none: a ring that is made and closed, then two waits; prints which of them was interrupted. */
int main(int argc, char **argv) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  if (argc > 1 && argv[1][0] == 'r') {
    struct io_uring_params params = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 8, &params);
    if (ring < 0) return perror("io_uring_setup"), 2;
    close(ring);
  }
  int poller = epoll_create1(0);
  for (int i = 0; i < 2; i++) {
    struct epoll_event event;
    int ready = epoll_wait(poller, &event, 1, 200);
    printf("%s ", ready == 0 ? "whole" : ready < 0 && errno == EINTR ? "interrupted" : "other");
  }
  puts("");
  return 0;
}
C
gcc -O1 -o "$folder/wait" "$folder/wait.c"
for what in ring none; do
  for _ in 1 2 3 4 5 6 7 8 9 10; do timeout 10 "$folder/wait" "$what"; done > "$folder/$what"
done
first=$(grep -c '^interrupted whole' "$folder/ring" || true)
later=$(grep -c 'interrupted $' "$folder/ring" || true)
without=$(grep -c 'interrupted' "$folder/none" || true)
echo "with a ring: $first of 10 first waits interrupted, $later later ones; without: $without"
[ "$first" -ge 5 ] && [ "$later" -eq 0 ] && [ "$without" -eq 0 ] || { echo 'changed: expected first waits after a closed ring to be interrupted'; exit 1; }
