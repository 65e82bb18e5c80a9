/* Scalar arithmetic in half precision (Armv8.1-M, DDI 0553, C2.4): the lower half of an S register, with FPSCR as
 * firmware set it. What writes one clears the upper half, but VINS.
 */
#ifndef BOARDLESS_HALVES_H
#define BOARDLESS_HALVES_H

#include "floats.h"

#define FPSCR_FLAGS_SHIFT 28
#define FPSCR_AHP (1u << 26)
#define FPSCR_DN (1u << 25)
#define FPSCR_RMODE_SHIFT 22
#define BY_FPSCR 8u        /* instead of a rounding mode: FPSCR's */

static inline uint32_t *single_at(const Machine *m, uint32_t n) { return (uint32_t *)(void *)m->q + n; }

/* Half precision by FPSCR; `mode`: how is rounded. */
static Format half_by(const Machine *m, uint32_t fpscr, uint32_t mode) {
    Format f = half_format(m->state->flushes_halves);
    f.default_nan = (fpscr & FPSCR_DN) != 0;
    f.rounding = mode == BY_FPSCR ? fpscr >> FPSCR_RMODE_SHIFT & 3 : mode;
    return f;
}

/* VMLA and its kin: the product is rounded, too. F_SUBTRACT: of it the negative; F_EXCHANGE: of the addend. */
static uint32_t chained(Format *f, const Operation *o, uint32_t d, uint32_t a, uint32_t b) {
    uint32_t product = multiplied(f, a, b);
    if (o->flags & F_SUBTRACT) product ^= sign_bit(f);
    return added(f, o->flags & F_EXCHANGE ? d ^ sign_bit(f) : d, product);
}

static uint32_t half_result(Format *f, const Operation *o, uint32_t d, uint32_t a, uint32_t b) {
    uint32_t minus = sign_bit(f);
    switch (o->operation) {
    case DO_HALF_ADD: return added(f, a, b);
    case DO_HALF_SUB: return subtracted(f, a, b);
    case DO_HALF_MUL: return multiplied(f, a, b);
    case DO_HALF_NMUL: return multiplied(f, a, b) ^ minus;
    case DO_HALF_MLA: return chained(f, o, d, a, b);
    case DO_HALF_FMA:
        return fused(f, o->flags & F_EXCHANGE ? d ^ minus : d, o->flags & F_SUBTRACT ? a ^ minus : a, b);
    case DO_HALF_DIV: return divided(f, a, b);
    case DO_HALF_MAX: return extreme_of(f, a, b, 1);
    case DO_HALF_MIN: return extreme_of(f, a, b, 0);
    case DO_HALF_ABS: return absolute(f, b);
    case DO_HALF_NEG: return b ^ minus;
    case DO_HALF_SQRT: return square_root(f, b);
    default: return to_whole(f, b, o->a); /* RINT */
    }
}

/* What computes a half of halves. Fields: d, n, m S registers, extra the rounding mode. */
static void half_arithmetic(Machine *m, const Operation *o, uint32_t fpscr) {
    Format f = half_by(m, fpscr, o->extra);
    uint32_t *d = single_at(m, o->d), a = o->n == NO_OPERAND ? 0 : *single_at(m, o->n) & 0xFFFF;
    *d = half_result(&f, o, *d & 0xFFFF, a, *single_at(m, o->m) & 0xFFFF);
    m->state->raised |= f.raised;
}

/* VCVT; `a`: the integer's bits, `immediate`: those behind its point, `m` the source. */
static void half_conversion(Machine *m, const Operation *o, uint32_t fpscr) {
    Format f = half_by(m, fpscr, o->extra);
    uint32_t *d = single_at(m, o->d), from = *single_at(m, o->m), is_unsigned = o->flags & F_UNSIGNED;
    if (o->operation == DO_HALF_FROM_FIXED) {
        int64_t value = o->a == 16 ? (is_unsigned ? (int64_t)(uint16_t)from : (int16_t)from) : is_unsigned ? (int64_t)from : (int32_t)from;
        *d = from_integer(&f, value, o->immediate);
    } else {
        uint32_t value = to_integer(&f, from & 0xFFFF, o->immediate, o->a, is_unsigned != 0);
        *d = o->a == 16 && !is_unsigned ? (uint32_t)(int16_t)value : value;
    }
    m->state->raised |= f.raised;
}

/* VCMP, VCMPE (F_SETS_FLAGS): N, Z, C and V of FPSCR. Without m: with zero. */
static uint32_t half_comparison(Machine *m, const Operation *o, uint32_t fpscr) {
    static const uint32_t FLAGS[] = {8, 6, 2, 3}; /* less, equal, greater, unordered */
    Format f = half_by(m, fpscr, TO_NEAREST);
    uint32_t b = o->m == NO_OPERAND ? 0 : *single_at(m, o->m) & 0xFFFF;
    int order = compared(&f, *single_at(m, o->d) & 0xFFFF, b, o->flags & F_SETS_FLAGS);
    m->state->raised |= f.raised;
    return FLAGS[order + 1] << FPSCR_FLAGS_SHIFT;
}

/* Moves: no number is looked at. `n`: the core register. */
static void half_move(Machine *m, const Operation *o) {
    uint32_t *d = single_at(m, o->d);
    switch (o->operation) {
    case DO_HALF_CONSTANT: *d = o->immediate; break;
    case DO_HALF_TO_CORE: m->r[o->n] = *d & 0xFFFF; break;
    case DO_HALF_FROM_CORE: *d = m->r[o->n] & 0xFFFF; break;
    case DO_HALF_INSERT: *d = (*d & 0xFFFF) | *single_at(m, o->m) << 16; break;
    default: *d = *single_at(m, o->m) >> 16; /* VMOVX */
    }
}

#endif
