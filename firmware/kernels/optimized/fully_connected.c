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

/* Two of the four outputs: four inputs of each. Loads stand together, as in conv_2d_dsp.c: r1 weights, r11 and
 * r12 what was loaded, lr one half of it. */
#define MULTIPLY_TWO(first, second, even, odd)              \
    "ldr.w r11, [r1], #8\n\t"                               \
    "ldr r12, [r1, #-4]\n\t"                                \
    "sxtb16 lr, r11\n\t"                                    \
    "sxtb16 r11, r11, ror #8\n\t"                           \
    "smlad " first ", " even ", lr, " first "\n\t"          \
    "sxtb16 lr, r12\n\t"                                    \
    "sxtb16 r12, r12, ror #8\n\t"                           \
    "smlad " first ", " odd ", r11, " first "\n\t"          \
    "smlad " second ", " even ", lr, " second "\n\t"        \
    "smlad " second ", " odd ", r12, " second "\n\t"
#define MULTIPLY_FOUR(even, odd) MULTIPLY_TWO("r3", "r4", even, odd) MULTIPLY_TWO("r5", "r6", even, odd)

/* Add to four sums; a turn is four inputs, and the loop does two. */
__attribute__((naked, noinline, used)) static void add_products(
    const uint32_t *column __attribute__((unused)), const int8_t *weights __attribute__((unused)),
    uint32_t turns __attribute__((unused)), struct four *four __attribute__((unused)))
{
    __asm__ volatile("push {r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n\t"
                     "ldmia r3, {r3, r4, r5, r6}\n\t"
                     "lsrs r2, r2, #1\n\t"
                     "bcc.w 1f\n\t"
                     "ldr.w r7, [r0], #8\n\t"
                     "ldr r8, [r0, #-4]\n\t" MULTIPLY_FOUR("r7", "r8")
                     "cmp r2, #0\n\t"
                     "beq.w 2f\n\t"
                     ".balign 4\n"
                     "1:\n\t"
                     "ldr.w r7, [r0], #16\n\t"
                     "ldr r8, [r0, #-12]\n\t"
                     "ldr r9, [r0, #-8]\n\t"
                     "ldr r10, [r0, #-4]\n\t" MULTIPLY_FOUR("r7", "r8") MULTIPLY_FOUR("r9", "r10")
                     "subs.w r2, r2, #1\n\t"
                     "bne.w 1b\n"
                     "2:\n\t"
                     "ldr r0, [sp]\n\t"
                     "stmia r0, {r3, r4, r5, r6}\n\t"
                     "pop {r3, r4, r5, r6, r7, r8, r9, r10, r11, pc}");
}

static inline struct four multiply(const struct packed_dense *p, const int8_t *weights, const int32_t *biases)
{
    struct four four = {{biases[0], biases[1], biases[2], biases[3]}};
    add_products(p->column, weights, p->padded_inputs / 4u, &four);
    return four;
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

/* Four outputs, as one word. `channel` and `clamp` are copies: stores can't change them. */
static inline uint32_t packed(struct four four, const struct channel *channel, struct clamp clamp)
{
    uint32_t word = 0;
    for (int i = 3; i >= 0; i--) {
        word = word << 8 | (uint8_t)clamped_to(rescaled(four.sums[i], channel), clamp);
    }
    return word;
}

static inline uint32_t packed_whole(struct four four, const struct channel *channel)
{
    uint32_t word = 0;
    for (int i = 3; i >= 0; i--) {
        word = word << 8 | (uint8_t)saturate_int8(rescaled(four.sums[i], channel));
    }
    return word;
}

void kernel_packed_fully_connected(const void *parameters)
{
    const struct packed_dense *p = parameters;
    const struct channel channel = p->channel;
    const struct clamp clamp = p->clamp;
    const uint32_t step = 4u * p->padded_inputs;
    const int whole = is_whole_int8(clamp);
    const int8_t *weights = p->weights;
    const int32_t *biases = p->biases;
    int8_t *output = p->output;
    unpack_column(p, p->input);
    for (uint32_t left = p->outputs; left > 0; weights += step, biases += 4, output += 4) {
        const struct four four = multiply(p, weights, biases);
        uint32_t word = whole ? packed_whole(four, &channel) : packed(four, &channel, clamp);
        if (left >= 4) {
            *(word_alias *)output = word;
            left -= 4;
            continue;
        }
        for (int8_t *at = output; left > 0; left--, word >>= 8) {
            *at++ = (int8_t)word;
        }
    }
}
