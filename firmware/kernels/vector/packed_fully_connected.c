/* Dense layer: four outputs at a time, 16 inputs of each.
 *
 * Weights lie in blocks of four inputs of four outputs: VLD4 of four blocks gives 16 inputs of one output
 * in each vector. What is left of the inputs, up to three blocks, is multiplied block by block: a block has a quarter of
 * the vector for each output.
 */
#include "kernels/vector/helium.h"

#define BLOCK_BYTES 16u

struct four {
    int32_t sums[LANES];
};

/* Four inputs where the weights of one of a block's outputs are, zeros elsewhere. */
#define only(word, output) vreinterpretq_s8_s32(vsetq_lane_s32((word), vdupq_n_s32(0), (output)))

static inline struct four multiply(const struct packed_dense *p, const int8_t *weights, const int32_t *biases)
{
    int32_t s0 = biases[0], s1 = biases[1], s2 = biases[2], s3 = biases[3];
    const int8_t *input = p->input;
    uint32_t left = p->padded_inputs;
    for (; left >= VECTOR_BYTES; left -= VECTOR_BYTES, input += VECTOR_BYTES, weights += 4 * BLOCK_BYTES) {
        const int32x4x4_t rows = vld4q_s32((const int32_t *)weights);
        const int8x16_t inputs = vldrbq_z_s8(input, vctp8q((uint32_t)(p->input + p->inputs - input)));
        s0 = vmladavaq_s8(s0, inputs, vreinterpretq_s8_s32(rows.val[0]));
        s1 = vmladavaq_s8(s1, inputs, vreinterpretq_s8_s32(rows.val[1]));
        s2 = vmladavaq_s8(s2, inputs, vreinterpretq_s8_s32(rows.val[2]));
        s3 = vmladavaq_s8(s3, inputs, vreinterpretq_s8_s32(rows.val[3]));
    }
    for (; left > 0; left -= LANES, input += LANES, weights += BLOCK_BYTES) {
        int32_t word = 0; /* inputs beyond the last one meet zero weights */
        for (uint32_t i = LANES; i > 0; i--) {
            word = (int32_t)((uint32_t)word << 8) | (input + i > p->input + p->inputs ? 0 : (uint8_t)input[i - 1]);
        }
        const int8x16_t block = vldrbq_s8(weights);
        s0 = vmladavaq_s8(s0, block, only(word, 0));
        s1 = vmladavaq_s8(s1, block, only(word, 1));
        s2 = vmladavaq_s8(s2, block, only(word, 2));
        s3 = vmladavaq_s8(s3, block, only(word, 3));
    }
    return (struct four){{s0, s1, s2, s3}};
}

void kernel_packed_fully_connected(const void *parameters)
{
    const struct packed_dense *p = parameters;
    const struct four_channels all = same_channel(&p->channel);
    for (uint32_t output = 0; output < p->outputs; output += LANES) {
        const struct four four = multiply(p, p->weights + output * p->padded_inputs, p->biases + output);
        const int32x4_t values = clamped_lanes(rescaled_lanes(vldrwq_s32(four.sums), &all), p->clamp);
        store_lanes(p->output + output, values, p->outputs - output);
    }
}
