/* A TCP server that accepts late: late PORT BYTES MILLISECONDS [backlog=N]. Each time connections have come it looks away
   for so long, then accepts all there are; each holds exactly BYTES touched bytes. backlog: so many may wait for that; the
   kernel drops the others' first packets, and they come again a second later. Prints "listening" when it does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void *held[1 << 20];

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "late PORT BYTES MILLISECONDS [backlog=N]\n"), 2;
  size_t bytes = strtoul(argv[2], NULL, 10);
  int delayMs = atoi(argv[3]), backlog = 4096;
  if (argc > 4) sscanf(argv[4], "backlog=%d", &backlog);
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, backlog) < 0) return perror("listen"), 1;
  struct epoll_event want = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &want);
  puts("listening");
  fflush(stdout);
  for (;;) {
    int ready = epoll_wait(poller, events, 256, -1), came = 0;
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      char some[4096];
      if (fd == listener) came = 1;
      else if (read(fd, some, sizeof some) <= 0) {
        free(held[fd]);
        held[fd] = NULL;
        close(fd);
      }
    }
    if (!came) continue;
    usleep(delayMs * 1000);
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
      struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
      epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
      if (bytes) memset(held[fd] = malloc(bytes), 1, bytes);
    }
  }
}
