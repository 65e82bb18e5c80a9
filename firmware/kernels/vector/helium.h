/* What the kernels for Helium (MVE, integer) share: rescaling four accumulators at a time.
 *
 * The constants are those of kernels/optimized (optimized.h says how they are laid out); the sums they
 * make, and so the results, are the same.
 */
#ifndef KERNELS_VECTOR_HELIUM_H
#define KERNELS_VECTOR_HELIUM_H

#include <arm_mve.h>
#include <stdint.h>

#include "kernels/optimized/optimized.h"

#define LANES 4u        /* accumulators of a vector */
#define VECTOR_BYTES 16u

/* `struct channel` of four channels, member by member; the shift as VSHL wants it, below zero. */
struct four_channels {
    int32x4_t bias, multiplier, rounding, shift;
};

/* Up to four of the channels that are left. One VLD4 of 64 bytes: the members of `struct channel` take turns. */
static inline struct four_channels load_channels(const struct channel *channels, uint32_t left)
{
    struct channel some[LANES];
    if (left < LANES) { /* not beyond the last one */
        for (uint32_t i = 0; i < LANES; i++) {
            some[i] = channels[i < left ? i : 0];
        }
        channels = some;
    }
    const int32x4x4_t members = vld4q_s32((const int32_t *)channels);
    return (struct four_channels){members.val[0], members.val[1], members.val[2], vnegq_s32(members.val[3])};
}

static inline struct four_channels same_channel(const struct channel *channel)
{
    return (struct four_channels){
        vdupq_n_s32(channel->bias), vdupq_n_s32(channel->multiplier), vdupq_n_s32(channel->rounding),
        vdupq_n_s32(-channel->shift),
    };
}

/* As rescaled() of kernels/optimized/arithmetic.h: VQRDMULH is its doubled_high_multiply(). */
static inline int32x4_t rescaled_lanes(int32x4_t sums, const struct four_channels *channels)
{
    const int32x4_t product = vqrdmulhq_s32(sums, channels->multiplier);
    const int32x4_t rounded = vaddq_s32(vaddq_s32(product, vshrq_n_s32(product, 31)), channels->rounding);
    return vshlq_s32(rounded, channels->shift);
}

static inline int32x4_t clamped_lanes(int32x4_t values, struct clamp clamp)
{
    return vminq_s32(vmaxq_s32(values, vdupq_n_s32(clamp.minimum)), vdupq_n_s32(clamp.maximum));
}

/* The first `count` lanes, as bytes. */
static inline void store_lanes(int8_t *to, int32x4_t values, uint32_t count)
{
    vstrbq_p_s32(to, values, vctp32q(count));
}

static inline void copy_bytes(int8_t *to, const int8_t *from, uint32_t count)
{
    for (int32_t left = (int32_t)count; left > 0; left -= (int32_t)VECTOR_BYTES) {
        const mve_pred16_t inside = vctp8q((uint32_t)left);
        vstrbq_p_s8(to, vldrbq_z_s8(from, inside), inside);
        to += VECTOR_BYTES;
        from += VECTOR_BYTES;
    }
}

static inline void fill_bytes(int8_t *to, int8_t value, uint32_t count)
{
    const int8x16_t values = vdupq_n_s8(value);
    for (int32_t left = (int32_t)count; left > 0; left -= (int32_t)VECTOR_BYTES) {
        vstrbq_p_s8(to, values, vctp8q((uint32_t)left));
        to += VECTOR_BYTES;
    }
}

#endif
