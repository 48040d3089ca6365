/* A TCP server that holds exactly BYTES touched bytes for each connection: held PORT BYTES [leak=N] [table=N@COUNT]
   [knee=COUNT] [at=ADDRESS]. BYTES may be several, as in 0@0,1024@500: connections beyond so many open ones hold so much.
   leak: each closed connection leaves N bytes behind. table: the first time that COUNT are open it allocates N more, once;
   there may be several. knee: connections beyond COUNT open ones hold twice as much. at: where it listens instead of
   127.0.0.1. Prints "listening" when it does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void *held[1 << 20];
#define TABLES 8
#define STAIRS 8
static size_t stairs, stairBytes[STAIRS], stairFrom[STAIRS];
static size_t leakBytes, tables, tableBytes[TABLES], tableAt[TABLES], kneeAt;
static size_t open_;

static void *touched(size_t size) {
  void *block = size ? malloc(size) : NULL;
  if (block) memset(block, 1, size);
  return block;
}

static size_t bytesNow(void) {
  size_t i = 0;
  while (i + 1 < stairs && open_ > stairFrom[i + 1]) i++;
  return stairBytes[i];
}

static void opens(int fd) {
  open_++;
  for (size_t i = 0; i < tables; i++)
    if (open_ == tableAt[i]) touched(tableBytes[i]), tableAt[i] = 0;
  size_t bytes = bytesNow();
  held[fd] = touched(kneeAt && open_ > kneeAt ? 2 * bytes : bytes);
}

static void ends(int fd) {
  free(held[fd]);
  held[fd] = NULL;
  open_--;
  touched(leakBytes);
  close(fd);
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "held PORT BYTES [leak=N] [table=N@COUNT] [knee=COUNT] [at=ADDRESS]\n"), 2;
  for (char *stair = strtok(argv[2], ","); stair && stairs < STAIRS; stair = strtok(NULL, ","))
    sscanf(stair, "%zu@%zu", &stairBytes[stairs], &stairFrom[stairs]), stairs++;
  char address[16] = "127.0.0.1";
  for (int i = 3; i < argc; i++) {
    sscanf(argv[i], "at=%15s", address);
    sscanf(argv[i], "leak=%zu", &leakBytes);
    if (tables < TABLES && sscanf(argv[i], "table=%zu@%zu", &tableBytes[tables], &tableAt[tables]) == 2) tables++;
    sscanf(argv[i], "knee=%zu", &kneeAt);
  }
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = inet_addr(address)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0) return perror("listen"), 1;
  struct epoll_event want = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &want);
  puts("listening");
  fflush(stdout);
  for (;;) {
    int ready = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      char some[4096];
      if (fd != listener) {
        if (read(fd, some, sizeof some) <= 0) ends(fd);
        continue;
      }
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
        opens(fd);
      }
    }
  }
}
