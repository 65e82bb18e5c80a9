/* Encodings that differ in their registers, constants or targets alone have one place in the book.
 *
 * `family_of` puts r1, r2, ... and S1, S2, ... where the registers of an encoding stand, and 0 where constants
 * do that tell nothing else; `family_member` puts the own ones back into what the book has of the family's head.
 * No field with SP or PC is touched: with those an encoding may be another. decode.py decodes the heads;
 * tests/engine/test_native_pricer.py holds all members to what it says of them.
 */
#ifndef BOARDLESS_FAMILIES_H
#define BOARDLESS_FAMILIES_H

#include <stdint.h>

#include "decoded.h"

#define MOST_FIELDS 4
#define STACK_POINTER 13
#define LINK_REGISTER 14
#define PROGRAM_COUNTER 15
#define FIRST_SINGLE 32       /* S0, in masks of registers */

static inline uint32_t is_replaced(uint32_t number) { return number <= LINK_REGISTER && number != STACK_POINTER; }

enum { CONSTANT_IS_LEFT, CONSTANT_IS_OFFSET, CONSTANT_IS_DISPLACEMENT, CONSTANT_IS_WRITTEN_BACK, CONSTANT_IS_BOTH,
       CONSTANT_IS_SHIFT };

typedef struct {
    uint32_t head, n_fields, constant; /* constant: what of the descriptor the constant is */
    int32_t value;
    uint8_t registers[MOST_FIELDS];    /* instead of r1, r2, ... */
    uint32_t n_singles;
    uint8_t singles[MOST_FIELDS];      /* instead of S1, S2, ... */
} Family;

static inline void family_field(Family *f, uint32_t position, uint32_t bits) {
    uint32_t mask = ((1u << bits) - 1) << position, number = (f->head & mask) >> position;
    if (!is_replaced(number)) return;
    f->registers[f->n_fields++] = (uint8_t)number;
    f->head = (f->head & ~mask) | f->n_fields << position;
}

static inline void family_constant(Family *f, uint32_t mask, uint32_t what, int32_t value) {
    f->head &= ~mask;
    f->constant = what;
    f->value = value;
}

/* Sn: four bits of its number at `high`, the lowest at `low`. */
static inline void family_single(Family *f, uint32_t high, uint32_t low) {
    f->singles[f->n_singles++] = (uint8_t)((f->head >> high & 15) << 1 | (f->head >> low & 1));
    f->head &= ~(15u << high | 1u << low);
    f->head |= f->n_singles >> 1 << high | (f->n_singles & 1) << low;
}

static inline int32_t sign_extended(uint32_t value, uint32_t bits) {
    return (int32_t)(value << (32 - bits)) >> (32 - bits);
}

/* ---- 16-bit encodings ---- */

/* Moves, comparisons and additions of constants, shifts by constants, additions of three. */
static inline void family_narrow_arithmetic(Family *f, uint32_t op) {
    if (op >> 13 == 1) {
        family_field(f, 8, 3);
        family_constant(f, 0xFF, CONSTANT_IS_LEFT, 0);
        return;
    }
    family_field(f, 0, 3);
    family_field(f, 3, 3);
    if (op >> 10 == 6) family_field(f, 6, 3);
    else if (op >> 10 == 7) family_constant(f, 7u << 6, CONSTANT_IS_LEFT, 0);
    else if (op >> 6 & 31) f->head = (f->head & ~(31u << 6)) | 1u << 6;
}

static inline void family_narrow_memory(Family *f, uint32_t op) {
    static const uint8_t SHIFTS[] = {2, 2, 0, 0, 1, 1}; /* of the constant, by bits 15:11 from 01100 on */
    if (op >> 12 == 5) {
        for (uint32_t position = 0; position < 9; position += 3) family_field(f, position, 3);
    } else if (op >> 11 == 9 || op >> 12 == 9) {
        family_field(f, 8, 3);
        family_constant(f, 0xFF, CONSTANT_IS_OFFSET, (int32_t)(op & 0xFF) << 2);
    } else {
        family_field(f, 0, 3);
        family_field(f, 3, 3);
        family_constant(f, 31u << 6, CONSTANT_IS_OFFSET, (int32_t)(op >> 6 & 31) << SHIFTS[(op >> 11) - 12]);
    }
}

static inline void family_narrow_branch(Family *f, uint32_t op) {
    if (op >> 12 == 11) {
        family_field(f, 0, 3);
        int32_t ahead = (int32_t)((op >> 3 & 31) * 2 + (op >> 3 & 0x40));
        family_constant(f, 0x2F8, CONSTANT_IS_DISPLACEMENT, 4 + ahead);
    } else if (op >> 12 == 13) {
        family_constant(f, 0xFF, CONSTANT_IS_DISPLACEMENT, 4 + 2 * sign_extended(op & 0xFF, 8));
    } else {
        family_constant(f, 0x7FF, CONSTANT_IS_DISPLACEMENT, 4 + 2 * sign_extended(op & 0x7FF, 11));
    }
}

static inline void family_narrow(Family *f, uint32_t op) {
    if (op >> 14 == 0) {
        family_narrow_arithmetic(f, op);
    } else if (op >> 10 == 16 || op >> 8 == 0xB2) {
        family_field(f, 0, 3);
        family_field(f, 3, 3);
    } else if (op >> 8 >= 0x44 && op >> 8 <= 0x46 && is_replaced((op >> 4 & 8) | (op & 7)) &&
               is_replaced(op >> 3 & 15)) {
        f->registers[f->n_fields++] = (uint8_t)((op >> 4 & 8) | (op & 7));
        f->head = (op & 0xFF78) | 1;
        family_field(f, 3, 4);
    } else if (op >> 11 == 9 || op >> 12 == 5 || (op >> 11 >= 12 && op >> 12 <= 9)) {
        family_narrow_memory(f, op);
    } else if (op >> 12 == 10) {
        family_field(f, 8, 3);
        family_constant(f, 0xFF, CONSTANT_IS_LEFT, 0);
    } else if (op >> 8 == 0xBF && op & 15) { /* IT: of which conditions the line knows */
        f->head = 0xBF08;
    } else if (op >> 8 == 0xB0) {
        family_constant(f, 0x7F, CONSTANT_IS_LEFT, 0);
    } else if ((op >> 12 == 11 && (op >> 8 & 5) == 1) || (op >> 12 == 13 && (op >> 8 & 15) < 14) || op >> 11 == 28) {
        family_narrow_branch(f, op);
    }
}

/* ---- 32-bit encodings ---- */

static inline void family_wide_branch(Family *f, uint32_t op) {
    uint32_t s = op >> 26 & 1, first = op >> 13 & 1, second = op >> 11 & 1;
    if (op >> 12 & 1) {
        uint32_t i1 = !(first ^ s), i2 = !(second ^ s);
        uint32_t value = s << 24 | i1 << 23 | i2 << 22 | (op >> 16 & 0x3FF) << 12 | (op & 0x7FF) << 1;
        family_constant(f, 0x07FF2FFF, CONSTANT_IS_DISPLACEMENT, 4 + sign_extended(value, 25));
    } else if ((op >> 23 & 7) != 7) {
        uint32_t value = s << 20 | second << 19 | first << 18 | (op >> 16 & 0x3F) << 12 | (op & 0x7FF) << 1;
        family_constant(f, 0x043F2FFF, CONSTANT_IS_DISPLACEMENT, 4 + sign_extended(value, 21));
    }
}

static inline void family_wide_immediate(Family *f, uint32_t op) {
    uint32_t code = op >> 20 & 0x1F, imm12 = immediate12(op);
    uint32_t touches_stack = (op >> 16 & 15) == STACK_POINTER || (op >> 8 & 15) == STACK_POINTER;
    if (op >> 25 & 1 && (code == 4 || code == 12)) {
        family_constant(f, 0x040F70FF, CONSTANT_IS_LEFT, 0);
    } else if (!touches_stack && !(op >> 25 & 1) && !(imm12 >> 8)) {
        family_constant(f, 0xFF, CONSTANT_IS_LEFT, 0);
    } else if (!touches_stack && !(op >> 25 & 1) && imm12 >> 10) { /* rotated */
        family_constant(f, 0x040070FF, CONSTANT_IS_LEFT, 0);
        f->head |= 0x4000;
    } else if (op >> 25 & 1 && (code == 0x14 || code == 0x1C)) { /* SBFX, UBFX */
        family_constant(f, 0x70DF, CONSTANT_IS_LEFT, 0);
    }
    if (!(op >> 25 & 1) || (code != 4 && code != 12)) family_field(f, 16, 4);
    family_field(f, 8, 4);
}

static inline void family_wide_memory(Family *f, uint32_t op) {
    family_field(f, 12, 4);
    uint32_t base = op >> 16 & 15, is_indexed = !(op >> 23 & 1) && op >> 11 & 1 && is_replaced(base);
    int32_t index = op >> 9 & 1 ? (int32_t)(op & 0xFF) : -(int32_t)(op & 0xFF);
    if (op >> 23 & 1) family_constant(f, 0xFFF, CONSTANT_IS_OFFSET, (int32_t)(op & 0xFFF));
    else if (is_indexed && op >> 8 & 1)
        family_constant(f, 0xFF, op >> 10 & 1 ? CONSTANT_IS_BOTH : CONSTANT_IS_WRITTEN_BACK, index);
    else if (is_indexed) family_constant(f, 0xFF, CONSTANT_IS_OFFSET, index);
    if (!(op >> 23 & 1) && !(op >> 6 & 0x3F) && base != PROGRAM_COUNTER) {
        family_field(f, 0, 4);
        family_constant(f, 3u << 4, CONSTANT_IS_SHIFT, op >> 4 & 3);
    }
    family_field(f, 16, 4);
}

/* How far a register is shifted tells nothing but whether, and RRX from ROR. */
static inline void family_shift(Family *f, uint32_t op) {
    uint32_t amount = (op >> 10 & 0x1C) | (op >> 6 & 3), type = op >> 4 & 3;
    if (amount || type == 1 || type == 2) f->head = (f->head & ~0x70C0u) | 1u << 6;
}

/* Of single precision; not VCVT with fixed point, where constants stand as well. */
static inline void family_float(Family *f, uint32_t op) {
    uint32_t is_unary = (op >> 20 & 0xB) == 0xB, form = op >> 16 & 15;
    if (op >> 4 & 1) {
        if ((op & 0xFFE00F7F) != 0xEE000A10) return; /* VMOV of a core register */
        family_field(f, 12, 4);
        family_single(f, 16, 7);
    } else if (!is_unary) {
        family_single(f, 12, 22);
        family_single(f, 16, 7);
        family_single(f, 0, 5);
    } else if (!(op & 0xE0)) { /* VMOV of a constant */
        family_single(f, 12, 22);
        family_constant(f, 0xF000F, CONSTANT_IS_LEFT, 0);
    } else if (op >> 6 & 1 && (form < 2 || form == 4 || form == 8 || form == 12 || form == 13)) {
        family_single(f, 12, 22);
        family_single(f, 0, 5);
    } else if (op >> 6 & 1 && form == 5) { /* VCMP with 0 */
        family_single(f, 12, 22);
    }
}

static inline void family_wide(Family *f, uint32_t op) {
    uint32_t group = op >> 25;
    if (op >> 27 == 0x1E && op >> 15 & 1) {
        family_wide_branch(f, op);
    } else if (op >> 27 == 0x1E) {
        family_wide_immediate(f, op);
    } else if (group == 0x75 || group == 0x7D) { /* shifted registers; registers, multiplies, divisions */
        if (group == 0x75 && (op >> 15 & 1 || !is_replaced(op & 15))) return; /* Armv8.1-M has others there */
        if (group == 0x75) family_shift(f, op);
        for (uint32_t position = 0; position < 20; position += 4)
            if (position != 4 && (position != 12 || group == 0x7D)) family_field(f, position, 4);
    } else if (group == 0x7C) {
        family_wide_memory(f, op);
    } else if (op >> 24 == 0xE9 && op >> 22 & 1 && !(op >> 21 & 1) && (op >> 16 & 15) != PROGRAM_COUNTER) {
        int32_t offset = (int32_t)(op & 0xFF) << 2;
        for (uint32_t position = 8; position < 20; position += 4) family_field(f, position, 4);
        family_constant(f, 0xFF, CONSTANT_IS_OFFSET, op >> 23 & 1 ? offset : -offset);
    } else if (op >> 24 == 0xED && !(op >> 21 & 1) && (op >> 9 & 7) == 5) { /* VLDR, VSTR */
        int32_t offset = (int32_t)(op & 0xFF) << 2;
        family_field(f, 16, 4);
        if (!(op >> 8 & 1)) family_single(f, 12, 22);
        family_constant(f, 0xFF, CONSTANT_IS_OFFSET, op >> 23 & 1 ? offset : -offset);
    } else if (op >> 24 == 0xEE && (op >> 8 & 15) == 10) {
        family_float(f, op);
    }
}

static inline Family family_of(uint32_t opcode) {
    Family f = {.head = opcode};
    if (opcode < WIDE_FROM) family_narrow(&f, opcode);
    else family_wide(&f, opcode);
    return f;
}

/* ---- members ---- */

static inline uint8_t family_register(const Family *f, uint8_t number) {
    return number && number <= f->n_fields ? f->registers[number - 1] : number;
}

static inline uint64_t family_mask(const Family *f, uint64_t mask) {
    uint64_t core = ((1ull << f->n_fields) - 1) << 1, single = ((1ull << f->n_singles) - 1) << (FIRST_SINGLE + 1);
    uint64_t found = mask & ~(core | single);
    for (uint32_t k = 0; k < f->n_fields; k++) found |= (mask >> (k + 1) & 1) << f->registers[k];
    for (uint32_t k = 0; k < f->n_singles; k++)
        found |= (mask >> (FIRST_SINGLE + 1 + k) & 1) << (FIRST_SINGLE + f->singles[k]);
    return found;
}

static inline void family_member(const Family *f, uint32_t opcode, Decoded *d) {
    uint64_t *masks[] = {&d->reads, &d->writes, &d->address_reads, &d->accumulator_reads,
                         &d->shifted_reads, &d->store_reads, &d->load_writes};
    for (uint32_t k = 0; (f->n_fields || f->n_singles) && k < sizeof masks / sizeof *masks; k++) *masks[k] = family_mask(f, *masks[k]);
    d->opcode = opcode;
    if (d->flags & IS_MEMORY) d->base = family_register(f, d->base);
    if (d->flags & HAS_INDEX) d->index = family_register(f, d->index);
    if (d->flags & HAS_INDEX && f->constant == CONSTANT_IS_SHIFT) d->shift = (uint8_t)f->value;
    uint32_t is_both = f->constant == CONSTANT_IS_BOTH;
    if ((is_both || f->constant == CONSTANT_IS_OFFSET) && d->flags & IS_MEMORY) d->offset = f->value;
    if ((is_both || f->constant == CONSTANT_IS_WRITTEN_BACK) && d->flags & WRITES_BACK) d->writeback = f->value;
    if (f->constant == CONSTANT_IS_DISPLACEMENT && d->flags & HAS_TARGET) d->displacement = f->value;
}

#endif
