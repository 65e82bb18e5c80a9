/* Integer data processing of MVE, element by element (Armv8-M ARM DDI 0553, C2.4). */
#ifndef BOARDLESS_ELEMENTS_H
#define BOARDLESS_ELEMENTS_H

#include "lanes.h"
#include "operations.h"

typedef struct {           /* where an operation finds its operands */
    VectorState *state;
    uint8_t *q;            /* Q0 to Q7, one behind the other */
    uint32_t *r;           /* R0 to R15 */
} Machine;

static inline uint8_t *vector_at(const Machine *m, uint32_t n) { return m->q + VECTOR_BYTES * n; }

/* Two core registers as one number: RdaHi and RdaLo. */
static inline uint64_t pair_of(const Machine *m, const Operation *o) {
    return (uint64_t)m->r[o->a] << 32 | m->r[o->d];
}

static inline void put_pair(Machine *m, const Operation *o, uint64_t value) {
    m->r[o->d] = (uint32_t)value;
    m->r[o->a] = (uint32_t)(value >> 32);
}

/* The second operand's elements: of a vector, or the same for all. */
static inline void second_lanes(const Machine *m, const Operation *o, int is_unsigned, int64_t *b) {
    if (!(o->flags & (F_SCALAR | F_IMMEDIATE))) { read_lanes(vector_at(m, o->m), o->size, is_unsigned, b); return; }
    uint8_t same[VECTOR_BYTES];
    uint32_t value = o->flags & F_IMMEDIATE ? o->immediate : m->r[o->m];
    for (uint32_t i = 0; i < lanes_of(o->size); i++) put_lane(same, o->size, i, value);
    read_lanes(same, o->size, is_unsigned, b);
}

static inline int64_t magnitude(int64_t v) { return v < 0 ? -v : v; }

static inline int64_t leading_zeros(uint64_t v, uint32_t bits) {
    return v ? __builtin_clzll(v) - (int64_t)(64 - bits) : (int64_t)bits;
}

static uint64_t reversed(uint64_t v, uint32_t bits) {
    uint64_t r = 0;
    for (uint32_t i = 0; i < bits; i++) r |= (v >> i & 1) << (bits - 1 - i);
    return r;
}

static int64_t bit_reverse_low(int64_t value, uint32_t count, uint32_t bits) {
    count &= 0xFF;
    uint64_t all = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
    if (!count) return 0;
    uint64_t r = reversed((uint64_t)value & all, bits);
    return (int64_t)(count < bits ? r >> (bits - count) : r);
}

/* (2 * a * b + c * 2^bits) >> bits, saturated: what VQDMULH, VQDMLAH and VQDMLADH have in common. */
static inline int64_t doubled_high(__int128 products, int64_t addend, uint32_t bits, int rounds, int *saturated) {
    __int128 sum = 2 * products + ((__int128)addend << bits) + (rounds ? (__int128)1 << (bits - 1) : 0);
    return saturate(sum >> bits, bits, 0, saturated);
}

/* The same of a single product: that of the least number and itself alone doesn't fit. */
static inline int64_t doubled_product(int64_t a, int64_t b, uint32_t bits, int rounds, int *saturated) {
    int64_t least = -((int64_t)1 << (bits - 1));
    if (a == least && b == least) { *saturated = 1; return ~least; }
    return (2 * (a * b) + (rounds ? (int64_t)1 << (bits - 1) : 0)) >> bits;
}

/* As saturate(), of a number that 64 bits hold, to 32 bits at most. */
static inline int64_t saturate_word(int64_t value, uint32_t bits, int is_unsigned, int *saturated) {
    int64_t low = is_unsigned ? 0 : -((int64_t)1 << (bits - 1)), high = ((int64_t)1 << (bits - !is_unsigned)) - 1;
    if (value >= low && value <= high) return value;
    *saturated = 1;
    return value < low ? low : high;
}

/* Two numbers and the destination's, of one element; not of what at_once() does. */
static inline int64_t element(const Operation *o, int64_t a, int64_t b, int64_t d, int *sat) {
    uint32_t bits = bits_of(o->size);
    int is_unsigned = o->flags & F_UNSIGNED, rounds = (o->flags & F_ROUND) != 0;
    switch (o->operation) {
    case DO_ABD: return magnitude(a - b);
    case DO_HADD: return (a + b + rounds) >> 1;
    case DO_HSUB: return (a - b) >> 1;
    case DO_QADD: return saturate_word(a + b, bits, is_unsigned, sat);
    case DO_QSUB: return saturate_word(a - b, bits, is_unsigned, sat);
    case DO_QDMULH: return doubled_product(a, b, bits, rounds, sat);
    case DO_MULH: return (int64_t)(((__int128)a * b + (rounds ? (__int128)1 << (bits - 1) : 0)) >> bits);
    case DO_SHL: return (int64_t)shifted(a, (int8_t)b, rounds);
    case DO_QSHL: return saturate(shifted(a, (int8_t)b, rounds), bits, is_unsigned, sat);
    case DO_QSHLU: return saturate(shifted(a, (int8_t)b, 0), bits, 1, sat);
    case DO_SLI: return (a << b) | (d & (int64_t)((1ull << b) - 1));
    case DO_SRI: {
        uint64_t all = (1ull << bits) - 1, kept = all & ~(all >> b);
        return (int64_t)(((uint64_t)a & all) >> b | ((uint64_t)d & kept));
    }
    case DO_BRSR: return bit_reverse_low(a, (uint32_t)b, bits);
    case DO_QDMLAH: return doubled_high((__int128)a * b, d, bits, rounds, sat);
    case DO_QDMLASH: return doubled_high((__int128)a * d, b, bits, rounds, sat);
    case DO_CLS: return leading_zeros((uint64_t)(b < 0 ? ~b : b), bits) - 1;
    case DO_CLZ: return leading_zeros((uint64_t)b & ((1ull << bits) - 1), bits);
    case DO_ABS: return magnitude(b);
    case DO_NEG: return -b;
    case DO_QABS: return saturate(magnitude(b), bits, 0, sat);
    case DO_QNEG: return saturate(-(__int128)b, bits, 0, sat);
    case DO_MAXA: case DO_MINA: {
        int64_t u = d & ((1ll << bits) - 1), v = magnitude(b);
        return (o->operation == DO_MAXA) == (u > v) ? u : v;
    }
    default: return 0;
    }
}

/* The sort of the numbers that an operation reads. */
static inline int reads_unsigned(const Operation *o) {
    return o->flags & F_UNSIGNED || o->operation == DO_SRI || o->operation == DO_BRSR;
}

/* ---- what the host's compiler does with a whole vector at once ---- */

typedef uint8_t BytesAtOnce __attribute__((vector_size(VECTOR_BYTES)));
typedef uint16_t HalvesAtOnce __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t WordsAtOnce __attribute__((vector_size(VECTOR_BYTES)));
typedef int8_t SignedBytesAtOnce __attribute__((vector_size(VECTOR_BYTES)));
typedef int16_t SignedHalvesAtOnce __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t SignedWordsAtOnce __attribute__((vector_size(VECTOR_BYTES)));

/* Of two vectors the elements for which `a more b` holds, else those of `b`. */
#define LARGER(type, a, b, d, more) \
    do { type x = (type)(a), y = (type)(b); type is = (type)(x more y); (d) = (__typeof__(d))((x & is) | (y & ~is)); } while (0)
#define MOST(type, signed_type, a, b, d, more) \
    do { if (o->flags & F_UNSIGNED) LARGER(type, a, b, d, more); else LARGER(signed_type, a, b, d, more); } while (0)
#define WHOLE_VECTOR(type, signed_type) \
    do { \
        type a, b, d; \
        memcpy(&a, vector_at(m, o->n), sizeof a); \
        memcpy(&d, vector_at(m, o->d), sizeof d); \
        if (o->flags & (F_SCALAR | F_IMMEDIATE)) b = (type){0} + (__typeof__(a[0]))(o->flags & F_IMMEDIATE ? o->immediate : m->r[o->m]); \
        else memcpy(&b, vector_at(m, o->m), sizeof b); \
        switch (o->operation) { \
        case DO_ADD: d = a + b; break; \
        case DO_SUB: d = a - b; break; \
        case DO_MUL: d = a * b; break; \
        case DO_MLA: d = d + a * b; break; \
        case DO_MLAS: d = a * d + b; break; \
        case DO_MAX: MOST(type, signed_type, a, b, d, >); break; \
        case DO_MIN: MOST(type, signed_type, a, b, d, <); break; \
        default: return 0; \
        } \
        merge(vector_at(m, o->d), (const uint8_t *)&d, mask); \
        return 1; \
    } while (0)

/* Whether it was one of the plain operations, which saturate nothing; then it is done. */
static inline int at_once(Machine *m, const Operation *o, uint32_t mask) {
    switch (o->size) {
    case 0: WHOLE_VECTOR(BytesAtOnce, SignedBytesAtOnce);
    case 1: WHOLE_VECTOR(HalvesAtOnce, SignedHalvesAtOnce);
    case 2: WHOLE_VECTOR(WordsAtOnce, SignedWordsAtOnce);
    default: return 0;
    }
}

static void by_element(Machine *m, const Operation *o, uint32_t mask) {
    if (at_once(m, o, mask)) return;
    int64_t a[MOST_LANES], b[MOST_LANES], d[MOST_LANES];
    int is_unsigned = reads_unsigned(o), by_amount = o->operation == DO_SHL || o->operation == DO_QSHL || o->operation == DO_QSHLU;
    uint8_t *to = vector_at(m, o->d);
    read_lanes(vector_at(m, o->n), o->size, is_unsigned, a);
    second_lanes(m, o, is_unsigned && !by_amount, b);
    read_lanes(to, o->size, is_unsigned, d);
    uint32_t saturated = 0;
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        int sat = 0;
        d[i] = element(o, a[i], b[i], d[i], &sat);
        saturated |= (uint32_t)sat & mask >> (i << o->size);
    }
    if (saturated & 1) m->state->saturated = 1;
    write_lanes(to, o->size, d, mask);
}

/* ---- bits ---- */

static void bitwise(Machine *m, const Operation *o, uint32_t mask) {
    uint64_t a[2], b[2], r[2];
    memcpy(a, vector_at(m, o->n), sizeof a);
    memcpy(b, vector_at(m, o->m), sizeof b);
    for (int i = 0; i < 2; i++)
        switch (o->operation) {
        case DO_AND: r[i] = a[i] & b[i]; break;
        case DO_BIC: r[i] = a[i] & ~b[i]; break;
        case DO_ORR: r[i] = a[i] | b[i]; break;
        case DO_ORN: r[i] = a[i] | ~b[i]; break;
        case DO_EOR: r[i] = a[i] ^ b[i]; break;
        default: r[i] = ~b[i];
        }
    merge(vector_at(m, o->d), (uint8_t *)r, mask);
}

static void constant(Machine *m, const Operation *o, uint32_t mask) {
    uint64_t value = (uint64_t)o->immediate | (uint64_t)(o->extra & 1 ? o->immediate : 0) << 32, r[2];
    if (o->extra & 8) { /* bytes of ones and zeroes, a bit each */
        value = 0;
        for (int i = 0; i < 8; i++) if (o->immediate >> i & 1) value |= 0xFFull << 8 * i;
    }
    memcpy(r, vector_at(m, o->d), sizeof r);
    for (int i = 0; i < 2; i++)
        switch (o->extra >> 1 & 3) {
        case 0: r[i] = value; break;
        case 1: r[i] = ~value; break;
        case 2: r[i] |= value; break;
        default: r[i] &= ~value;
        }
    merge(vector_at(m, o->d), (uint8_t *)r, mask);
}

static void select_bytes(Machine *m, const Operation *o, uint32_t mask) {
    uint8_t r[VECTOR_BYTES];
    memcpy(r, vector_at(m, o->m), sizeof r);
    merge(r, vector_at(m, o->n), m->state->vpr & VPR_P0);
    merge(vector_at(m, o->d), r, mask);
}

static void reverse(Machine *m, const Operation *o, uint32_t mask) {
    uint32_t group = o->operation == DO_REV16 ? 2 : o->operation == DO_REV32 ? 4 : 8, width = 1u << o->size;
    const uint8_t *from = vector_at(m, o->m);
    uint8_t r[VECTOR_BYTES];
    for (uint32_t i = 0; i < VECTOR_BYTES; i++) {
        uint32_t in_group = i % group;
        r[i] = from[i - in_group + (group - width - in_group / width * width) + in_group % width];
    }
    merge(vector_at(m, o->d), r, mask);
}

/* ---- one core register in all elements ---- */

static void duplicate(Machine *m, const Operation *o, uint32_t mask) {
    int64_t d[MOST_LANES];
    for (uint32_t i = 0; i < lanes_of(o->size); i++) d[i] = m->r[o->n];
    write_lanes(vector_at(m, o->d), o->size, d, mask);
}

/* VIDUP, VDDUP, VIWDUP, VDWDUP. */
static void count_up(Machine *m, const Operation *o, uint32_t mask) {
    uint32_t value = m->r[o->n], end = m->r[o->m];
    int64_t d[MOST_LANES];
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        d[i] = value;
        if (!(o->flags & F_SUBTRACT)) {
            value += o->immediate;
            if (o->flags & F_WRAPS && value == end) value = 0;
        } else {
            if (o->flags & F_WRAPS && !value) value = end;
            value -= o->immediate;
        }
    }
    m->r[o->n] = value;
    write_lanes(vector_at(m, o->d), o->size, d, mask);
}

/* VSHLC: all of a vector to the left, bits out of a core register and into it. */
static void shift_through(Machine *m, const Operation *o, uint32_t mask) {
    int64_t d[MOST_LANES];
    uint32_t carry = m->r[o->n];
    read_lanes(vector_at(m, o->d), 2, 1, d);
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t whole = (uint64_t)d[i] << o->immediate;
        uint64_t low = (1ull << o->immediate) - 1;
        d[i] = (int64_t)(uint32_t)(whole | (carry & low));
        if (mask >> 4 * i & 1) carry = (uint32_t)(whole >> 32);
    }
    m->r[o->n] = carry;
    write_lanes(vector_at(m, o->d), 2, d, mask);
}

#endif
