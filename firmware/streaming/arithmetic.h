/* What the front end computes with.
 *
 * Fixed point: a sample has 5 fractional bits, with which pre-emphasis by 31/32 is exact. A window of 1024
 * of them, each below 2^16 with a mean weight of 0.54, sums to less than 2^31 with these bits, so the transform
 * needs no scaling; what it rounds off is far below the least feature, which stands for -52 dB.
 */
#ifndef STREAMING_ARITHMETIC_H
#define STREAMING_ARITHMETIC_H

#include <stdint.h>

#include "runtime/memory.h"

#if defined(__ARM_FP)
typedef float real, weight, power;
#define POWER_OF_ONE 0 /* log2 of what stands for power 1 */

static inline real emphasized(int32_t sample, int32_t last)
{
    return (float)(32 * sample - 31 * last) * (1.0f / (32.0f * 32768.0f));
}

static inline real weighted(real value, weight by)
{
    return value * by;
}

static inline real half(real value)
{
    return value * 0.5f;
}

/* a c + b d */
static inline real products(real a, real c, real b, real d)
{
    return a * c + b * d;
}

static inline power power_of(real re, real im)
{
    return (re * re + im * im) * (1.0f / 1024.0f);
}

static inline power share(power value, weight by)
{
    return value * by;
}

/* Take a positive number apart: 2^result times (1 + *fraction / 2^23). */
static inline int32_t exponent_of(power value, uint32_t *fraction)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    *fraction = bits & 0x7FFFFFu;
    return (int32_t)(bits >> 23) - 127;
}
#else
typedef int32_t real;
typedef uint16_t weight; /* in 1/32768 */
typedef uint64_t power;
#define POWER_OF_ONE 49 /* 15 bits of a sample and 5 more, squared, 1024 samples, less the 16 of share(), its weight */

static inline real emphasized(int32_t sample, int32_t last)
{
    return 32 * sample - 31 * last;
}

static inline real weighted(real value, weight by)
{
    return (int32_t)(((int64_t)value * by) >> 15);
}

static inline real half(real value)
{
    return value >> 1;
}

/* a c + b d, where c and d are in 1/2^31 */
static inline real products(real a, int32_t c, real b, int32_t d)
{
    return 2 * (int32_t)(((int64_t)a * c + (int64_t)b * d) >> 32);
}

static inline power power_of(real re, real im)
{
    return (power)((int64_t)re * re + (int64_t)im * im);
}

static inline power share(power value, weight by)
{
    return (value >> 16) * by;
}

static inline int32_t exponent_of(power value, uint32_t *fraction)
{
    int32_t exponent = 63;
    while (!(value >> 56)) {
        value <<= 8;
        exponent -= 8;
    }
    while (!(value >> 63)) {
        value <<= 1;
        exponent--;
    }
    *fraction = (uint32_t)(value >> 40) & 0x7FFFFFu;
    return exponent;
}
#endif

struct turn {
    real re, im;
};

#endif
