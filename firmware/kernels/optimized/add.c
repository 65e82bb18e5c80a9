#include "kernels/optimized/arithmetic.h"

#define HEADROOM_BITS 20

/* x * 2^20 * factor, rounded as the reference rounds; |x| < 2^9, so that doubling is safe. */
static inline int32_t raised(int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t product = doubled_high_multiply(x * (1 << HEADROOM_BITS), multiplier);
    return shift == 0 ? product : (product + (product >> 31) + (1 << (shift - 1))) >> shift;
}

void kernel_packed_add(const void *parameters)
{
    const struct packed_add p = *(const struct packed_add *)parameters; /* a copy: stores can't change it */
    const int whole = is_whole_int8(p.clamp);
    for (uint32_t i = 0; i < p.elements; i++) {
        const int32_t sum = raised(p.input_1[i] + p.offset_1, p.multiplier_1, p.shift_1) +
                            raised(p.input_2[i] + p.offset_2, p.multiplier_2, p.shift_2);
        const int32_t value = rescaled(sum, &p.sum);
        p.output[i] = whole ? (int8_t)saturate_int8(value) : clamped_to(value, p.clamp);
    }
}
