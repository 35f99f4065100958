/*
 * fuzz - what the targets of `make fuzz` share.  Each target is one file that
 * libFuzzer calls with one input after the other; an input that breaks what
 * a parser promises ends the program and is kept.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The promise; if it is broken, says so and ends the program. */
#define MUST(promise) \
	((promise) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #promise))

void fuzz_broken(const char *file, int line, const char *promise);

/* The input with a NUL behind it, in memory of its own; to be freed. */
char *fuzz_string(const uint8_t *data, size_t size);

/*
 * Bytes of the sequence that p begins with, which is not ASCII, by the table of
 * RFC 3629; 0 if it is none.
 */
size_t fuzz_sequence(const unsigned char *p, size_t len);

/* True if it is UTF-8 and holds nothing that moves a cursor. */
int fuzz_clean(const char *s, size_t len);

/* True for two equal strings, or NULL twice. */
int fuzz_same(const char *a, const char *b);

#endif
