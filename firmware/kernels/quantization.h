/* TensorFlow Lite's integer arithmetic (double rounding), in a form without branches.
 *
 * A real factor is an int32 multiplier in [2^30, 2^31) and a power of two. The first step
 * keeps the high half of twice the product, rounded half up; the second shifts right,
 * rounded half away from zero.
 */
#ifndef KERNELS_QUANTIZATION_H
#define KERNELS_QUANTIZATION_H

#include <stdint.h>

#include "kernels/kernels.h"

/* (a * b * 2) >> 32, rounded half up. b is never INT32_MIN, so that nothing saturates. */
static inline int32_t doubling_high_multiply(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* x / 2^exponent, rounded half away from zero; 0 <= exponent <= 31. */
static inline int32_t rounding_shift_right(int32_t x, int32_t exponent)
{
    const int32_t mask = (int32_t)((1u << exponent) - 1);
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + ((x & mask) > threshold);
}

static inline int32_t multiply_by_quantized_multiplier(int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift > 0 ? 0 : -shift;
    const int32_t product = doubling_high_multiply((int32_t)((uint32_t)x << left), multiplier);
    return rounding_shift_right(product, right);
}

static inline int8_t clamped(int32_t value, struct clamp clamp)
{
    value = value < clamp.minimum ? clamp.minimum : value;
    return (int8_t)(value > clamp.maximum ? clamp.maximum : value);
}

#endif
