/* MVE's operations that go from elements to wider or narrower ones, to neighbours, and across the vector. */
#ifndef BOARDLESS_WIDE_H
#define BOARDLESS_WIDE_H

#include "elements.h"

static inline uint32_t is_top(const Operation *o) { return (o->flags & F_TOP) != 0; }

static uint64_t polynomial_product(uint64_t a, uint64_t b, uint32_t bits) {
    uint64_t r = 0;
    for (uint32_t i = 0; i < bits; i++) if (a >> i & 1) r ^= b << i;
    return r;
}

/* VMULL, VQDMULL, VSHLL: elements of twice the width from every second one. */
static void widen_elements(Machine *m, const Operation *o, uint32_t mask) {
    int64_t a[MOST_LANES], b[MOST_LANES], r[MOST_LANES];
    int is_unsigned = o->operation == DO_MULLP || o->flags & F_UNSIGNED;
    uint32_t bits = bits_of(o->size), is_shift = o->operation == DO_SHLL || o->operation == DO_SHLL_WHOLE;
    read_lanes(vector_at(m, is_shift ? o->m : o->n), o->size, is_unsigned, a);
    if (!is_shift) second_lanes(m, o, is_unsigned, b);
    for (uint32_t i = 0; i < lanes_of(o->size) / 2; i++) {
        uint32_t from = 2 * i + is_top(o);
        int sat = 0;
        switch (o->operation) {
        case DO_MULL: r[i] = (int64_t)((uint64_t)a[from] * (uint64_t)b[from]); break;
        case DO_MULLP: r[i] = (int64_t)polynomial_product((uint64_t)a[from], (uint64_t)b[from], bits); break;
        case DO_QDMULL: r[i] = saturate(2 * (__int128)a[from] * b[from], 2 * bits, 0, &sat); break;
        default: r[i] = (int64_t)((uint64_t)a[from] << o->immediate);
        }
        if (sat && mask >> (i << (o->size + 1)) & 1) m->state->saturated = 1;
    }
    write_lanes(vector_at(m, o->d), o->size + 1, r, mask);
}

/* VMOVN, VQMOVN, VSHRN and their kin: every second element of half the width; o->size is the narrow one's. */
static void narrow_elements(Machine *m, const Operation *o, uint32_t mask) {
    int64_t a[MOST_LANES];
    uint32_t bits = bits_of(o->size), wide = o->size + 1u;
    int is_unsigned = o->flags & F_UNSIGNED, rounds = (o->flags & F_ROUND) != 0;
    uint8_t *to = vector_at(m, o->d), r[VECTOR_BYTES];
    read_lanes(vector_at(m, o->m), wide, is_unsigned, a);
    memcpy(r, to, sizeof r);
    for (uint32_t i = 0; i < lanes_of(wide); i++) {
        uint32_t at = 2 * i + is_top(o);
        int sat = 0;
        __int128 value = shifted(a[i], -(int32_t)o->immediate, rounds);
        if (o->operation == DO_QMOVN || o->operation == DO_QSHRN) value = saturate(value, bits, is_unsigned, &sat);
        else if (o->operation == DO_QMOVUN || o->operation == DO_QSHRUN) value = saturate(value, bits, 1, &sat);
        put_lane(r, o->size, at, (int64_t)value);
        if (sat && mask >> (at << o->size) & 1) m->state->saturated = 1;
    }
    merge(to, r, mask);
}

/* VCADD, VHCADD: complex numbers, turned by 90 degrees or (F_SUBTRACT) by 270. */
static void complex_add(Machine *m, const Operation *o, uint32_t mask) {
    int64_t a[MOST_LANES], b[MOST_LANES], r[MOST_LANES];
    int halves = o->operation == DO_HCADD;
    read_lanes(vector_at(m, o->n), o->size, 0, a);
    read_lanes(vector_at(m, o->m), o->size, 0, b);
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        int64_t other = b[i ^ 1];
        int minus = !(i & 1) != ((o->flags & F_SUBTRACT) != 0);
        r[i] = (minus ? a[i] - other : a[i] + other) >> halves;
    }
    write_lanes(vector_at(m, o->d), o->size, r, mask);
}

/* VQDMLADH and its kin: two products for every second element. */
static void dual_high(Machine *m, const Operation *o, uint32_t mask) {
    int64_t a[MOST_LANES], b[MOST_LANES];
    uint32_t exchanges = (o->flags & F_EXCHANGE) != 0;
    uint8_t *to = vector_at(m, o->d), r[VECTOR_BYTES];
    read_lanes(vector_at(m, o->n), o->size, 0, a);
    read_lanes(vector_at(m, o->m), o->size, 0, b);
    memcpy(r, to, sizeof r);
    for (uint32_t i = exchanges; i < lanes_of(o->size); i += 2) {
        int sat = 0;
        __int128 first = (__int128)a[i] * b[exchanges ? i - 1 : i];
        __int128 second = exchanges ? (__int128)a[i - 1] * b[i] : (__int128)a[i + 1] * b[i + 1];
        __int128 sum = o->flags & F_SUBTRACT ? first - second : first + second;
        put_lane(r, o->size, i, doubled_high(sum, 0, bits_of(o->size), (o->flags & F_ROUND) != 0, &sat));
        if (sat && mask >> (i << o->size) & 1) m->state->saturated = 1;
    }
    for (uint32_t i = exchanges ^ 1; i < lanes_of(o->size); i += 2) /* the others stay */
        mask &= ~(((1u << (1u << o->size)) - 1) << (i << o->size));
    merge(to, r, mask);
}

/* VADC, VSBC: `carry` in and out; says whether any element was added. */
static int add_with_carry(Machine *m, const Operation *o, uint32_t mask, uint32_t *carry) {
    int64_t a[MOST_LANES], b[MOST_LANES], r[MOST_LANES];
    int any = 0;
    read_lanes(vector_at(m, o->n), 2, 1, a);
    read_lanes(vector_at(m, o->m), 2, 1, b);
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t other = (uint32_t)b[i] ^ (o->flags & F_SUBTRACT ? UINT32_MAX : 0);
        uint64_t sum = (uint64_t)a[i] + other + *carry;
        r[i] = (int64_t)sum;
        if (mask >> 4 * i & 1) { *carry = (uint32_t)(sum >> 32); any = 1; }
    }
    write_lanes(vector_at(m, o->d), 2, r, mask);
    return any;
}

/* ---- across ---- */

/* VMLAV of bytes without predicates: the inner loop of every int8 network. */
static inline uint32_t dot_bytes(const uint8_t *a, const uint8_t *b, int is_unsigned) {
    int32_t sum = 0;
    if (is_unsigned) for (uint32_t i = 0; i < 16; i++) sum += (int32_t)a[i] * b[i];
    else for (uint32_t i = 0; i < 16; i++) sum += (int8_t)a[i] * (int8_t)b[i];
    return (uint32_t)sum;
}

/* Products of two vectors' elements, summed up: 32 bits, 64, or the upper 64 of 72. */
static void sum_products(Machine *m, const Operation *o, uint32_t mask) {
    int is_unsigned = o->flags & F_UNSIGNED;
    uint32_t exchanges = (o->flags & F_EXCHANGE) != 0, is_short = o->operation == DO_MLADAV;
    uint64_t sum = !(o->flags & F_ACCUMULATE) ? 0 : is_short ? m->r[o->d] : pair_of(m, o);
    if (is_short && !o->size && mask == WHOLE && !(o->flags & (F_EXCHANGE | F_SUBTRACT))) {
        m->r[o->d] = (uint32_t)sum + dot_bytes(vector_at(m, o->n), vector_at(m, o->m), is_unsigned);
        return;
    }
    int64_t a[MOST_LANES], b[MOST_LANES];
    read_lanes(vector_at(m, o->n), o->size, is_unsigned, a);
    read_lanes(vector_at(m, o->m), o->size, is_unsigned, b);
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        if (!(mask >> (i << o->size) & 1)) continue;
        __int128 product = (__int128)a[i ^ exchanges] * b[i];
        if (i & 1 && o->flags & F_SUBTRACT) product = -product;
        if (o->operation == DO_RMLALDAVH) product = (product + 0x80) >> 8;
        sum += (uint64_t)product;
    }
    if (is_short) m->r[o->d] = (uint32_t)sum;
    else put_pair(m, o, sum);
}

static void sum_elements(Machine *m, const Operation *o, uint32_t mask) {
    int64_t b[MOST_LANES];
    int is_long = o->operation == DO_ADDLV;
    uint64_t sum = !(o->flags & F_ACCUMULATE) ? 0 : is_long ? pair_of(m, o) : m->r[o->d];
    read_lanes(vector_at(m, o->m), o->size, o->flags & F_UNSIGNED, b);
    for (uint32_t i = 0; i < lanes_of(o->size); i++)
        if (mask >> (i << o->size) & 1) sum += (uint64_t)b[i];
    if (is_long) put_pair(m, o, sum);
    else m->r[o->d] = (uint32_t)sum;
}

static void sum_differences(Machine *m, const Operation *o, uint32_t mask) {
    int64_t a[MOST_LANES], b[MOST_LANES];
    read_lanes(vector_at(m, o->n), o->size, o->flags & F_UNSIGNED, a);
    read_lanes(vector_at(m, o->m), o->size, o->flags & F_UNSIGNED, b);
    for (uint32_t i = 0; i < lanes_of(o->size); i++)
        if (mask >> (i << o->size) & 1) m->r[o->d] += (uint32_t)magnitude(a[i] - b[i]);
}

/* VMAXV, VMINV, VMAXAV, VMINAV. */
static void extreme(Machine *m, const Operation *o, uint32_t mask) {
    int64_t b[MOST_LANES];
    int absolute = o->operation == DO_MAXAV || o->operation == DO_MINAV;
    int largest = o->operation == DO_MAXV || o->operation == DO_MAXAV;
    uint8_t before[VECTOR_BYTES] = {0};
    put_lane(before, o->size, 0, m->r[o->d]);
    int64_t found = lane(before, o->size, absolute || o->flags & F_UNSIGNED, 0);
    read_lanes(vector_at(m, o->m), o->size, o->flags & F_UNSIGNED, b);
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        int64_t value = absolute ? magnitude(b[i]) : b[i];
        if (mask >> (i << o->size) & 1 && (largest ? value > found : value < found)) found = value;
    }
    m->r[o->d] = (uint32_t)found;
}

/* ---- predicates ---- */

static int holds_between(uint32_t condition, int64_t a, int64_t b) {
    switch (condition) {
    case 0: return a == b;
    case 1: return a != b;
    case 2: case 4: return a >= b;
    case 3: case 6: return a > b;
    case 5: return a < b;
    default: return a <= b;
    }
}

/* VCMP, VPT. */
static void compare(Machine *m, const Operation *o, uint32_t mask) {
    int64_t a[MOST_LANES], b[MOST_LANES];
    int is_unsigned = o->flags & F_UNSIGNED;
    uint32_t bytes = 0, one = (1u << (1u << o->size)) - 1;
    read_lanes(vector_at(m, o->n), o->size, is_unsigned, a);
    if (o->flags & F_SCALAR && o->m == PC) memset(b, 0, sizeof b);
    else second_lanes(m, o, is_unsigned, b);
    for (uint32_t i = 0; i < lanes_of(o->size); i++)
        if (holds_between(o->extra, a[i], b[i])) bytes |= one << (i << o->size);
    set_predicates(m->state, bytes & mask);
}

static void make_tail(Machine *m, const Operation *o, uint32_t mask) {
    uint32_t count = m->r[o->n];
    uint32_t bytes = count >= VECTOR_BYTES >> o->size ? WHOLE : (1u << (count << o->size)) - 1;
    set_predicates(m->state, bytes & mask);
}

#endif
