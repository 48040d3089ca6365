/* The least an epoll client can do: floor HOST PORT COUNT ws|tcp WINDOW opens COUNT connections, at most WINDOW of them
   at once under way, prints {opened, wallSeconds, cpuSeconds} as JSON, and holds them until stdin ends. It checks of the
   answer only that it begins as an upgrade does, and gives up at the first failure. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in target = {.sin_family = AF_INET};
static char request[256];
static int requestLength, poller;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void start(void) {
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connect(fd, (struct sockaddr *)&target, sizeof target);
  struct epoll_event want = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = (unsigned)fd};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &want) < 0) fail("epoll_ctl");
}


static double clockNow(clockid_t which) {
  struct timespec now;
  clock_gettime(which, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "floor HOST PORT COUNT ws|tcp WINDOW\n"), 2;
  int count = atoi(argv[3]), ws = strcmp(argv[4], "ws") == 0, window = atoi(argv[5]), started = 0, opened = 0;
  inet_pton(AF_INET, argv[1], &target.sin_addr);
  target.sin_port = htons(atoi(argv[2]));
  requestLength = sprintf(request, "GET / HTTP/1.1\r\nHost: %.60s:%.5s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", argv[1], argv[2]);
  char *greeted = calloc(1 << 20, 1), answer[65536]; /* by descriptor: whether its connection is up */
  struct epoll_event events[1024];
  poller = epoll_create1(0);
  double wall = clockNow(CLOCK_MONOTONIC), cpu = clockNow(CLOCK_PROCESS_CPUTIME_ID);
  while (opened < count) {
    for (; started < count && started - opened < window; started++) start();
    int ready = epoll_wait(poller, events, 1024, -1);
    for (int i = 0; i < ready; i++) {
      int fd = (int)events[i].data.u64, mask = events[i].events;
      if (mask & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) fail("a connection ended");
      if (!greeted[fd] && (mask & EPOLLOUT)) {
        greeted[fd] = 1;
        if (!ws) opened++;
        else if (send(fd, request, requestLength, MSG_NOSIGNAL) != requestLength) fail("send");
      }
      if (ws && (mask & EPOLLIN)) {
        if (recv(fd, answer, sizeof answer, 0) < 12 || memcmp(answer, "HTTP/1.1 101", 12) != 0) fail("upgrade");
        opened++;
      }
    }
  }
  wall = clockNow(CLOCK_MONOTONIC) - wall, cpu = clockNow(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  printf("{\"opened\":%d,\"wallSeconds\":%.6f,\"cpuSeconds\":%.6f}\n", opened, wall, cpu);
  fflush(stdout);
  while (read(0, answer, sizeof answer) > 0) continue;
  return 0;
}
