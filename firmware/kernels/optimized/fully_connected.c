/* Dense layer: four outputs at a time, weights read from flash in order, once. */
#include "kernels/optimized/arithmetic.h"

struct four {
    int32_t sums[4];
};

#if HAVE_DSP

static void unpack_column(const struct packed_dense *p, const int8_t *input)
{
    uint32_t *to = p->column;
    uint32_t i = 0;
    for (; i + 4 <= p->inputs; i += 4) {
        const uint32_t bytes = load_word(input + i);
        *to++ = unpack_even(bytes);
        *to++ = unpack_odd(bytes);
    }
    if (i < p->inputs) {
        uint32_t bytes = 0;
        for (uint32_t rest = p->inputs; rest > i; rest--) {
            bytes = bytes << 8 | (uint8_t)input[rest - 1];
        }
        *to++ = unpack_even(bytes);
        *to++ = unpack_odd(bytes);
    }
}

static inline struct four multiply(const struct packed_dense *p, const int8_t *weights, const int32_t *biases)
{
    int32_t s0 = biases[0], s1 = biases[1], s2 = biases[2], s3 = biases[3];
    const uint32_t *column = p->column;
    const uint32_t *const end = column + p->padded_inputs / 2;
    const word_alias *weight = (const word_alias *)weights;
    while (column != end) {
        const uint32_t even = column[0], odd = column[1];
        const uint32_t w0 = weight[0], w1 = weight[1], w2 = weight[2], w3 = weight[3];
        s0 = dual_multiply_add(even, unpack_even(w0), s0);
        s1 = dual_multiply_add(even, unpack_even(w1), s1);
        s2 = dual_multiply_add(even, unpack_even(w2), s2);
        s3 = dual_multiply_add(even, unpack_even(w3), s3);
        s0 = dual_multiply_add(odd, unpack_odd(w0), s0);
        s1 = dual_multiply_add(odd, unpack_odd(w1), s1);
        s2 = dual_multiply_add(odd, unpack_odd(w2), s2);
        s3 = dual_multiply_add(odd, unpack_odd(w3), s3);
        column += 2;
        weight += 4;
    }
    return (struct four){{s0, s1, s2, s3}};
}

#else

static void unpack_column(const struct packed_dense *p, const int8_t *input)
{
    int8_t *column = p->column;
    memcpy(column, input, p->inputs);
    memset(column + p->inputs, 0, p->padded_inputs - p->inputs);
}

static inline struct four multiply(const struct packed_dense *p, const int8_t *weights, const int32_t *biases)
{
    int32_t s0 = biases[0], s1 = biases[1], s2 = biases[2], s3 = biases[3];
    const int8_t *column = p->column;
    const int8_t *const end = column + p->padded_inputs;
    while (column != end) {
        for (uint32_t i = 0; i < 4; i++, column++, weights++) {
            const int32_t value = *column;
            s0 += value * weights[0];
            s1 += value * weights[4];
            s2 += value * weights[8];
            s3 += value * weights[12];
        }
        weights += 12;
    }
    return (struct four){{s0, s1, s2, s3}};
}

#endif

void kernel_packed_fully_connected(const void *parameters)
{
    const struct packed_dense *p = parameters;
    for (uint32_t batch = 0; batch < p->batches; batch++) {
        int8_t *output = p->output + batch * p->outputs;
        const int8_t *weights = p->weights;
        unpack_column(p, p->input + batch * p->inputs);
        for (uint32_t first = 0; first < p->outputs; first += 4, weights += 4 * p->padded_inputs) {
            const struct four four = multiply(p, weights, p->biases + first);
            for (uint32_t i = 0; i < 4 && first + i < p->outputs; i++) {
                output[first + i] = clamped_to(rescaled(four.sums[i], &p->channel), p->clamp);
            }
        }
    }
}
