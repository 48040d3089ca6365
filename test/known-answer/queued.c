/* Data that stays in sockets.
   queued PORT unread: a TCP server that never reads, whatever comes.
   queued PORT unsent BYTES: one that writes so many bytes to whom it has heard from, and paces them so slowly that next to
   none of them leaves.
   queued PORT dial COUNT BYTES: a client that opens and closes 500 connections, opens COUNT, and writes so many bytes to each,
   at one line of its input each. A word is printed when something is done. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The kernel paces nobody before the tenth segment has left (tcp_output.c), and then by what the last one took. */
#define PACED_FROM 10
#define LAST 1024
#define WARM_UP 500

static char some[1 << 20];

/* As one segment: what is written together with something else leaves with it. */
static int leaves(int fd, size_t bytes) {
  struct tcp_info info = {.tcpi_state = TCP_ESTABLISHED};
  socklen_t size = sizeof info;
  int unsent = 1;
  if (write(fd, some, bytes) < 0) return 0;
  while (ioctl(fd, SIOCOUTQNSD, &unsent) == 0 && unsent > 0 && info.tcpi_state == TCP_ESTABLISHED) {
    sched_yield();
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
  }
  return unsent == 0;
}

static void put(int fd, size_t bytes) {
  for (ssize_t put; bytes > 0 && (put = write(fd, some, bytes < sizeof some ? bytes : sizeof some)) > 0;) bytes -= put;
}

static void stays(int fd, size_t bytes) {
  int on = 1, room = 4 << 20;
  unsigned perSecond = 1;
  struct linger reset = {.l_onoff = 1};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &perSecond, sizeof perSecond);
  /* What is left at the end goes at once, too. */
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  for (int i = 1; i < PACED_FROM; i++)
    if (!leaves(fd, 1)) return;
  if (leaves(fd, LAST)) put(fd, bytes);
}

static void done(const char *word) {
  puts(word);
  fflush(stdout);
}

static int serve(struct sockaddr_in at, int reads, size_t bytes) {
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0) return perror("listen"), 1;
  struct epoll_event want = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &want);
  done("listening");
  for (;;) {
    int ready = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd != listener) {
        if (events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) || read(fd, some, sizeof some) <= 0) close(fd);
        else stays(fd, bytes);
        continue;
      }
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event wanted = {.events = reads ? EPOLLIN | EPOLLRDHUP : EPOLLRDHUP, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
      }
    }
  }
}

static int line(void) {
  char text[16];
  return fgets(text, sizeof text, stdin) != NULL;
}

static int dial(struct sockaddr_in at, int count, size_t bytes) {
  int *fds = calloc(count > WARM_UP ? count : WARM_UP, sizeof *fds);
  struct linger reset = {.l_onoff = 1};
  for (int warm = 1; warm >= 0; warm--) {
    int wanted = warm ? WARM_UP : count;
    for (int i = 0; i < wanted; i++) {
      fds[i] = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(fds[i], (struct sockaddr *)&at, sizeof at) < 0) return perror("connect"), 1;
      setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    for (int i = 0; warm && i < wanted; i++) close(fds[i]);
    done(warm ? "warm" : "open");
    if (!line()) return 0;
  }
  for (int i = 0; i < count; i++) put(fds[i], bytes);
  done("written");
  line();
  return 0;
}

static int usage(void) { return fprintf(stderr, "queued PORT unread | unsent BYTES | dial COUNT BYTES\n"), 2; }

int main(int argc, char **argv) {
  if (argc < 3) return usage();
  const char *mode = argv[2];
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  signal(SIGPIPE, SIG_IGN);
  if (strcmp(mode, "unread") == 0) return serve(at, 0, 0);
  if (strcmp(mode, "unsent") == 0 && argc > 3) return serve(at, 1, strtoul(argv[3], NULL, 10));
  if (strcmp(mode, "dial") == 0 && argc > 4) return dial(at, atoi(argv[3]), strtoul(argv[4], NULL, 10));
  return usage();
}
