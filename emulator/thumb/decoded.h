/* What planning and pricing need to know of an instruction wherever it stands. Twin: instruction.py.
 *
 * decode.py decodes; emulator/engine/native_pricer.py fills these in, once for each encoding that an
 * image has, with what the core's model says of it; blocks are looked up in them from then on.
 */
#ifndef BOARDLESS_DECODED_H
#define BOARDLESS_DECODED_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define UNCONDITIONAL 255
#define WIDE_FROM 0xE800      /* first half-words from here on begin a 32-bit encoding */
#define MOST_INSTRUCTIONS 512 /* of a block: Unicorn ends it before */
#define FLAGS_BIT 16          /* APSR, in masks of registers */

enum {                        /* Decoded.flags */
    IS_MEMORY = 1 << 0, IS_STORE = 1 << 1, WRITES_BACK = 1 << 2, HAS_INDEX = 1 << 3, HAS_TARGET = 1 << 4,
    WRITES_PC = 1 << 5, SETS_FLAGS = 1 << 6, MAY_STAY = 1 << 7 /* leaves PC alone, or may */, IS_SIGNED = 1 << 8,
    IS_OBSERVED = 1 << 9, IS_OBSERVED_BEFORE_ADDRESS = 1 << 10, IS_IT = 1 << 11, IS_DIVIDE = 1 << 12,
    IS_LOAD = 1 << 13, IS_LOAD_DOUBLE = 1 << 14, IS_LOAD_MULTIPLE = 1 << 15, IS_PLAIN_STORE = 1 << 16,
    IS_FLOATING = 1 << 17, IS_MULTIPLE = 1 << 18, IS_SIGNED_DIVIDE = 1 << 19,
    IS_NOT_PLANNED = 1 << 20, /* Python plans its block */
    USES_FPU = 1 << 21, IS_NOP = 1 << 22, SUITS_OPEN_SLOT = 1 << 23, IS_BRANCH = 1 << 24,
    IS_NOT_PRICED = 1 << 25,  /* nor can paths through it be priced here */
    IS_SKIPPED = 1 << 26      /* in a line, never in the book: its condition fails on this path */
};

typedef struct {
    uint64_t reads, writes, address_reads, accumulator_reads, shifted_reads, store_reads, load_writes;
    uint32_t opcode, flags, traits;          /* traits: the model's */
    int32_t displacement, offset, writeback; /* of a target from the instruction; of an access from its base */
    uint8_t size_bytes, condition, base;
    uint8_t index, shift, access_bytes, count;
    uint8_t strict, strict_everywhere, leaving; /* bits of an address that must be 0; the latter: UNALIGN_TRP */
    uint8_t cycles, refill, latency, occupies, reads_at, flags_latency, extra, tail; /* the model's: see timing/cores */
} Decoded;

/* i:imm3:imm8 of a 32-bit data-processing encoding (A5.3.1, A5.3.3). */
static inline uint32_t immediate12(uint32_t opcode) {
    return (opcode >> 26 & 1) << 11 | (opcode >> 12 & 7) << 8 | (opcode & 0xFF);
}

typedef struct { uint64_t key; Decoded decoded; } BookEntry; /* keep in step with native_decoded.py */

typedef struct {
    uint64_t *keys;            /* by open addressing; 0: free */
    uint32_t *numbers;
    uint32_t n_places, n;
    Decoded *decoded;
} Book;

/* An encoding, under a condition or not, in an IT block or not. Never 0. */
static inline uint64_t book_key(uint32_t opcode, uint32_t condition, uint32_t in_it) {
    return opcode | (uint64_t)condition << 32 | (uint64_t)in_it << 40 | 1ull << 41;
}

static inline uint32_t book_place(const Book *b, uint64_t key) {
    uint32_t place = (uint32_t)((key * 0x9E3779B97F4A7C15ull) >> 32) & (b->n_places - 1);
    while (b->keys[place] && b->keys[place] != key) place = (place + 1) & (b->n_places - 1);
    return place;
}

static inline const Decoded *book_find(const Book *b, uint64_t key) {
    if (!b->n_places) return NULL;
    uint32_t place = book_place(b, key);
    return b->keys[place] ? &b->decoded[b->numbers[place]] : NULL;
}

static inline void book_grow(Book *b) {
    Book old = *b;
    b->n_places = old.n_places ? old.n_places * 2 : 4096;
    b->keys = calloc(b->n_places, sizeof *b->keys);
    b->numbers = calloc(b->n_places, sizeof *b->numbers);
    b->decoded = realloc(old.decoded, b->n_places / 2 * sizeof *b->decoded);
    for (uint32_t i = 0; i < old.n_places; i++) {
        if (!old.keys[i]) continue;
        uint32_t place = book_place(b, old.keys[i]);
        b->keys[place] = old.keys[i];
        b->numbers[place] = old.numbers[i];
    }
    free(old.keys);
    free(old.numbers);
}

static inline void book_add(Book *b, uint64_t key, const Decoded *decoded) {
    if (b->n + 1 > b->n_places / 2) book_grow(b);
    uint32_t place = book_place(b, key);
    if (!b->keys[place]) {
        b->keys[place] = key;
        b->numbers[place] = b->n++;
    }
    b->decoded[b->numbers[place]] = *decoded;
}

static inline void book_free(Book *b) {
    free(b->keys);
    free(b->numbers);
    free(b->decoded);
}

#endif
