/* Depthwise convolution: 3 x 3 windows eight channels at a time, others four. A lane is a channel.
 *
 * Eight values of a tap are halfwords; VMULLB and VMULLT multiply the even and the odd ones to words. Sums of the
 * even and the odd channels stay apart until they are rescaled, and come together when they are narrowed. A window
 * that is not all inside is copied with zero points around it: their products and those of the input's offset,
 * which is folded into the biases, make nothing, as the padding should.
 */
#include "kernels/vector/helium.h"

#define EIGHT 8u
#define TAPS 9u
#define WINDOW_BYTES 80u /* TAPS * EIGHT, whole vectors */

/* What eight channels are multiplied and rescaled with. */
struct eight {
    int16_t taps[TAPS][EIGHT];
    struct four_channels even, odd; /* biases folded */
};

/* Every other one of eight channels. */
static inline int32x4_t every_other(const int32_t *member)
{
    const uint32x4_t offsets = vmulq_n_u32(vidupq_n_u32(0, 1), 2 * sizeof(struct channel));
    return vldrwq_gather_offset_s32(member, offsets);
}

static inline struct four_channels four_of(const struct channel *channel, int32x4_t folded)
{
    return (struct four_channels){
        vaddq_s32(every_other(&channel->bias), folded),
        every_other(&channel->multiplier),
        every_other(&channel->rounding),
        vnegq_s32(every_other(&channel->shift)),
    };
}

/* Weights lie four channels a group: two groups side by side. */
static void prepare(struct eight *eight, const struct packed_depthwise *p, uint32_t channel)
{
    const int8_t *from = p->weights + channel * TAPS;
    int16x8_t sum = vdupq_n_s16(0);
    for (uint32_t tap = 0; tap < TAPS; tap++, from += LANES) {
        vstrhq_s32(eight->taps[tap], vldrbq_s32(from));
        vstrhq_s32(eight->taps[tap] + LANES, vldrbq_s32(from + TAPS * LANES));
        sum = vaddq_s16(sum, vldrhq_s16(eight->taps[tap]));
    }
    const int16x8_t offset = vdupq_n_s16((int16_t)p->input_offset);
    eight->even = four_of(p->channels + channel, vmullbq_int_s16(sum, offset));
    eight->odd = four_of(p->channels + channel + 1, vmulltq_int_s16(sum, offset));
}

/* A tap's products, added to q6 and q7; meanwhile the next tap's values and weights are loaded. Compilers load all
 * that they can at first, and have no vectors left. */
#define NEXT(values, weights, from)                                       \
    "vldrb.s16 " values ", [%[" from "]]\n\tadd %[" from "], %[depth]\n\t" \
    "vldrh.u16 " weights ", [%[taps]], #16\n\t"
#define ADD_TAP(values, weights, next)           \
    "vmullb.s16 q4, " values ", " weights "\n\t" \
    "vmullt.s16 q5, " values ", " weights "\n\t" next \
    "vadd.i32 q6, q6, q4\n\t"                    \
    "vadd.i32 q7, q7, q5\n\t"

/* Eight values of a pixel from a window at `input`, whose pixels are `depth` and whose rows `row_bytes` apart. */
static inline int16x8_t eight_values(
    const struct eight *eight, const int8_t *first, uint32_t depth, uint32_t row_bytes)
{
    const int8_t *second = first + row_bytes, *third = second + row_bytes;
    const int16_t *taps = eight->taps[0];
    int32x4_t even, odd;
    __asm__(NEXT("q0", "q1", "first")
            "vldrw.u32 q6, [%[even_bias]]\n\t"
            "vldrw.u32 q7, [%[odd_bias]]\n\t"
            ADD_TAP("q0", "q1", NEXT("q2", "q3", "first"))
            ADD_TAP("q2", "q3", NEXT("q0", "q1", "first"))
            ADD_TAP("q0", "q1", NEXT("q2", "q3", "second"))
            ADD_TAP("q2", "q3", NEXT("q0", "q1", "second"))
            ADD_TAP("q0", "q1", NEXT("q2", "q3", "second"))
            ADD_TAP("q2", "q3", NEXT("q0", "q1", "third"))
            ADD_TAP("q0", "q1", NEXT("q2", "q3", "third"))
            ADD_TAP("q2", "q3", NEXT("q0", "q1", "third"))
            ADD_TAP("q0", "q1", "")
            "vmov %q[even], q6\n\t"
            "vmov %q[odd], q7"
            : [even] "=w"(even), [odd] "=w"(odd), [first] "+l"(first), [second] "+l"(second),
              [third] "+l"(third), [taps] "+r"(taps)
            : [depth] "r"(depth), [even_bias] "r"(&eight->even.bias), [odd_bias] "r"(&eight->odd.bias)
            : "q2", "q3", "q4", "q5", "q6", "q7", "memory");
    const int16x8_t narrow = vqmovnbq_s32(vdupq_n_s16(0), rescaled_lanes(even, &eight->even));
    return vqmovntq_s32(narrow, rescaled_lanes(odd, &eight->odd));
}

/* Where a window's upper left corner is. */
struct corner {
    int32_t top, left;
};

/* A window of eight channels with what is outside filled up. */
__attribute__((noinline)) static void copy_window(
    const struct packed_depthwise *p, struct corner corner, uint32_t channel, int8_t to[WINDOW_BYTES])
{
    const int32_t depth = p->input_shape.channels, width = p->input_shape.width;
    const int32_t left = corner.left < 0 ? -corner.left : 0, top = corner.top < 0 ? -corner.top : 0;
    const int32_t right = width - corner.left < 3 ? width - corner.left : 3;
    const int32_t rows_left = p->input_shape.height - corner.top, bottom = rows_left < 3 ? rows_left : 3;
    const int8x16_t outside = vdupq_n_s8((int8_t)-p->input_offset);
    for (uint32_t i = 0; i < WINDOW_BYTES; i += VECTOR_BYTES) {
        vstrbq_s8(to + i, outside);
    }
    const int8_t *row = p->input + ((corner.top + top) * width + corner.left + left) * depth + (int32_t)channel;
    to += (3 * top + left) * (int32_t)EIGHT;
    for (int32_t y = top; y < bottom; y++, row += width * depth, to += 3 * EIGHT) {
        const int8_t *from = row;
        int8_t *at = to;
        for (int32_t x = left; x < right; x++, from += depth, at += EIGHT) {
            vstrbq_s16(at, vldrbq_s16(from));
        }
    }
}

static void eight_channels(const struct packed_depthwise *p, uint32_t channel)
{
    const uint32_t depth = p->input_shape.channels, row_bytes = p->input_shape.width * depth;
    const int32_t lowest = p->input_shape.height - 3, rightmost = p->input_shape.width - 3;
    const int16x8_t least = vdupq_n_s16((int16_t)p->clamp.minimum);
    const int16x8_t most = vdupq_n_s16((int16_t)p->clamp.maximum);
    struct eight eight;
    int8_t window[WINDOW_BYTES];
    prepare(&eight, p, channel);
    int8_t *output = p->output + channel;
    struct corner corner = {-p->window.pad_top, 0};
    for (uint32_t y = p->output_shape.height; y > 0; y--, corner.top += p->window.stride_height) {
        const int rows_inside = corner.top >= 0 && corner.top <= lowest;
        const int8_t *const row = p->input + corner.top * (int32_t)row_bytes + (int32_t)channel;
        corner.left = -p->window.pad_left;
        for (uint32_t x = p->output_shape.width; x > 0; x--, corner.left += p->window.stride_width) {
            const int inside = rows_inside && corner.left >= 0 && corner.left <= rightmost;
            if (!inside) {
                copy_window(p, corner, channel, window);
            }
            const int16x8_t values = eight_values(
                &eight, inside ? row + corner.left * (int32_t)depth : window, inside ? depth : EIGHT,
                inside ? row_bytes : 3 * EIGHT);
            vstrbq_s16(output, vminq_s16(vmaxq_s16(values, least), most));
            output += depth;
        }
    }
}

/* Four values of a pixel: the taps of any window that lie inside the input. */
static int32x4_t sums_of(
    const struct packed_depthwise *p, struct corner corner, uint32_t channel, const int8_t *taps, int32x4_t sums)
{
    const int32_t depth = p->input_shape.channels, width = p->input_shape.width;
    for (int32_t y = corner.top; y < corner.top + p->window.height; y++) {
        const int8_t *from = p->input + (y * width + corner.left) * depth + (int32_t)channel;
        for (int32_t x = corner.left; x < corner.left + p->window.width; x++, from += depth, taps += LANES) {
            if (y >= 0 && y < p->input_shape.height && x >= 0 && x < width) {
                const int32x4_t values = vaddq_n_s32(vldrbq_s32(from), p->input_offset);
                sums = vaddq_s32(sums, vmulq_s32(values, vldrbq_s32(taps)));
            }
        }
    }
    return sums;
}

static void four_channels(const struct packed_depthwise *p, uint32_t channel)
{
    const int8_t *const taps = p->weights + channel * p->window.height * p->window.width;
    const struct four_channels four = load_channels(p->channels + channel, LANES);
    int8_t *output = p->output + channel;
    struct corner corner = {-p->window.pad_top, 0};
    for (uint32_t y = p->output_shape.height; y > 0; y--, corner.top += p->window.stride_height) {
        corner.left = -p->window.pad_left;
        for (uint32_t x = p->output_shape.width; x > 0; x--, corner.left += p->window.stride_width) {
            const int32x4_t sums = sums_of(p, corner, channel, taps, four.bias);
            vstrbq_s32(output, clamped_lanes(rescaled_lanes(sums, &four), p->clamp));
            output += p->output_shape.channels;
        }
    }
}

void kernel_packed_depthwise_conv_2d(const void *parameters)
{
    const struct packed_depthwise *p = parameters;
    const uint32_t depth = p->input_shape.channels;
    if (p->window.height == 3 && p->window.width == 3 && depth >= EIGHT) {
        for (uint32_t channel = 0; channel < depth; channel += EIGHT) {
            eight_channels(p, channel + EIGHT <= depth ? channel : depth - EIGHT); /* the last four: once more */
        }
        return;
    }
    for (uint32_t channel = 0; channel < depth; channel += LANES) {
        four_channels(p, channel);
    }
}
