#include "kernels/kernels.h"
#include "runtime/real.h"

void kernel_quantize(const void *parameters)
{
    const struct convert *p = parameters;
    const float *input = p->input;
    int8_t *output = p->output;
    for (uint32_t i = 0; i < p->elements; i++) {
        output[i] = quantize_real(input[i], p->scale, p->zero_point);
    }
}

void kernel_dequantize(const void *parameters)
{
    const struct convert *p = parameters;
    const int8_t *input = p->input;
    float *output = p->output;
    for (uint32_t i = 0; i < p->elements; i++) {
        output[i] = dequantize_real(input[i], p->scale, p->zero_point);
    }
}
