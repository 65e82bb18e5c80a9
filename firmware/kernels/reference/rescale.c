#include "kernels/kernels.h"
#include "kernels/quantization.h"

void kernel_rescale(const void *parameters)
{
    const struct rescale *p = parameters;
    for (uint32_t i = 0; i < p->elements; i++) {
        const int32_t scaled =
            multiply_by_quantized_multiplier(p->input[i] + p->input_offset, p->multiplier, p->shift);
        p->output[i] = clamped(scaled + p->output_offset, p->clamp);
    }
}
