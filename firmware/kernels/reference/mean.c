#include "kernels/kernels.h"
#include "kernels/quantization.h"

void kernel_mean(const void *parameters)
{
    const struct mean *p = parameters;
    int8_t *output = p->output;
    for (uint32_t outer = 0; outer < p->outer; outer++) {
        const int8_t *block = p->input + outer * p->reduced * p->inner;
        for (uint32_t inner = 0; inner < p->inner; inner++) {
            int32_t sum = p->input_offset;
            for (uint32_t i = 0; i < p->reduced; i++) {
                sum += block[i * p->inner + inner];
            }
            const int32_t scaled = multiply_by_quantized_multiplier(sum, p->multiplier, p->shift);
            const struct clamp whole = {INT8_MIN, INT8_MAX};
            *output++ = clamped(scaled + p->output_offset, whole);
        }
    }
}
