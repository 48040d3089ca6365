/* A TCP server that sends back whatever it receives: answered PORT BYTES MORE. It holds exactly BYTES touched bytes for each
   connection, and MORE beside them once it has said something. Prints "listening" when it does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void *held[1 << 20], *more[1 << 20];

static void *touched(size_t size) {
  void *block = size ? malloc(size) : NULL;
  if (block) memset(block, 1, size);
  return block;
}

static void ends(int fd) {
  free(held[fd]), free(more[fd]);
  held[fd] = more[fd] = NULL;
  close(fd);
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "answered PORT BYTES MORE\n"), 2;
  size_t bytes = strtoul(argv[2], NULL, 10), moreBytes = strtoul(argv[3], NULL, 10);
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) return perror("listen"), 1;
  struct epoll_event interest = {.events = EPOLLIN, .data.fd = listener}, ready[64];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &interest);
  puts("listening");
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(poller, ready, 64, -1);
    for (int i = 0; i < count; i++) {
      int fd = ready[i].data.fd;
      if (fd == listener) {
        int taken = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (taken < 0) continue;
        held[taken] = touched(bytes);
        interest.data.fd = taken;
        epoll_ctl(poller, EPOLL_CTL_ADD, taken, &interest);
        continue;
      }
      static char said[65536];
      ssize_t length = read(fd, said, sizeof said);
      if (length <= 0 || write(fd, said, length) != length) {
        ends(fd);
        continue;
      }
      if (!more[fd]) more[fd] = touched(moreBytes);
    }
  }
}
