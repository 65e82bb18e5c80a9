/* MVE's operations in floating point (DDI 0553, C2.4): with the standard FPSCR, that is default NaNs, to nearest,
 * denormal singles as zeroes; of FPSCR FZ16 and AHP hold.
 *
 * An element of which any byte is predicated is computed; it raises flags when its first byte is.
 */
#ifndef BOARDLESS_FLOATS_H
#define BOARDLESS_FLOATS_H

#include "elements.h"
#include "numbers.h"

#define HALF 1u            /* an element's size */

static inline Format standard_format(const Machine *m, uint32_t size) {
    return size == HALF ? half_format(m->state->flushes_halves) : single_format(1);
}

static inline uint32_t float_lane(const uint8_t *q, uint32_t size, uint32_t i) { return (uint32_t)lane(q, size, 1, i); }

static inline uint32_t core_number(const Machine *m, uint32_t size, uint32_t n) {
    return size == HALF ? m->r[n] & 0xFFFF : m->r[n];
}

/* The bits of `mask` that an element has. */
static inline uint32_t element_mask(uint32_t mask, uint32_t size, uint32_t i) {
    return mask >> (i << size) & ((1u << (1u << size)) - 1);
}

/* The flags that an element raised count, if its first byte is predicated. */
static inline void note_raised(Machine *m, const Format *f, uint32_t element) {
    if (element & 1) m->state->raised |= f->raised;
}

static inline uint32_t absolute(const Format *f, uint32_t bits) { return bits & ~sign_bit(f); }

static uint32_t float_element(Format *f, const Operation *o, uint32_t a, uint32_t b, uint32_t d) {
    switch (o->operation) {
    case DO_FADD: return added(f, a, b);
    case DO_FSUB: return subtracted(f, a, b);
    case DO_FMUL: return multiplied(f, a, b);
    case DO_FABD: return absolute(f, subtracted(f, a, b));
    case DO_FMAX: return extreme_of(f, a, b, 1);
    case DO_FMIN: return extreme_of(f, a, b, 0);
    case DO_FMAXA: return extreme_of(f, absolute(f, d), absolute(f, b), 1);
    case DO_FMINA: return extreme_of(f, absolute(f, d), absolute(f, b), 0);
    case DO_FMA: return fused(f, d, o->flags & F_SUBTRACT ? a ^ sign_bit(f) : a, b);
    case DO_FMAS: return fused(f, b, a, d);
    case DO_FABS: return absolute(f, b);
    case DO_FNEG: return b ^ sign_bit(f);
    case DO_FROM_FIXED: return from_integer(f, o->flags & F_UNSIGNED ? (int64_t)b : o->size == HALF ? (int16_t)b : (int32_t)b, o->immediate);
    case DO_TO_FIXED: return to_integer(f, b, o->immediate, bits_of(o->size), o->flags & F_UNSIGNED);
    default: return to_whole(f, b, o->a); /* RINT */
    }
}

/* extra: the rounding mode; of RINT `a`: whether it raises IXC. */
static void float_elements(Machine *m, const Operation *o, uint32_t mask) {
    uint8_t *to = vector_at(m, o->d), r[VECTOR_BYTES];
    const uint8_t *first = vector_at(m, o->n), *second = vector_at(m, o->m);
    int scalar = o->flags & F_SCALAR;
    memcpy(r, to, sizeof r);
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        uint32_t element = element_mask(mask, o->size, i);
        if (!element) continue;
        Format f = standard_format(m, o->size);
        f.rounding = o->extra;
        uint32_t b = scalar ? core_number(m, o->size, o->m) : float_lane(second, o->size, i);
        put_lane(r, o->size, i, float_element(&f, o, float_lane(first, o->size, i), b, float_lane(to, o->size, i)));
        note_raised(m, &f, element);
    }
    merge(to, r, mask);
}

/* ---- complex numbers: real parts in even elements, imaginary parts in odd ones ---- */

/* VCADD: turned by 90 degrees or (F_SUBTRACT) by 270. */
static void float_complex_add(Machine *m, const Operation *o, uint32_t mask) {
    uint8_t r[VECTOR_BYTES] = {0};
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        uint32_t element = element_mask(mask, o->size, i);
        if (!element) continue;
        Format f = standard_format(m, o->size);
        uint32_t a = float_lane(vector_at(m, o->n), o->size, i), b = float_lane(vector_at(m, o->m), o->size, i ^ 1);
        int minus = !(i & 1) != ((o->flags & F_SUBTRACT) != 0);
        put_lane(r, o->size, i, minus ? subtracted(&f, a, b) : added(&f, a, b));
        note_raised(m, &f, element);
    }
    merge(vector_at(m, o->d), r, mask);
}

/* VCMUL, VCMLA: an element of the first factor times the second, turned by `extra` * 90 degrees. */
static void float_complex_multiply(Machine *m, const Operation *o, uint32_t mask) {
    uint8_t *to = vector_at(m, o->d), r[VECTOR_BYTES] = {0};
    const uint8_t *first = vector_at(m, o->n), *second = vector_at(m, o->m);
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        uint32_t element = element_mask(mask, o->size, i), odd = i & 1, exchanges = o->extra & 1;
        if (!element) continue;
        Format f = standard_format(m, o->size);
        uint32_t a = float_lane(first, o->size, (i & ~1u) + exchanges), b = float_lane(second, o->size, i ^ exchanges);
        if (odd ? o->extra >= 2 : o->extra == 1 || o->extra == 2) b ^= sign_bit(&f);
        put_lane(r, o->size, i,
                 o->operation == DO_FCMUL ? multiplied(&f, a, b) : fused(&f, float_lane(to, o->size, i), a, b));
        note_raised(m, &f, element);
    }
    merge(to, r, mask);
}

/* ---- across, and predicates ---- */

/* VMAXNMV, VMINNMV, VMAXNMAV, VMINNMAV; a signalling NaN counts as a quiet one. */
static void float_extreme(Machine *m, const Operation *o, uint32_t mask) {
    int absolutes = o->operation == DO_FMAXAV || o->operation == DO_FMINAV;
    int largest = o->operation == DO_FMAXV || o->operation == DO_FMAXAV;
    Format f = standard_format(m, o->size);
    uint32_t quiet = infinity_of(&f) | quiet_bit(&f), found = core_number(m, o->size, o->d);
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        if (!(element_mask(mask, o->size, i) & 1)) continue;
        uint32_t values[2] = {found, float_lane(vector_at(m, o->m), o->size, i)};
        for (int n = 0; n < 2; n++)
            if (absolute(&f, values[n]) > infinity_of(&f) && !(values[n] & quiet_bit(&f))) {
                values[n] = quiet;
                f.raised |= RAISED_INVALID;
            }
        found = extreme_of(&f, values[0], absolutes ? absolute(&f, values[1]) : values[1], largest);
    }
    m->state->raised |= f.raised;
    m->r[o->d] = found;
}

static int float_holds(uint32_t condition, int order) {
    switch (condition) {
    case 0: return order == IS_EQUAL;
    case 1: return order != IS_EQUAL;
    case 4: return order == IS_EQUAL || order == IS_GREATER;
    case 5: return order != IS_EQUAL && order != IS_GREATER;
    case 6: return order == IS_GREATER;
    default: return order != IS_GREATER;
    }
}

/* VCMP, VPT: LT and LE hold of what has no order, too. Every NaN raises, as on QEMU, whatever is asked. */
static void float_compare(Machine *m, const Operation *o, uint32_t mask) {
    uint32_t bytes = 0, one = (1u << (1u << o->size)) - 1;
    for (uint32_t i = 0; i < lanes_of(o->size); i++) {
        uint32_t element = element_mask(mask, o->size, i), b;
        if (!element) continue;
        Format f = standard_format(m, o->size);
        if (!(o->flags & F_SCALAR)) b = float_lane(vector_at(m, o->m), o->size, i);
        else b = o->m == PC ? 0 : core_number(m, o->size, o->m);
        if (float_holds(o->extra, compared(&f, float_lane(vector_at(m, o->n), o->size, i), b, 1)))
            bytes |= one << (i << o->size);
        note_raised(m, &f, element);
    }
    set_predicates(m->state, bytes & mask);
}

/* ---- between halves and singles ---- */

/* VCVTB, VCVTT: every second half. `alternative`: FPSCR.AHP. */
static void narrow_floats(Machine *m, const Operation *o, uint32_t mask, uint32_t alternative) {
    uint8_t *to = vector_at(m, o->d), r[VECTOR_BYTES];
    uint32_t top = (o->flags & F_TOP) != 0;
    memcpy(r, to, sizeof r);
    for (uint32_t i = 0; i < 4; i++) {
        Format from = single_format(1), half = half_format(0);
        half.alternative = alternative;
        put_lane(r, HALF, 2 * i + top, converted(&from, &half, float_lane(vector_at(m, o->m), 2, i)));
        half.raised |= from.raised;
        note_raised(m, &half, mask >> 4 * i);
    }
    merge(to, r, mask & 0x3333u << 2 * top);
}

static void widen_floats(Machine *m, const Operation *o, uint32_t mask, uint32_t alternative) {
    uint8_t r[VECTOR_BYTES];
    uint32_t top = (o->flags & F_TOP) != 0;
    for (uint32_t i = 0; i < 4; i++) {
        Format half = half_format(0), to = single_format(0);
        half.alternative = alternative;
        put_lane(r, 2, i, converted(&half, &to, float_lane(vector_at(m, o->m), HALF, 2 * i + top)));
        note_raised(m, &to, mask >> 4 * i);
    }
    merge(vector_at(m, o->d), r, mask);
}

#endif
