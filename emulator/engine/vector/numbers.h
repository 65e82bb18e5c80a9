/* Floating point in integers: half and single precision as IEEE 754 and the manual have them (DDI 0553, E2.1: FPAdd,
 * FPMulAdd, FPRound ...), the same on every host.
 *
 * A number is m * 2^exponent, m of up to 128 bits. Sums and products are formed whole or, where 128 bits are too few,
 * with a last bit that says that more follows some 100 places below the first; each result is rounded once.
 */
#ifndef BOARDLESS_NUMBERS_H
#define BOARDLESS_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 Wide;

enum { TO_NEAREST, TO_PLUS_INFINITY, TO_MINUS_INFINITY, TO_ZERO, TO_NEAREST_AWAY }; /* to 3 as FPSCR.RMode has them */
enum { IS_ZERO, IS_FINITE, IS_INFINITE, IS_QUIET, IS_SIGNALLING };
enum { RAISED_INVALID = 1, RAISED_BY_ZERO = 2, RAISED_OVERFLOW = 4, RAISED_UNDERFLOW = 8, RAISED_INEXACT = 16,
       RAISED_DENORMAL = 128 }; /* as in FPSCR */
enum { IS_LESS = -1, IS_EQUAL, IS_GREATER, IS_UNORDERED };

typedef struct {           /* a format, how it is computed in, and what that raised */
    uint32_t fraction_bits, exponent_bits, rounding, flushes, default_nan;
    uint32_t alternative;  /* half precision without infinities and NaNs (FPSCR.AHP) */
    uint32_t raised;
} Format;

typedef struct {           /* of a NaN m is the fraction */
    uint32_t kind, sign;
    int32_t exponent;
    Wide m;
} Number;

static inline Format half_format(uint32_t flushes) {
    return (Format){.fraction_bits = 10, .exponent_bits = 5, .flushes = flushes, .default_nan = 1};
}

static inline Format single_format(uint32_t flushes) {
    return (Format){.fraction_bits = 23, .exponent_bits = 8, .flushes = flushes, .default_nan = 1};
}

static inline int32_t bias_of(const Format *f) { return (1 << (f->exponent_bits - 1)) - 1; }
static inline uint32_t infinity_of(const Format *f) { return ((1u << f->exponent_bits) - 1) << f->fraction_bits; }
static inline uint32_t signed_as(const Format *f, uint32_t sign, uint32_t bits) {
    return sign << (f->exponent_bits + f->fraction_bits) | bits;
}
static inline uint32_t sign_bit(const Format *f) { return signed_as(f, 1, 0); }
static inline uint32_t quiet_bit(const Format *f) { return 1u << (f->fraction_bits - 1); }
static inline int is_nan(const Number *x) { return x->kind >= IS_QUIET; }

static Number unpacked(Format *f, uint32_t bits) {
    uint32_t most = (1u << f->exponent_bits) - 1, exponent = bits >> f->fraction_bits & most;
    uint32_t fraction = bits & ((1u << f->fraction_bits) - 1);
    Number x = {IS_FINITE, (bits & sign_bit(f)) != 0, (int32_t)(exponent ? exponent : 1) - bias_of(f) - (int32_t)f->fraction_bits,
                fraction | (exponent ? 1u << f->fraction_bits : 0)};
    if (exponent == most && !f->alternative) {
        x.kind = !fraction ? IS_INFINITE : fraction & quiet_bit(f) ? IS_QUIET : IS_SIGNALLING;
        x.m = fraction;
    } else if (!x.m) x.kind = IS_ZERO;
    else if (!exponent && f->flushes) {
        x.kind = IS_ZERO;
        x.m = 0;
        if (f->exponent_bits != 5) f->raised |= RAISED_DENORMAL; /* FZ16 raises nothing */
    }
    return x;
}

static inline int32_t length_of(Wide m) {
    uint64_t high = (uint64_t)(m >> 64), low = (uint64_t)m;
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

/* m without its last `drop` bits, rounded. */
static Wide rounded_off(Wide m, int32_t drop, uint32_t rounding, uint32_t sign, int *inexact) {
    if (drop <= 0) { *inexact = 0; return m << -drop; }
    Wide kept = drop > 127 ? 0 : m >> drop, rest = drop > 127 ? m : m & (((Wide)1 << drop) - 1);
    Wide half = drop > 128 ? 0 : (Wide)1 << (drop - 1);
    int up, beyond = half && rest > half, exactly = half && rest == half;
    switch (rounding) {
    case TO_NEAREST: up = beyond || (exactly && kept & 1); break;
    case TO_NEAREST_AWAY: up = beyond || exactly; break;
    case TO_PLUS_INFINITY: up = rest && !sign; break;
    case TO_MINUS_INFINITY: up = rest && sign; break;
    default: up = 0;
    }
    *inexact = rest != 0;
    return kept + (Wide)up;
}

/* m * 2^exponent in the format (FPRound). */
static uint32_t packed(Format *f, uint32_t sign, int32_t exponent, Wide m) {
    if (!m) return signed_as(f, sign, 0);
    int32_t highest = exponent + length_of(m) - 1, biased = highest + bias_of(f), is_tiny = biased <= 0;
    if (is_tiny && f->flushes) { f->raised |= RAISED_UNDERFLOW; return signed_as(f, sign, 0); }
    int32_t last_place = (is_tiny ? 1 - bias_of(f) : highest) - (int32_t)f->fraction_bits;
    int inexact;
    uint64_t bits = (uint64_t)rounded_off(m, last_place - exponent, f->rounding, sign, &inexact);
    bits += (uint64_t)(is_tiny ? 0 : biased - 1) << f->fraction_bits;
    if (f->alternative && bits >= sign_bit(f)) { f->raised |= RAISED_INVALID; return signed_as(f, sign, sign_bit(f) - 1); }
    if (!f->alternative && bits >= infinity_of(f)) {
        f->raised |= RAISED_OVERFLOW | RAISED_INEXACT;
        int is_infinite = f->rounding == TO_NEAREST || f->rounding == (sign ? TO_MINUS_INFINITY : TO_PLUS_INFINITY);
        return signed_as(f, sign, infinity_of(f) - !is_infinite);
    }
    if (inexact) f->raised |= RAISED_INEXACT | (is_tiny ? RAISED_UNDERFLOW : 0);
    return signed_as(f, sign, (uint32_t)bits);
}

static uint32_t repacked(Format *f, const Number *x) {
    return x->kind == IS_INFINITE ? signed_as(f, x->sign, infinity_of(f)) : packed(f, x->sign, x->exponent, x->m);
}

static uint32_t no_number(Format *f) {
    f->raised |= RAISED_INVALID;
    return infinity_of(f) | quiet_bit(f);
}

/* The first signalling NaN of the operands, else the first quiet one, as a result (FPProcessNaNs). */
static uint32_t nan_of(Format *f, const Number *operands, int count) {
    const Number *found = NULL;
    for (int i = count - 1; i >= 0; i--)
        if (operands[i].kind == IS_SIGNALLING || (is_nan(&operands[i]) && !(found && found->kind == IS_SIGNALLING)))
            found = &operands[i];
    if (found->kind == IS_SIGNALLING) f->raised |= RAISED_INVALID;
    if (f->default_nan) return infinity_of(f) | quiet_bit(f);
    return signed_as(f, found->sign, infinity_of(f) | quiet_bit(f) | (uint32_t)found->m);
}

#define ALIGNED_BITS 120

static void align_highest(Number *x) {
    int32_t by = ALIGNED_BITS - length_of(x->m);
    x->m <<= by;
    x->exponent -= by;
}

/* a + b of what are no NaNs. */
static uint32_t sum_of(Format *f, Number a, Number b) {
    if (a.kind == IS_INFINITE || b.kind == IS_INFINITE) {
        if (a.kind == b.kind && a.sign != b.sign) return no_number(f);
        return repacked(f, a.kind == IS_INFINITE ? &a : &b);
    }
    uint32_t sign_of_nothing = f->rounding == TO_MINUS_INFINITY;
    if (a.kind == IS_ZERO && b.kind == IS_ZERO) return signed_as(f, a.sign == b.sign ? a.sign : sign_of_nothing, 0);
    if (a.kind == IS_ZERO || b.kind == IS_ZERO) return repacked(f, a.kind == IS_ZERO ? &b : &a);
    align_highest(&a);
    align_highest(&b);
    if (a.exponent < b.exponent) { Number other = a; a = b; b = other; }
    int32_t below = a.exponent - b.exponent;
    if (below > ALIGNED_BITS) b.m = 1;
    else b.m = b.m >> below | ((b.m & (((Wide)1 << below) - 1)) != 0);
    if (a.sign == b.sign) return packed(f, a.sign, a.exponent, a.m + b.m);
    if (a.m == b.m) return signed_as(f, sign_of_nothing, 0);
    return a.m > b.m ? packed(f, a.sign, a.exponent, a.m - b.m) : packed(f, b.sign, a.exponent, b.m - a.m);
}

static uint32_t added(Format *f, uint32_t first, uint32_t second) {
    Number x[2] = {unpacked(f, first), unpacked(f, second)};
    return is_nan(&x[0]) || is_nan(&x[1]) ? nan_of(f, x, 2) : sum_of(f, x[0], x[1]);
}

static uint32_t subtracted(Format *f, uint32_t first, uint32_t second) {
    Number x[2] = {unpacked(f, first), unpacked(f, second)};
    if (is_nan(&x[0]) || is_nan(&x[1])) return nan_of(f, x, 2);
    x[1].sign ^= 1;
    return sum_of(f, x[0], x[1]);
}

/* a * b, neither a NaN; not a number when infinity meets zero. */
static Number product_of(const Number *a, const Number *b) {
    uint32_t lower = a->kind < b->kind ? a->kind : b->kind, higher = a->kind < b->kind ? b->kind : a->kind;
    uint32_t kind = higher == IS_INFINITE ? (lower == IS_ZERO ? IS_SIGNALLING : IS_INFINITE) : lower;
    return (Number){kind, a->sign ^ b->sign, a->exponent + b->exponent, kind == IS_FINITE ? a->m * b->m : 0};
}

static uint32_t multiplied(Format *f, uint32_t first, uint32_t second) {
    Number x[2] = {unpacked(f, first), unpacked(f, second)};
    if (is_nan(&x[0]) || is_nan(&x[1])) return nan_of(f, x, 2);
    Number product = product_of(&x[0], &x[1]);
    return is_nan(&product) ? no_number(f) : repacked(f, &product);
}

/* addend + first * second, rounded once. */
static uint32_t fused(Format *f, uint32_t addend, uint32_t first, uint32_t second) {
    Number x[3] = {unpacked(f, addend), unpacked(f, first), unpacked(f, second)}, product;
    if (!is_nan(&x[1]) && !is_nan(&x[2])) {
        product = product_of(&x[1], &x[2]);
        if (is_nan(&product) && x[0].kind != IS_SIGNALLING) return no_number(f);
        if (!is_nan(&x[0])) return sum_of(f, x[0], product);
    }
    return nan_of(f, x, 3);
}

static uint32_t divided(Format *f, uint32_t first, uint32_t second) {
    Number x[2] = {unpacked(f, first), unpacked(f, second)};
    uint32_t sign = x[0].sign ^ x[1].sign;
    if (is_nan(&x[0]) || is_nan(&x[1])) return nan_of(f, x, 2);
    if (x[0].kind == x[1].kind && x[0].kind != IS_FINITE) return no_number(f);
    if (x[0].kind == IS_INFINITE || x[1].kind == IS_ZERO) {
        if (x[0].kind != IS_INFINITE) f->raised |= RAISED_BY_ZERO;
        return signed_as(f, sign, infinity_of(f));
    }
    if (x[0].kind == IS_ZERO || x[1].kind == IS_INFINITE) return signed_as(f, sign, 0);
    Wide whole = x[0].m << 64, quotient = whole / x[1].m;
    return packed(f, sign, x[0].exponent - x[1].exponent - 64, quotient | (quotient * x[1].m != whole));
}

static uint32_t square_root(Format *f, uint32_t bits) {
    Number x = unpacked(f, bits);
    if (is_nan(&x)) return nan_of(f, &x, 1);
    if (x.kind == IS_ZERO) return signed_as(f, x.sign, 0);
    if (x.sign) return no_number(f);
    if (x.kind == IS_INFINITE) return infinity_of(f);
    int32_t by = 64 + (x.exponent & 1);
    Wide whole = x.m << by, root = 0;
    for (int place = 48; place >= 0; place--) {
        Wide tried = root | (Wide)1 << place;
        if (tried * tried <= whole) root = tried;
    }
    return packed(f, 0, (x.exponent - by) / 2 - 1, root << 1 | (root * root != whole));
}

/* ---- orders ---- */

static int order_of(const Number *a, const Number *b) {
    if (a->kind == IS_ZERO && b->kind == IS_ZERO) return IS_EQUAL;
    int32_t first = a->kind == IS_ZERO ? 0 : a->sign ? -1 : 1, second = b->kind == IS_ZERO ? 0 : b->sign ? -1 : 1;
    if (first != second) return first < second ? IS_LESS : IS_GREATER;
    if (a->kind == IS_INFINITE || b->kind == IS_INFINITE) {
        if (a->kind == b->kind) return IS_EQUAL;
        return (a->kind == IS_INFINITE) == (first > 0) ? IS_GREATER : IS_LESS;
    }
    Number x = *a, y = *b;
    align_highest(&x);
    align_highest(&y);
    if (x.exponent == y.exponent && x.m == y.m) return IS_EQUAL;
    int is_farther = x.exponent != y.exponent ? x.exponent > y.exponent : x.m > y.m;
    return is_farther == (first > 0) ? IS_GREATER : IS_LESS;
}

/* FPCompare; `signals`: quiet NaNs raise, too. */
static int compared(Format *f, uint32_t first, uint32_t second, int signals) {
    Number a = unpacked(f, first), b = unpacked(f, second);
    if (!is_nan(&a) && !is_nan(&b)) return order_of(&a, &b);
    if (signals || a.kind == IS_SIGNALLING || b.kind == IS_SIGNALLING) f->raised |= RAISED_INVALID;
    return IS_UNORDERED;
}

/* FPMaxNum, FPMinNum: a number rather than a quiet NaN. */
static uint32_t extreme_of(Format *f, uint32_t first, uint32_t second, int largest) {
    Number x[2] = {unpacked(f, first), unpacked(f, second)};
    if (x[0].kind == IS_QUIET && !is_nan(&x[1])) return repacked(f, &x[1]);
    if (x[1].kind == IS_QUIET && !is_nan(&x[0])) return repacked(f, &x[0]);
    if (is_nan(&x[0]) || is_nan(&x[1])) return nan_of(f, x, 2);
    int order = order_of(&x[0], &x[1]);
    if (order == IS_EQUAL) order = x[0].sign == x[1].sign ? IS_EQUAL : x[0].sign ? IS_LESS : IS_GREATER;
    return repacked(f, &x[(order == IS_LESS) == largest]);
}

/* ---- conversions ---- */

/* FPToFixed: an integer of `bits` bits, `fraction` of them behind the point. */
static uint32_t to_integer(Format *f, uint32_t from, uint32_t fraction, uint32_t bits, int is_unsigned) {
    Number x = unpacked(f, from);
    uint64_t most = is_unsigned ? (1ull << bits) - 1 : (1ull << (bits - 1)) - 1;
    if (is_nan(&x)) { f->raised |= RAISED_INVALID; return 0; }
    if (x.kind == IS_ZERO) return 0;
    int32_t exponent = x.exponent + (int32_t)fraction;
    int inexact = 0, is_beyond = x.kind == IS_INFINITE || exponent > 40;
    Wide whole = is_beyond ? 0 : rounded_off(x.m, -exponent, f->rounding, x.sign, &inexact);
    uint64_t limit = !x.sign ? most : is_unsigned ? 0 : most + 1;
    if (is_beyond || whole > limit) {
        f->raised |= RAISED_INVALID;
        whole = limit;
    } else if (inexact) f->raised |= RAISED_INEXACT;
    uint64_t value = x.sign ? 0 - (uint64_t)whole : (uint64_t)whole;
    return (uint32_t)(value & (UINT64_MAX >> (64 - bits)));
}

/* FixedToFP. */
static uint32_t from_integer(Format *f, int64_t value, uint32_t fraction) {
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    return packed(f, value < 0, -(int32_t)fraction, magnitude);
}

/* FPRoundInt. */
static uint32_t to_whole(Format *f, uint32_t bits, int raises_inexact) {
    Number x = unpacked(f, bits);
    int inexact;
    if (is_nan(&x)) return nan_of(f, &x, 1);
    if (x.kind != IS_FINITE || x.exponent >= 0) return repacked(f, &x);
    Wide whole = rounded_off(x.m, -x.exponent, f->rounding, x.sign, &inexact);
    if (inexact && raises_inexact) f->raised |= RAISED_INEXACT;
    return packed(f, x.sign, 0, whole);
}

/* FPConvert between formats of default NaNs. */
static uint32_t converted(Format *from, Format *to, uint32_t bits) {
    Number x = unpacked(from, bits);
    if (is_nan(&x) && (x.kind == IS_SIGNALLING || to->alternative)) to->raised |= RAISED_INVALID;
    if (is_nan(&x)) return to->alternative ? signed_as(to, x.sign, 0) : infinity_of(to) | quiet_bit(to);
    if (x.kind == IS_INFINITE && to->alternative) {
        to->raised |= RAISED_INVALID;
        return signed_as(to, x.sign, sign_bit(to) - 1);
    }
    return repacked(to, &x);
}

#endif
