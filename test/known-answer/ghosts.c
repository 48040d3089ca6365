/* A TCP server that doesn't get all its clients think it has: ghosts PORT BYTES [backlog=N] [every=MILLISECONDS]
   [defer=SECONDS] [files=N] [processes=N] [at=ADDRESS]. Each connection holds exactly BYTES touched bytes.
   backlog: so many may wait to be accepted. every: it accepts one, then looks away for so long. defer: the kernel keeps
   connections back until they say something (TCP_DEFER_ACCEPT). files: so many descriptors each process may have.
   processes: so many accept from one socket. Prints "listening" when it does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

static void *held[1 << 20];
static size_t bytes;
static int everyMs;

static void serve(int listener) {
  int poller = epoll_create1(0);
  struct epoll_event want = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &want);
  for (;;) {
    int ready = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      char some[4096];
      if (fd != listener) {
        if (read(fd, some, sizeof some) > 0) continue;
        free(held[fd]);
        held[fd] = NULL;
        close(fd);
        continue;
      }
      for (int left = everyMs ? 1 : 1 << 20; left > 0 && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0; left--) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
        if (bytes) memset(held[fd] = malloc(bytes), 1, bytes);
      }
      usleep(fd < 0 && errno == EMFILE ? 10000 : everyMs * 1000);
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "ghosts PORT BYTES [backlog=N] [every=MS] [defer=S] [files=N] [processes=N]\n"), 2;
  int backlog = 4096, defer = 0, files = 0, processes = 1;
  const char *address = "127.0.0.1";
  bytes = strtoul(argv[2], NULL, 10);
  for (int i = 3; i < argc; i++) {
    sscanf(argv[i], "backlog=%d", &backlog);
    sscanf(argv[i], "every=%d", &everyMs);
    sscanf(argv[i], "defer=%d", &defer);
    sscanf(argv[i], "files=%d", &files);
    sscanf(argv[i], "processes=%d", &processes);
    if (!strncmp(argv[i], "at=", 3)) address = argv[i] + 3;
  }
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  inet_pton(AF_INET, address, &at.sin_addr);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (defer) setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, backlog) < 0) return perror("listen"), 1;
  if (files) setrlimit(RLIMIT_NOFILE, &(struct rlimit){files, files});
  for (int i = 1; i < processes; i++) {
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve(listener);
  }
  puts("listening");
  fflush(stdout);
  serve(listener);
}
