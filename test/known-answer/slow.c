/* A WebSocket server that takes its time: slow PORT BYTES MILLISECONDS. Each handshake is answered that long after it was
   asked for; from then on its connection holds exactly BYTES touched bytes. Prints "listening" when it does. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define MOST (1 << 16)
#define KEY 24
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static void *held[MOST];
/* Whom an answer is due to, the earliest first: all of them wait equally long. */
static struct { int fd; int64_t dueMs; char key[KEY]; } queue[MOST];
static size_t first, next;
/* Of a descriptor, 0 for none: its place in the queue plus 1. */
static size_t place[MOST];

static int64_t nowMs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static uint32_t turned(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

/* FIPS 180-4, for messages of exactly 60 bytes: a key and the GUID, which fill two blocks. */
static void sha1(const char *message, uint8_t digest[20]) {
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint8_t padded[128] = {0};
  memcpy(padded, message, 60);
  padded[60] = 0x80;
  padded[126] = 60 * 8 >> 8, padded[127] = 60 * 8 & 255;
  for (int block = 0; block < 2; block++) {
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int t = 0; t < 16; t++) {
      uint8_t *at = padded + block * 64 + t * 4;
      w[t] = (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
    }
    for (int t = 16; t < 80; t++) w[t] = turned(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (int t = 0; t < 80; t++) {
      uint32_t f = t < 20 ? (b & c) | (~b & d) : t < 40 ? b ^ c ^ d : t < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      uint32_t k = t < 20 ? 0x5a827999 : t < 40 ? 0x6ed9eba1 : t < 60 ? 0x8f1bbcdc : 0xca62c1d6;
      uint32_t sum = turned(a, 5) + f + e + k + w[t];
      e = d, d = c, c = turned(b, 30), b = a, a = sum;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
  }
  for (int i = 0; i < 20; i++) digest[i] = h[i / 4] >> (24 - i % 4 * 8);
}

/* 20 bytes are 27 digits and one sign that there are no more. */
static void base64(const uint8_t bytes[20], char text[29]) {
  const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 27; i++) {
    int bit = i * 6, two = bytes[bit / 8] << 8 | (bit / 8 < 19 ? bytes[bit / 8 + 1] : 0);
    text[i] = digits[two >> (10 - bit % 8) & 63];
  }
  text[27] = '=', text[28] = 0;
}

static void answer(int fd, const char *key, size_t bytes) {
  char message[61], accept[29];
  uint8_t digest[20];
  memcpy(message, key, KEY);
  memcpy(message + KEY, GUID, 37);
  sha1(message, digest);
  base64(digest, accept);
  dprintf(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
  if (bytes) memset(held[fd] = malloc(bytes), 1, bytes);
}

static void ends(int fd) {
  if (place[fd]) queue[place[fd] - 1].fd = -1;
  place[fd] = 0;
  free(held[fd]);
  held[fd] = NULL;
  close(fd);
}

/* A handshake comes in one piece; whatever comes after it is the end. */
static void hears(int fd, const char *text, int64_t delayMs) {
  const char *at = strcasestr(text, "\r\nSec-WebSocket-Key:");
  if (!at) return ends(fd);
  for (at += 20; *at == ' '; at++);
  queue[next].fd = fd, queue[next].dueMs = nowMs() + delayMs;
  memcpy(queue[next].key, at, KEY);
  place[fd] = next + 1;
  next = (next + 1) % MOST;
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "slow PORT BYTES MILLISECONDS\n"), 2;
  size_t bytes = strtoul(argv[2], NULL, 10);
  int64_t delayMs = atoi(argv[3]);
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0) return perror("listen"), 1;
  struct epoll_event want = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &want);
  puts("listening");
  fflush(stdout);
  for (;;) {
    int64_t waitMs = first == next ? -1 : queue[first].dueMs - nowMs();
    int ready = epoll_wait(poller, events, 256, first == next ? -1 : waitMs > 0 ? (int)waitMs : 0);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      char some[4097];
      if (fd != listener) {
        ssize_t got = read(fd, some, sizeof some - 1);
        if (got > 0) some[got] = 0;
        if (got > 0) hears(fd, some, delayMs);
        else ends(fd);
        continue;
      }
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted);
      }
    }
    for (; first != next && queue[first].dueMs <= nowMs(); first = (first + 1) % MOST) {
      int fd = queue[first].fd;
      if (fd < 0) continue;
      place[fd] = 0;
      answer(fd, queue[first].key, bytes);
    }
  }
}
