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

/* Two of the four outputs: four inputs of each. Loads stand together, as in conv_2d.c. */
#define MULTIPLY_TWO(first, second)                 \
    "ldr.w %[w0], [%[weight]], #8\n\t"              \
    "ldr %[w1], [%[weight], #-4]\n\t"             \
    "sxtb16 %[half], %[w0]\n\t"                     \
    "sxtb16 %[w0], %[w0], ror #8\n\t"               \
    "smlad %[" first "], %[even], %[half], %[" first "]\n\t" \
    "sxtb16 %[half], %[w1]\n\t"                     \
    "sxtb16 %[w1], %[w1], ror #8\n\t"               \
    "smlad %[" first "], %[odd], %[w0], %[" first "]\n\t"    \
    "smlad %[" second "], %[even], %[half], %[" second "]\n\t" \
    "smlad %[" second "], %[odd], %[w1], %[" second "]\n\t"

static inline struct four multiply(const struct packed_dense *p, const int8_t *weights, const int32_t *biases)
{
    int32_t s0 = biases[0], s1 = biases[1], s2 = biases[2], s3 = biases[3];
    const uint32_t *column = p->column;
    uint32_t turns = p->padded_inputs / 4u, even, odd, w0, w1, half;
    __asm__ volatile(".balign 4\n"
                     "1:\n\t"
                     "ldr.w %[even], [%[column]], #8\n\t"
                     "ldr %[odd], [%[column], #-4]\n\t" MULTIPLY_TWO("s0", "s1") MULTIPLY_TWO("s2", "s3")
                     "subs.w %[turns], %[turns], #1\n\t"
                     "bne 1b"
                     : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [column] "+r"(column),
                       [weight] "+r"(weights), [turns] "+r"(turns), [even] "=&r"(even), [odd] "=&r"(odd),
                       [w0] "=&r"(w0), [w1] "=&r"(w1), [half] "=&r"(half)
                     :
                     : "cc", "memory");
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
    const int8_t *weights = p->weights;
    unpack_column(p, p->input);
    for (uint32_t first = 0; first < p->outputs; first += 4, weights += 4 * p->padded_inputs) {
        const struct four four = multiply(p, weights, p->biases + first);
        for (uint32_t i = 0; i < 4 && first + i < p->outputs; i++) {
            p->output[first + i] = clamped_to(rescaled(four.sums[i], &p->channel), p->clamp);
        }
    }
}
