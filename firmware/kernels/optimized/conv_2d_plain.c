/* The matrix product of a convolution on cores without DSP instructions: two pixels by two channels.
 *
 * Armv6-M multiplies and loads in eight registers only; sums stand in the others, and pointers have one
 * index in common. Armv7-M runs the same code.
 */
#include <stddef.h>

#include "kernels/optimized/conv_2d.h"

#if !HAVE_DSP

/* What add_products() works on. */
struct tile {
    const int8_t *pixel_0, *pixel_1;     /* patches */
    const int8_t *channel_0, *channel_1; /* weights */
    uint32_t count;                      /* of each of the four; a multiple of 8 */
    int32_t sums[2][2];                  /* of a pixel and a channel */
};

_Static_assert(offsetof(struct tile, pixel_1) == 4 && offsetof(struct tile, channel_0) == 8, "as in the assembly");
_Static_assert(offsetof(struct tile, channel_1) == 12 && offsetof(struct tile, count) == 16, "as in the assembly");
_Static_assert(offsetof(struct tile, sums) == 20, "as in the assembly");

/* r0 and r1 pixels, r2 and r3 channels, r4 index, from the end; r8 to r11 the sums. */
#define MULTIPLY             \
    "ldrsb r5, [r0, r4]\n\t" \
    "ldrsb r6, [r2, r4]\n\t" \
    "mov r7, r5\n\t"         \
    "muls r7, r6, r7\n\t"    \
    "add r8, r8, r7\n\t"     \
    "ldrsb r7, [r3, r4]\n\t" \
    "muls r5, r7, r5\n\t"    \
    "add r9, r9, r5\n\t"     \
    "ldrsb r5, [r1, r4]\n\t" \
    "muls r6, r5, r6\n\t"    \
    "add r10, r10, r6\n\t"   \
    "muls r7, r5, r7\n\t"    \
    "add r11, r11, r7\n\t"   \
    "subs r4, r4, #1\n\t"
#define MULTIPLY_FOUR MULTIPLY MULTIPLY MULTIPLY MULTIPLY

__attribute__((naked, noinline, used)) static void add_products(struct tile *tile __attribute__((unused)))
{
    __asm__ volatile(".syntax unified\n\t" /* GCC's default for Armv6-M is another one */
                     "push {r0, r4, r5, r6, r7, lr}\n\t"
                     "mov r4, r8\n\t"
                     "mov r5, r9\n\t"
                     "mov r6, r10\n\t"
                     "mov r7, r11\n\t"
                     "push {r4, r5, r6, r7}\n\t"
                     "ldr r4, [r0, #20]\n\t"
                     "ldr r5, [r0, #24]\n\t"
                     "ldr r6, [r0, #28]\n\t"
                     "ldr r7, [r0, #32]\n\t"
                     "mov r8, r4\n\t"
                     "mov r9, r5\n\t"
                     "mov r10, r6\n\t"
                     "mov r11, r7\n\t"
                     "ldr r1, [r0, #4]\n\t"
                     "ldr r2, [r0, #8]\n\t"
                     "ldr r3, [r0, #12]\n\t"
                     "ldr r4, [r0, #16]\n\t"
                     "ldr r0, [r0, #0]\n\t"
                     "subs r4, r4, #1\n\t"
                     ".balign 4\n"
                     "1:\n\t" MULTIPLY_FOUR MULTIPLY_FOUR
                     "bpl 1b\n\t"
                     "ldr r0, [sp, #16]\n\t"
                     "mov r4, r8\n\t"
                     "mov r5, r9\n\t"
                     "mov r6, r10\n\t"
                     "mov r7, r11\n\t"
                     "str r4, [r0, #20]\n\t"
                     "str r5, [r0, #24]\n\t"
                     "str r6, [r0, #28]\n\t"
                     "str r7, [r0, #32]\n\t"
                     "pop {r4, r5, r6, r7}\n\t"
                     "mov r8, r4\n\t"
                     "mov r9, r5\n\t"
                     "mov r10, r6\n\t"
                     "mov r11, r7\n\t"
                     "pop {r0, r4, r5, r6, r7, pc}");
}

/* The results of a tile, as far as they exist. */
static void store(
    const struct packed_convolution *p, const struct channel *both, const struct tile *tile, int8_t *output,
    uint32_t pixels, uint32_t channels)
{
    for (uint32_t pixel = 0; pixel < pixels; pixel++, output += p->output_shape.channels) {
        for (uint32_t i = 0; i < channels; i++) {
            output[i] = clamped_to(rescaled(tile->sums[pixel][i], &both[i]), p->clamp);
        }
    }
}

void multiply_block(
    const struct packed_convolution *p, uint32_t first_pixel, uint32_t pixels, uint32_t channel)
{
    const uint32_t depth = p->output_shape.channels, count = p->patch_size;
    const uint32_t channels = channel + 1 < depth ? 2 : 1;
    const struct channel both[2] = {p->channels[channel], p->channels[channel + 1]};
    const int8_t *weights = p->weights + channel * count;
    const int8_t *patch = p->columns;
    int8_t *output = p->output + first_pixel * depth + channel;
    while (pixels > 0) {
        const uint32_t some = pixels < 2 ? 1 : 2;
        struct tile tile = {
            patch, some == 2 ? patch + count : patch, weights, weights + count, count,
            {{both[0].bias, both[1].bias}, {both[0].bias, both[1].bias}},
        };
        add_products(&tile);
        store(p, both, &tile, output, some, channels);
        patch += 2 * count;
        output += 2 * depth;
        pixels -= some;
    }
}

#endif
