/* A TCP server that opens something of its own for each connection: onward PORT WHAT [at=ADDRESS]. WHAT is the port of a server on
   this machine that it connects to (a proxy's way onwards), "files" for a timer, a pipe and a pair of
   UNIX sockets, or "nothing". It is closed together with the connection. Prints "listening" when it does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define MOST (1 << 16)
#define OWN 5
static int own[MOST][OWN];

static int onward(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0) perror("connect"), exit(1);
  return fd;
}

static void opens(int fd, const char *what, int poller) {
  int *mine = own[fd];
  for (int k = 0; k < OWN; k++) mine[k] = -1;
  if (!strcmp(what, "files")) {
    mine[0] = timerfd_create(CLOCK_MONOTONIC, 0);
    if (pipe(mine + 1) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, mine + 3) < 0) exit(1);
  } else if (strcmp(what, "nothing")) {
    mine[0] = onward(atoi(what));
    struct epoll_event want = {.events = EPOLLIN | EPOLLET, .data.fd = -1};
    epoll_ctl(poller, EPOLL_CTL_ADD, mine[0], &want);
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return fprintf(stderr, "onward PORT BACKEND|files|nothing [at=ADDRESS]\n"), 2;
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (argc > 3 && !strncmp(argv[3], "at=", 3)) inet_pton(AF_INET, argv[3] + 3, &at.sin_addr);
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
      if (fd < 0) continue;
      if (fd != listener) {
        if (read(fd, some, sizeof some) > 0) continue;
        for (int k = 0; k < OWN; k++) if (own[fd][k] >= 0) close(own[fd][k]);
        close(fd);
        continue;
      }
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
        opens(fd, argv[2], poller);
      }
    }
  }
}
