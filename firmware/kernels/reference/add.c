#include "kernels/kernels.h"
#include "kernels/quantization.h"

#define HEADROOM_BITS 20 /* both inputs are scaled up by this before they are rescaled */

void kernel_add(const void *parameters)
{
    const struct add *p = parameters;
    for (uint32_t i = 0; i < p->elements; i++) {
        const int32_t raised_1 = (p->input_1[i] + p->offset_1) * (1 << HEADROOM_BITS);
        const int32_t raised_2 = (p->input_2[i] + p->offset_2) * (1 << HEADROOM_BITS);
        const int32_t sum = multiply_by_quantized_multiplier(raised_1, p->multiplier_1, p->shift_1) +
                            multiply_by_quantized_multiplier(raised_2, p->multiplier_2, p->shift_2);
        const int32_t scaled = multiply_by_quantized_multiplier(sum, p->output_multiplier, p->output_shift);
        p->output[i] = clamped(scaled + p->output_offset, p->clamp);
    }
}
