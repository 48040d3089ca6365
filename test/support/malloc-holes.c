/* Takes memory from malloc in two threads, gives some of it back, and prints how many bytes are in use by malloc's own count. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECES = 2000, PIECE_BYTES = 3000 };

static void *take(void *every) {
  char **pieces = malloc(PIECES * sizeof *pieces);
  for (int i = 0; i < PIECES; i++) memset(pieces[i] = malloc(PIECE_BYTES), 1, PIECE_BYTES);
  for (int i = 0; i < PIECES; i += (int)(long)every) free(pieces[i]);
  return pieces;
}

static void *take_and_stay(void *done) {
  take((void *)4);
  write(*(int *)done, "x", 1);
  for (;;) pause();
}

int main(void) {
  int ends[2];
  char byte;
  pthread_t thread;
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  take((void *)2);
  if (pipe(ends) || pthread_create(&thread, NULL, take_and_stay, &ends[1]) || read(ends[0], &byte, 1) != 1) return 1;
  printf("%zu\n", mallinfo2().uordblks);
  fflush(stdout);
  return (int)read(0, &byte, 1);
}
