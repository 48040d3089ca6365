/* A TCP server of several processes, each connection of which holds exactly BYTES touched bytes:
   pool PORT BYTES WORKERS [shared=N] [late=COUNT] [recycle=COUNT]. The parent listens, its children accept, each one
   connection at a time, and none gets far ahead of the others. shared: N bytes are touched before the children are born,
   so that all of them have the same ones. late: each child is born only when COUNT more connections are open than for the
   one before, the first with the first. recycle: the last child holds no more than 40, ends once COUNT are open, and is
   replaced; so is any child that ends. Prints "listening" when it does, and at its end, by SIGTERM, how many each child
   has accepted. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 64
#define FEW 40
#define AHEAD 64

static void *held[1 << 20];
static size_t bytes, commonBytes, lateEach, recycleAt;
static int workers, listener;
static volatile sig_atomic_t over;
/* Seen by all: connections open now, the most there ever were, those accepted so far by each child that there ever was;
   who still accepts. */
static struct { size_t open, most, by[MOST]; volatile int accepts[MOST]; pid_t pids[MOST]; } *shared;

static void *touched(size_t size) {
  void *block = size ? malloc(size) : NULL;
  if (block) memset(block, 1, size);
  return block;
}

static int isAhead(int number) {
  for (int i = 0; i < MOST; i++)
    if (shared->accepts[i] && shared->by[number] > shared->by[i] + AHEAD) return 1;
  return 0;
}

static void serve(int number) {
  int poller = epoll_create1(0), recycled = recycleAt && number == workers - 1, holding = 0;
  struct epoll_event want = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &want);
  for (;;) {
    int ready = epoll_wait(poller, events, 256, recycled ? 20 : -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      char some[4096];
      if (fd != listener) {
        if (read(fd, some, sizeof some) > 0) continue;
        free(held[fd]);
        held[fd] = NULL;
        holding--;
        __sync_sub_and_fetch(&shared->open, 1);
        close(fd);
      } else if (recycled ? holding >= FEW : isAhead(number)) {
        usleep(200);
      } else if ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
        held[fd] = touched(bytes);
        holding++;
        size_t open = __sync_add_and_fetch(&shared->open, 1);
        for (size_t most; open > (most = shared->most);) __sync_bool_compare_and_swap(&shared->most, most, open);
        __sync_add_and_fetch(&shared->by[number], 1);
      }
    }
    if (recycled && shared->most >= recycleAt) {
      __sync_sub_and_fetch(&shared->open, holding);
      _exit(0);
    }
  }
}

static void bear(int number) {
  if (number >= MOST) return;
  pid_t parent = getpid();
  // Nobody waits for one that takes few.
  shared->accepts[number] = !recycleAt || number != workers - 1;
  if ((shared->pids[number] = fork())) return;
  signal(SIGTERM, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  serve(number);
}

static int bury(void) {
  pid_t pid = waitpid(-1, NULL, WNOHANG);
  for (int i = 0; pid > 0 && i < MOST; i++)
    if (shared->pids[i] == pid) shared->accepts[i] = 0;
  return pid > 0;
}

static void ends(int signal) {
  (void)signal;
  over = 1;
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "pool PORT BYTES WORKERS [shared=N] [late=COUNT] [recycle=COUNT]\n"), 2;
  bytes = strtoul(argv[2], NULL, 10);
  workers = atoi(argv[3]);
  for (int i = 4; i < argc; i++) {
    sscanf(argv[i], "shared=%zu", &commonBytes);
    sscanf(argv[i], "late=%zu", &lateEach);
    sscanf(argv[i], "recycle=%zu", &recycleAt);
  }
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  touched(commonBytes);
  int on = 1, born = 0;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0) return perror("listen"), 1;
  struct sigaction action = {.sa_handler = ends};
  sigaction(SIGTERM, &action, NULL);
  puts("listening");
  fflush(stdout);
  while (!over) {
    if (lateEach && born == 0) {
      struct pollfd first = {.fd = listener, .events = POLLIN};
      if (poll(&first, 1, 10) > 0) bear(born++);
    } else {
      while (born < workers && shared->most >= born * lateEach) bear(born++);
      while (bury()) bear(born++);
      usleep(10000);
    }
  }
  for (int i = 0; i < born; i++) printf("%zu%s", shared->by[i], i + 1 < born ? " " : " accepted\n");
  return 0;
}
