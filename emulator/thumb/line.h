/* A block's instructions, read from a book. Twin: decode_block of decode.py. */
#ifndef BOARDLESS_LINE_H
#define BOARDLESS_LINE_H

#include <stdint.h>

#include "decoded.h"
#include "families.h"

typedef struct {
    uint32_t address, size_bytes, n;
    uint32_t addresses[MOST_INSTRUCTIONS];
    Decoded instructions[MOST_INSTRUCTIONS];
} Line;

static inline uint32_t next_it(uint32_t it) { return it & 7 ? (it & 0xE0) | (it << 1 & 0x1F) : 0; }

/* Read a block's instructions; of those that the book lacks list the keys. 0: it is too long, or cut short. */
static inline int line_read(Line *line, const Book *book, uint32_t address, const uint8_t *code, uint32_t size_bytes,
                            uint32_t it, uint64_t *missing, uint32_t *n_missing) {
    *n_missing = 0;
    line->address = address;
    line->size_bytes = size_bytes & ~1u;
    line->n = 0;
    for (uint32_t at = 0; at + 2 <= size_bytes;) {
        if (line->n == MOST_INSTRUCTIONS) return 0;
        uint32_t opcode = code[at] | (uint32_t)code[at + 1] << 8, bytes = 2;
        if (opcode >= WIDE_FROM) {
            if (at + 4 > size_bytes) return 0;
            opcode = opcode << 16 | code[at + 2] | (uint32_t)code[at + 3] << 8;
            bytes = 4;
        }
        uint32_t condition = it && it >> 4 != 14 ? it >> 4 : UNCONDITIONAL;
        Family family = family_of(opcode);
        uint64_t key = book_key(family.head, it && condition != UNCONDITIONAL ? 0 : condition, it != 0);
        const Decoded *found = book_find(book, key);
        if (found) {
            line->instructions[line->n] = *found;
            family_member(&family, opcode, &line->instructions[line->n]);
            if (it) line->instructions[line->n].condition = (uint8_t)condition;
        } else {
            missing[(*n_missing)++] = key;
        }
        line->addresses[line->n++] = address + at;
        if (it) it = next_it(it);
        else if (bytes == 2 && opcode >> 8 == 0xBF && opcode & 15) it = opcode & 0xFF;
        at += bytes;
    }
    return 1;
}

static inline uint32_t line_end(const Line *line) { return line->address + line->size_bytes; }

#endif
