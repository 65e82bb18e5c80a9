/* The sum of two tensors, four elements at a time. */
#include "kernels/vector/helium.h"

#define HEADROOM_BITS 20

/* x * 2^20 * factor, rounded as the reference rounds: half away from zero, when anything is shifted out. */
static inline int32x4_t raised(int32x4_t values, int32_t multiplier, int32_t shift)
{
    const int32x4_t product = vqrdmulhq_n_s32(vshlq_n_s32(values, HEADROOM_BITS), multiplier);
    if (shift == 0) {
        return product;
    }
    return vrshlq_n_s32(vaddq_s32(product, vshrq_n_s32(product, 31)), -shift);
}

void kernel_packed_add(const void *parameters)
{
    const struct packed_add p = *(const struct packed_add *)parameters; /* a copy: stores can't change it */
    const struct four_channels sum = same_channel(&p.sum);
    for (uint32_t i = 0; i < p.elements; i += LANES) {
        const mve_pred16_t inside = vctp32q(p.elements - i);
        const int32x4_t first = vaddq_n_s32(vldrbq_z_s32(p.input_1 + i, inside), p.offset_1);
        const int32x4_t second = vaddq_n_s32(vldrbq_z_s32(p.input_2 + i, inside), p.offset_2);
        const int32x4_t both = vaddq_s32(
            raised(first, p.multiplier_1, p.shift_1), raised(second, p.multiplier_2, p.shift_2));
        vstrbq_p_s32(p.output + i, clamped_lanes(rescaled_lanes(both, &sum), p.clamp), inside);
    }
}
