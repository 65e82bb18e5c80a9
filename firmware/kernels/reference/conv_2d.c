#include "kernels/kernels.h"
#include "kernels/quantization.h"

/* One output element. Weights: [output channel][height][width][input channel]. */
static int32_t accumulate(const struct convolution *p, int32_t top, int32_t left, uint32_t channel)
{
    const uint32_t depth = p->input_shape.channels;
    const int8_t *weight = p->weights + channel * p->window.height * p->window.width * depth;
    int32_t sum = p->bias[channel];
    for (int32_t row = 0; row < p->window.height; row++) {
        const int32_t y = top + row * p->window.dilation_height;
        for (int32_t column = 0; column < p->window.width; column++, weight += depth) {
            const int32_t x = left + column * p->window.dilation_width;
            if (y < 0 || y >= p->input_shape.height || x < 0 || x >= p->input_shape.width) {
                continue;
            }
            const int8_t *input = p->input + (uint32_t)(y * p->input_shape.width + x) * depth;
            for (uint32_t i = 0; i < depth; i++) {
                sum += weight[i] * (input[i] + p->input_offset);
            }
        }
    }
    return sum;
}

void kernel_conv_2d(const void *parameters)
{
    const struct convolution *p = parameters;
    int8_t *output = p->output;
    for (int32_t y = 0; y < p->output_shape.height; y++) {
        const int32_t top = y * p->window.stride_height - p->window.pad_top;
        for (int32_t x = 0; x < p->output_shape.width; x++) {
            const int32_t left = x * p->window.stride_width - p->window.pad_left;
            for (uint32_t channel = 0; channel < p->output_shape.channels; channel++) {
                const int32_t sum = accumulate(p, top, left, channel);
                const int32_t scaled =
                    multiply_by_quantized_multiplier(sum, p->multipliers[channel], p->shifts[channel]);
                *output++ = clamped(scaled + p->output_offset, p->clamp);
            }
        }
    }
}
