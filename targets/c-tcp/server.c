// A TCP echo server: what a connection sends comes back.
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, EVENTS = 256 };

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void watch(int poll, int fd, unsigned events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

static int listen_at(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, BACKLOG) < 0) die("listen");
  return listener;
}

// What arrived stays in the kernel until the peer has taken it back: nothing is kept for a connection here.
static void echo(int fd) {
  static char buffer[4096];
  for (;;) {
    ssize_t arrived = recv(fd, buffer, sizeof buffer, MSG_PEEK | MSG_DONTWAIT);
    ssize_t taken = arrived > 0 ? send(fd, buffer, arrived, MSG_NOSIGNAL | MSG_DONTWAIT) : arrived;
    if (taken > 0) {
      recv(fd, buffer, taken, 0);
    } else {
      // Edge-triggered: we are told when there is more to read, or room to write.
      if (taken == 0 || errno != EAGAIN) close(fd);
      return;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "usage: server PORT\n"), 2;
  int listener = listen_at(atoi(argv[1]));
  int poll = epoll_create1(0);
  if (poll < 0) die("epoll_create1");
  watch(poll, listener, EPOLLIN);
  struct epoll_event ready[EVENTS];
  for (;;) {
    int count = epoll_wait(poll, ready, EVENTS, -1);
    if (count < 0) die("epoll_wait");
    for (int i = 0; i < count; i++) {
      if (ready[i].data.fd != listener) {
        echo(ready[i].data.fd);
        continue;
      }
      int fd = accept(listener, NULL, NULL);
      if (fd < 0) die("accept");
      watch(poll, fd, EPOLLIN | EPOLLOUT | EPOLLET);
    }
  }
}
