/* The matrix product of a convolution with SMLAD: three pixels by two channels.
 *
 * A step loads a pair of values of each pixel and of each channel, five words, and does six
 * dual multiplications. That takes every register that there is, so the loop over the groups of a
 * block is assembly too: compilers would spill.
 */
#include <stddef.h>

#include "kernels/optimized/conv_2d.h"

#if HAVE_DSP

/* What multiply_groups() works on; it moves `columns`, `output` and `groups` on. */
struct product {
    const cell *rows; /* weights of two channels */
    const cell *columns;
    uint32_t turns;  /* 8 taps each */
    uint32_t groups; /* at least 1 */
    int8_t *output;
    uint32_t depth; /* from a pixel's output to the next one's */
    struct channel channels[2];
};

_Static_assert(offsetof(struct product, columns) == 4 && offsetof(struct product, turns) == 8, "as in the assembly");
_Static_assert(offsetof(struct product, groups) == 12 && offsetof(struct product, output) == 16, "as in the assembly");
_Static_assert(offsetof(struct product, depth) == 20 && offsetof(struct product, channels) == 24, "as in the assembly");
_Static_assert(sizeof(struct channel) == 16, "as in the assembly");

/* Loads stand together, because a load right behind a load takes one cycle on Cortex-M3 and M4; all
 * instructions are wide and aligned (Clang takes no .w with a negative offset, which is always wide). */
#define STEP                     \
    "ldr.w r3, [r0], #12\n\t"    \
    "ldr r4, [r0, #-8]\n\t"      \
    "ldr r5, [r0, #-4]\n\t"      \
    "ldr.w r6, [r1], #8\n\t"     \
    "ldr r7, [r1, #-4]\n\t"      \
    "smlad r8, r3, r6, r8\n\t"   \
    "smlad r9, r4, r6, r9\n\t"   \
    "smlad r10, r5, r6, r10\n\t" \
    "smlad r11, r3, r7, r11\n\t" \
    "smlad r12, r4, r7, r12\n\t" \
    "smlad lr, r5, r7, lr\n\t"

#define STEPS STEP STEP STEP STEP

/* As rescaled() and saturate_int8(): r3 multiplier, r4 rounding, r5 shift. */
#define RESCALE(a, b, c)                \
    "lsl " a ", " a ", #1\n\t"          \
    "lsl " b ", " b ", #1\n\t"          \
    "lsl " c ", " c ", #1\n\t"          \
    "smmulr " a ", " a ", r3\n\t"       \
    "smmulr " b ", " b ", r3\n\t"       \
    "smmulr " c ", " c ", r3\n\t"       \
    "add " a ", " a ", " a ", asr #31\n\t" \
    "add " b ", " b ", " b ", asr #31\n\t" \
    "add " c ", " c ", " c ", asr #31\n\t" \
    "add " a ", " a ", r4\n\t"          \
    "add " b ", " b ", r4\n\t"          \
    "add " c ", " c ", r4\n\t"          \
    "asr " a ", " a ", r5\n\t"          \
    "asr " b ", " b ", r5\n\t"          \
    "asr " c ", " c ", r5\n\t"          \
    "ssat " a ", #8, " a "\n\t"         \
    "ssat " b ", #8, " b "\n\t"         \
    "ssat " c ", #8, " c "\n\t"

/* Sums of two channels of `groups` groups of pixels, rescaled and stored. */
__attribute__((naked, noinline, used)) static void multiply_groups(struct product *product __attribute__((unused)))
{
    __asm__ volatile("push {r0, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
                     "0:\n\t" /* a group: r0 columns, r1 rows, r2 turns, r3-r7 values, r8-r12 and lr sums */
                     "ldr r2, [sp]\n\t"
                     "ldr r1, [r2, #0]\n\t"
                     "ldr r0, [r2, #4]\n\t"
                     "ldr r8, [r2, #24]\n\t"
                     "ldr r11, [r2, #40]\n\t"
                     "ldr r2, [r2, #8]\n\t"
                     "mov r9, r8\n\t"
                     "mov r10, r8\n\t"
                     "mov r12, r11\n\t"
                     "mov lr, r11\n\t"
                     "lsrs r2, r2, #1\n\t"
                     "bcc 1f\n\t"
                     "adds r2, r2, #1\n\t" /* an odd number of turns begins in the middle */
                     "b 2f\n\t"
                     ".balign 4\n"
                     "1:\n\t" STEPS "2:\n\t" STEPS
                     "subs.w r2, r2, #1\n\t"
                     "bne.w 1b\n\t"
                     "ldr r2, [sp]\n\t" /* the results: r6 output, r7 depth */
                     "ldr r6, [r2, #16]\n\t"
                     "ldr r7, [r2, #20]\n\t"
                     "ldr r3, [r2, #28]\n\t"
                     "ldr r4, [r2, #32]\n\t"
                     "ldr r5, [r2, #36]\n\t"
                     "str r0, [r2, #4]\n\t" RESCALE("r8", "r9", "r10")
                     "ldr r3, [r2, #44]\n\t"
                     "ldr r4, [r2, #48]\n\t"
                     "ldr r5, [r2, #52]\n\t"
                     "ldr r0, [r2, #12]\n\t" RESCALE("r11", "r12", "lr")
                     "strb r8, [r6]\n\t"
                     "strb r11, [r6, #1]\n\t"
                     "add r6, r6, r7\n\t"
                     "strb r9, [r6]\n\t"
                     "strb r12, [r6, #1]\n\t"
                     "add r6, r6, r7\n\t"
                     "strb r10, [r6]\n\t"
                     "strb lr, [r6, #1]\n\t"
                     "add r6, r6, r7\n\t"
                     "str r6, [r2, #16]\n\t"
                     "subs r0, r0, #1\n\t"
                     "str r0, [r2, #12]\n\t"
                     "bne.w 0b\n\t"
                     "pop {r0, r4, r5, r6, r7, r8, r9, r10, r11, pc}");
}

/* Eight weights of two channels a turn, unpacked side by side: r0 and r1 the channels, r2 the rows, r3 turns. */
__attribute__((naked, noinline, used)) static void unpack_weights(
    const int8_t *first __attribute__((unused)), const int8_t *second __attribute__((unused)),
    cell *to __attribute__((unused)), uint32_t turns __attribute__((unused)))
{
    __asm__ volatile("push {r4, r5, r6, r7, r8, r9, r10, r11}\n\t"
                     ".balign 4\n"
                     "1:\n\t"
                     "ldr.w r6, [r0], #8\n\t"
                     "ldr r10, [r0, #-4]\n\t"
                     "ldr.w r7, [r1], #8\n\t"
                     "ldr r11, [r1, #-4]\n\t"
                     "sxtb16 r4, r6\n\t"
                     "sxtb16 r5, r7\n\t"
                     "sxtb16 r6, r6, ror #8\n\t"
                     "sxtb16 r7, r7, ror #8\n\t"
                     "sxtb16 r8, r10\n\t"
                     "sxtb16 r9, r11\n\t"
                     "sxtb16 r10, r10, ror #8\n\t"
                     "sxtb16 r11, r11, ror #8\n\t"
                     "stmia.w r2!, {r4, r5, r6, r7, r8, r9, r10, r11}\n\t"
                     "subs.w r3, r3, #1\n\t"
                     "bne.w 1b\n\t"
                     "pop {r4, r5, r6, r7, r8, r9, r10, r11}\n\t"
                     "bx lr");
}

static const cell *weights_of(const struct packed_convolution *p, uint32_t channel)
{
    const int8_t *const first = p->weights + channel * p->patch_size;
    unpack_weights(first, first + p->patch_size, p->rows, p->patch_size / 8u);
    return p->rows;
}

/* One group by way of a buffer, for pixels or channels that not all exist. */
static void multiply_some(struct product *product, uint32_t pixels, uint32_t channels)
{
    int8_t tile[2 * PIXELS_PER_GROUP];
    int8_t *const output = product->output;
    const uint32_t depth = product->depth;
    product->output = tile;
    product->depth = 2;
    product->groups = 1;
    multiply_groups(product);
    for (uint32_t pixel = 0; pixel < pixels; pixel++) {
        for (uint32_t channel = 0; channel < channels; channel++) {
            output[pixel * depth + channel] = tile[2 * pixel + channel];
        }
    }
    product->output = output + pixels * depth;
    product->depth = depth;
}

static void clamp_outputs(int8_t *output, uint32_t pixels, uint32_t channels, uint32_t depth, struct clamp clamp)
{
    for (; pixels > 0; pixels--, output += depth) {
        for (uint32_t channel = 0; channel < channels; channel++) {
            output[channel] = clamped_to(output[channel], clamp);
        }
    }
}

void multiply_block(
    const struct packed_convolution *p, uint32_t first_pixel, uint32_t pixels, uint32_t channel)
{
    const uint32_t depth = p->output_shape.channels;
    const uint32_t channels = channel + 1 < depth ? 2 : 1;
    int8_t *const output = p->output + first_pixel * depth + channel;
    struct product product = {
        weights_of(p, channel), p->columns, p->patch_size / 8u, pixels / PIXELS_PER_GROUP, output, depth,
        {p->channels[channel], p->channels[channel + 1]},
    };
    uint32_t left = pixels;
    if (channels == 2 && product.groups > 0) {
        multiply_groups(&product);
        left %= PIXELS_PER_GROUP;
    }
    while (left > 0) {
        const uint32_t some = left < PIXELS_PER_GROUP ? left : PIXELS_PER_GROUP;
        multiply_some(&product, some, channels);
        left -= some;
    }
    if (!is_whole_int8(p->clamp)) {
        clamp_outputs(output, pixels, channels, depth, p->clamp);
    }
}

#endif
