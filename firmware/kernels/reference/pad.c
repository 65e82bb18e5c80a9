#include "kernels/kernels.h"

static int inside(uint32_t position, uint32_t before, uint32_t count)
{
    return position >= before && position < before + count;
}

void kernel_pad(const void *parameters)
{
    const struct pad *p = parameters;
    const int8_t *input = p->input;
    int8_t *output = p->output;
    for (uint32_t n = 0; n < p->output_shape[0]; n++) {
        const int inside_n = inside(n, p->before[0], p->input_shape[0]);
        for (uint32_t y = 0; y < p->output_shape[1]; y++) {
            const int inside_y = inside_n && inside(y, p->before[1], p->input_shape[1]);
            for (uint32_t x = 0; x < p->output_shape[2]; x++) {
                const int inside_x = inside_y && inside(x, p->before[2], p->input_shape[2]);
                for (uint32_t c = 0; c < p->output_shape[3]; c++) {
                    const int within = inside_x && inside(c, p->before[3], p->input_shape[3]);
                    *output++ = within ? *input++ : p->value;
                }
            }
        }
    }
}
