/* Rescaling, and the DSP instructions that compilers don't find by themselves.
 *
 * On cores with the DSP extension an int8 word of four values becomes two words of two
 * int16: (0, 2) and (1, 3). Both operands of a product are unpacked alike, so the order
 * of the sums does not matter.
 */
#ifndef KERNELS_OPTIMIZED_ARITHMETIC_H
#define KERNELS_OPTIMIZED_ARITHMETIC_H

#include <stdint.h>

#include "kernels/optimized/optimized.h"
#include "runtime/memory.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
#define HAVE_DSP 1
#else
#define HAVE_DSP 0
#endif

static inline uint32_t load_word(const void *from)
{
    return *(const word_alias *)from;
}

#if HAVE_DSP

static inline uint32_t unpack_even(uint32_t bytes) /* (0, 2) */
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(bytes));
    return pair;
}

static inline uint32_t unpack_odd(uint32_t bytes) /* (1, 3) */
{
    uint32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
    return pair;
}

static inline uint32_t unpack_even_add(uint32_t addend, uint32_t bytes)
{
    uint32_t pair;
    __asm__("sxtab16 %0, %1, %2" : "=r"(pair) : "r"(addend), "r"(bytes));
    return pair;
}

static inline uint32_t unpack_odd_add(uint32_t addend, uint32_t bytes)
{
    uint32_t pair;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(pair) : "r"(addend), "r"(bytes));
    return pair;
}

/* The low halves of both, the first's below. */
static inline uint32_t low_halves(uint32_t first, uint32_t second)
{
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(first), "r"(second));
    return pair;
}

static inline uint32_t high_halves(uint32_t first, uint32_t second)
{
    uint32_t pair;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(pair) : "r"(second), "r"(first));
    return pair;
}

static inline int32_t multiply_add_low(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlabb %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

static inline int32_t multiply_add_high(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlatt %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* (a * b + 2^31) >> 32 */
static inline int32_t high_multiply_rounded(int32_t a, int32_t b)
{
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

static inline int32_t doubled_high_multiply(int32_t a, int32_t b)
{
    return high_multiply_rounded(a * 2, b); /* |a| < 2^30 */
}

static inline int32_t saturate_int8(int32_t value)
{
    int32_t result;
    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
    return result;
}

#else

static inline int32_t doubled_high_multiply(int32_t a, int32_t b)
{
#if defined(__ARM_ARCH_6M__)
    /* No long multiplication: four 16-bit ones. b is positive. */
    const uint32_t a_low = (uint32_t)a & 0xFFFFu, b_low = (uint32_t)b & 0xFFFFu;
    const int32_t a_high = a >> 16, b_high = b >> 16;
    const uint32_t low = a_low * b_low;
    const int32_t cross_1 = a_high * (int32_t)b_low, cross_2 = (int32_t)a_low * b_high;
    const uint32_t middle =
        (low >> 16) + ((uint32_t)cross_1 & 0xFFFFu) + ((uint32_t)cross_2 & 0xFFFFu);
    const int32_t high = a_high * b_high + (cross_1 >> 16) + (cross_2 >> 16) + (int32_t)(middle >> 16);
    /* bits 31 and 30 of the low half are bits 15 and 14 of `middle` */
    return (int32_t)((uint32_t)high << 1) + (int32_t)((middle >> 15) & 1u) + (int32_t)((middle >> 14) & 1u);
#else
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
#endif
}

static inline int32_t saturate_int8(int32_t value)
{
    value = value < INT8_MIN ? INT8_MIN : value;
    return value > INT8_MAX ? INT8_MAX : value;
}

#endif

/* Accumulator to output value, not clamped: doubling high multiply, then a shift that rounds
 * half away from zero: below zero, that is half up after taking one off. */
static inline int32_t rescaled(int32_t sum, const struct channel *channel)
{
    const int32_t product = doubled_high_multiply(sum, channel->multiplier);
    return (product + (product >> 31) + channel->rounding) >> channel->shift;
}

static inline int is_whole_int8(struct clamp clamp)
{
    return clamp.minimum == INT8_MIN && clamp.maximum == INT8_MAX;
}

static inline int8_t clamped_to(int32_t value, struct clamp clamp)
{
    value = value < clamp.minimum ? clamp.minimum : value;
    return (int8_t)(value > clamp.maximum ? clamp.maximum : value);
}

#endif
