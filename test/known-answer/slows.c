/*
 * slows PORT LIMIT SLOW_US ADMIT_US: sends back what it is sent, one message of 64 bytes after the other. With more than LIMIT connections open each
 * answer takes SLOW_US longer. The first answer of each connection takes ADMIT_US.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1 << 20, BATCH = 256 };

static unsigned char known[MOST];

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  int limit = atoi(argv[2]);
  useconds_t slow = (useconds_t)atoi(argv[3]), admit = (useconds_t)atoi(argv[4]);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, open = 0;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 4096) != 0) {
    perror("listen");
    return 1;
  }
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[BATCH];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poll, events, BATCH, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          known[fd] = 0;
          open++;
          event.data.fd = fd;
          epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        }
        continue;
      }
      char bytes[64];
      ssize_t length = read(fd, bytes, sizeof bytes);
      if (length <= 0) {
        close(fd);
        open--;
        continue;
      }
      if (!known[fd] && admit > 0) usleep(admit);
      known[fd] = 1;
      if (open > limit) usleep(slow);
      if (write(fd, bytes, (size_t)length) < 0) close(fd), open--;
    }
  }
}
