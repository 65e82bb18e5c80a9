#include "kernels/kernels.h"
#include "kernels/quantization.h"

/* Weights: [output][input]. */
void kernel_fully_connected(const void *parameters)
{
    const struct fully_connected *p = parameters;
    int8_t *output = p->output;
    for (uint32_t batch = 0; batch < p->batches; batch++) {
        const int8_t *input = p->input + batch * p->inputs;
        const int8_t *weight = p->weights;
        for (uint32_t o = 0; o < p->outputs; o++, weight += p->inputs) {
            int32_t sum = p->bias[o];
            for (uint32_t i = 0; i < p->inputs; i++) {
                sum += weight[i] * (input[i] + p->input_offset);
            }
            const int32_t scaled = multiply_by_quantized_multiplier(sum, p->multiplier, p->shift);
            *output++ = clamped(scaled + p->output_offset, p->clamp);
        }
    }
}
