/* Depthwise convolution with a 3 x 3 window: one channel at a time, from a plane of int16.
 *
 * A band of input rows of four channels is taken apart into four planes, with the padding
 * written out and the input's zero point already gone. In a plane two neighbours are one word, and
 * a row of a window is one dual and one single multiplication. Weights stay in registers for a
 * band; sums never leave them.
 */
#include <stddef.h>

#include "kernels/optimized/depthwise.h"

#if HAVE_DSP

#define CHANNELS 4u
#define SIZE 3
#define ROW_BYTES 128u /* from a plane's row to the next: a constant, so that loads need no index */
#define ROW_1 "#128"
#define ROW_2 "#256"

/* One channel of a band of output rows. */
struct band {
    const uint8_t *at; /* the first window, in a plane */
    int8_t *output;
    uint32_t depth; /* from a pixel's output to the next one's */
    uint32_t width, rows;
    uint32_t row_bytes, step_bytes; /* from a window to the one below, and to the one beside it */
    uint32_t low[SIZE], high[SIZE]; /* taps (0, 1) and (1, 2) of each of the window's rows */
    struct channel channel;
};

_Static_assert(offsetof(struct band, depth) == 8 && offsetof(struct band, width) == 12, "as in the assembly");
_Static_assert(offsetof(struct band, rows) == 16 && offsetof(struct band, row_bytes) == 20, "as in the assembly");
_Static_assert(offsetof(struct band, step_bytes) == 24 && offsetof(struct band, low) == 28, "as in the assembly");
_Static_assert(offsetof(struct band, channel) == 52 && sizeof(struct channel) == 16, "as in the assembly");

/* The struct is copied onto the stack: there the loops find what has no register of its own. */
#define ENTER                                                   \
    "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n\t"           \
    "add r12, r0, #48\n\t"                                      \
    "ldmia r12, {r4, r5, r6, r7, r8}\n\t"                       \
    "push {r4, r5, r6, r7, r8}\n\t"                             \
    "ldmia r0, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12}\n\t" \
    "push {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12}\n\t" \
    "ldr r0, " AT "\n\t"                                        \
    "ldr r1, " OUTPUT "\n\t"                                    \
    "add r2, sp, #28\n\t"                                       \
    "ldmia r2, {r3, r4, r5, r6, r7, r8}\n\t"
#define LEAVE           \
    "add sp, sp, #68\n\t" \
    "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}"
#define AT "[sp, #0]"
#define OUTPUT "[sp, #4]"
#define DEPTH "[sp, #8]"
#define WIDTH "[sp, #12]"
#define ROWS "[sp, #16]"
#define ROW_STEP "[sp, #20]"
#define STEP "[sp, #24]"
#define BIAS "[sp, #52]"
#define MULTIPLIER "[sp, #56]"
#define ROUNDING "[sp, #60]"
#define SHIFT "[sp, #64]"

/* To the next row at 0, or on. */
#define NEXT_ROW                \
    "ldr r0, " AT "\n\t"        \
    "ldr r9, " ROW_STEP "\n\t"  \
    "ldr r10, " ROWS "\n\t"     \
    "add r0, r0, r9\n\t"        \
    "str r0, " AT "\n\t"        \
    "subs r10, r10, #1\n\t"     \
    "str r10, " ROWS "\n\t"     \
    "bne.w 0b\n\t"

/* Stride 1, two neighbours a turn: they need four values of each plane row. Loads stand together, as in
 * conv_2d_dsp.c. r0 window, r1 output, r2 turns, r3-r5 low and r6-r8 high taps, r11 and r12 the sums, lr depth.
 * The last of an odd number is done twice, and stored to one place: depth is 0 then. */
__attribute__((naked, noinline, used)) static void filter_at_stride_1(const struct band *band __attribute__((unused)))
{
    __asm__ volatile(ENTER
                     "0:\n\t"
                     "ldr r2, " WIDTH "\n\t"
                     "ldr lr, " DEPTH "\n\t"
                     "lsrs r2, r2, #1\n\t"
                     "beq.w 2f\n\t"
                     ".balign 4\n"
                     "1:\n\t"
                     "ldr.w r11, " BIAS "\n\t"
                     "ldr.w r9, [r0]\n\t"
                     "ldr.w r10, [r0, #4]\n\t"
                     "smlatb r12, r9, r3, r11\n\t"
                     "smlad r11, r9, r3, r11\n\t"
                     "smlad r12, r10, r6, r12\n\t"
                     "smlabt r11, r10, r6, r11\n\t"
                     "ldr.w r9, [r0, " ROW_1 "]\n\t"
                     "ldr.w r10, [r0, " ROW_1 "+4]\n\t"
                     "smlatb r12, r9, r4, r12\n\t"
                     "smlad r11, r9, r4, r11\n\t"
                     "smlad r12, r10, r7, r12\n\t"
                     "smlabt r11, r10, r7, r11\n\t"
                     "ldr.w r9, [r0, " ROW_2 "]\n\t"
                     "ldr.w r10, [r0, " ROW_2 "+4]\n\t"
                     "smlatb r12, r9, r5, r12\n\t"
                     "smlad r11, r9, r5, r11\n\t"
                     "smlad r12, r10, r8, r12\n\t"
                     "smlabt r11, r10, r8, r11\n\t"
                     "ldr.w r9, " MULTIPLIER "\n\t"
                     "ldr.w r10, " ROUNDING "\n\t"
                     "lsl.w r12, r12, #1\n\t"
                     "lsl.w r11, r11, #1\n\t"
                     "smmulr r12, r12, r9\n\t"
                     "smmulr r11, r11, r9\n\t"
                     "ldr.w r9, " SHIFT "\n\t"
                     "add.w r12, r12, r12, asr #31\n\t"
                     "add.w r11, r11, r11, asr #31\n\t"
                     "add.w r12, r12, r10\n\t"
                     "add.w r11, r11, r10\n\t"
                     "asr.w r12, r12, r9\n\t"
                     "asr.w r11, r11, r9\n\t"
                     "ssat r12, #8, r12\n\t"
                     "ssat r11, #8, r11\n\t"
                     "strb.w r12, [r1, lr]\n\t"
                     "strb.w r11, [r1]\n\t"
                     "add.w r0, r0, #4\n\t"
                     "add.w r1, r1, lr, lsl #1\n\t"
                     "subs.w r2, r2, #1\n\t"
                     "bne.w 1b\n\t"
                     "cmp.w lr, #0\n\t"
                     "beq.w 3f\n\t"
                     "2:\n\t"
                     "ldr r2, " WIDTH "\n\t"
                     "ands r2, r2, #1\n\t"
                     "beq.w 4f\n\t"
                     "mov lr, #0\n\t"
                     "b.w 1b\n\t"
                     "3:\n\t"
                     "ldr lr, " DEPTH "\n\t"
                     "add r1, r1, lr\n\t"
                     "4:\n\t" NEXT_ROW LEAVE);
}

/* An even stride, so that every window starts at a word. As above; r11 the sum, r12 the step. */
__attribute__((naked, noinline, used)) static void filter_at_even_stride(const struct band *band __attribute__((unused)))
{
    __asm__ volatile(ENTER
                     "ldr r12, " STEP "\n\t"
                     "ldr lr, " DEPTH "\n\t"
                     "0:\n\t"
                     "ldr r2, " WIDTH "\n\t"
                     ".balign 4\n"
                     "1:\n\t"
                     "ldr.w r11, " BIAS "\n\t"
                     "ldr.w r9, [r0]\n\t"
                     "ldr.w r10, [r0, #4]\n\t"
                     "smlad r11, r9, r3, r11\n\t"
                     "smlabt r11, r10, r6, r11\n\t"
                     "ldr.w r9, [r0, " ROW_1 "]\n\t"
                     "ldr.w r10, [r0, " ROW_1 "+4]\n\t"
                     "smlad r11, r9, r4, r11\n\t"
                     "smlabt r11, r10, r7, r11\n\t"
                     "ldr.w r9, [r0, " ROW_2 "]\n\t"
                     "ldr.w r10, [r0, " ROW_2 "+4]\n\t"
                     "smlad r11, r9, r5, r11\n\t"
                     "smlabt r11, r10, r8, r11\n\t"
                     "ldr.w r9, " MULTIPLIER "\n\t"
                     "ldr.w r10, " ROUNDING "\n\t"
                     "lsl.w r11, r11, #1\n\t"
                     "smmulr r11, r11, r9\n\t"
                     "ldr.w r9, " SHIFT "\n\t"
                     "add.w r11, r11, r11, asr #31\n\t"
                     "add.w r11, r11, r10\n\t"
                     "asr.w r11, r11, r9\n\t"
                     "ssat r11, #8, r11\n\t"
                     "strb.w r11, [r1]\n\t"
                     "add.w r0, r0, r12\n\t"
                     "add.w r1, r1, lr\n\t"
                     "subs.w r2, r2, #1\n\t"
                     "bne.w 1b\n\t" NEXT_ROW LEAVE);
}

/* Zeros in one row of the planes. */
static void clear_row(const struct packed_depthwise *p, uint32_t row)
{
    uint32_t *plane = (uint32_t *)p->taps + row * ROW_BYTES / 4u;
    for (uint32_t channel = 0; channel < CHANNELS; channel++, plane += p->plane_rows * ROW_BYTES / 4u) {
        for (uint32_t i = 0; i < p->plane_width / 2u; i++) {
            plane[i] = 0;
        }
    }
}

/* One row of four channels, two pixels at a time where they share a word of a plane. */
static void split_row(const struct packed_depthwise *p, const int8_t *from, int16_t *to)
{
    const uint32_t depth = p->input_shape.channels, plane = p->plane_rows * ROW_BYTES / 2u;
    const uint32_t offsets = ((uint32_t)p->input_offset & 0xFFFFu) | (uint32_t)p->input_offset << 16;
    int16_t *to_1 = to + plane, *to_2 = to_1 + plane, *to_3 = to_2 + plane;
    uint32_t left = p->input_shape.width;
    uint32_t pairs = p->window.pad_left % 2 != 0 ? 0 : left / 2; /* an odd start: one pixel first */
    for (;;) {
        for (; pairs > 0; pairs--, left -= 2, from += 2 * depth, to += 2, to_1 += 2, to_2 += 2, to_3 += 2) {
            const uint32_t first = load_word(from), second = load_word(from + depth);
            const uint32_t first_even = unpack_even_add(offsets, first), first_odd = unpack_odd_add(offsets, first);
            const uint32_t second_even = unpack_even_add(offsets, second);
            const uint32_t second_odd = unpack_odd_add(offsets, second);
            *(word_alias *)to = low_halves(first_even, second_even);
            *(word_alias *)to_2 = high_halves(first_even, second_even);
            *(word_alias *)to_1 = low_halves(first_odd, second_odd);
            *(word_alias *)to_3 = high_halves(first_odd, second_odd);
        }
        if (left == 0) {
            return;
        }
        const uint32_t bytes = load_word(from);
        const uint32_t even = unpack_even_add(offsets, bytes), odd = unpack_odd_add(offsets, bytes);
        *to++ = (int16_t)even;
        *to_2++ = (int16_t)(even >> 16);
        *to_1++ = (int16_t)odd;
        *to_3++ = (int16_t)(odd >> 16);
        from += depth;
        pairs = --left / 2;
    }
}

/* Fill the four planes with the input rows of a band of output rows. What is beside the input is zero from
 * the beginning; a row above or below it may have held another band's. */
static void split_band(const struct packed_depthwise *p, uint32_t channel, uint32_t first_row, uint32_t rows)
{
    const uint32_t row_values = p->input_shape.width * p->input_shape.channels;
    const int one_band = p->band_rows >= p->output_shape.height;
    const int32_t top = (int32_t)(first_row * p->window.stride_height) - p->window.pad_top;
    const uint32_t needed = (rows - 1) * p->window.stride_height + SIZE;
    for (uint32_t row = 0; row < needed; row++) {
        const int32_t y = top + (int32_t)row;
        if (y >= 0 && y < p->input_shape.height) {
            int16_t *to = (int16_t *)p->taps + row * ROW_BYTES / 2u + p->window.pad_left;
            split_row(p, p->input + (uint32_t)y * row_values + channel, to);
        } else if (!one_band) {
            clear_row(p, row);
        }
    }
}

struct taps {
    uint32_t low[SIZE], high[SIZE];
};

/* Weights of four channels. */
static void unpack_taps(const struct packed_depthwise *p, uint32_t channel, struct taps taps[CHANNELS])
{
    const int8_t *from = p->weights + channel * SIZE * SIZE;
    for (int row = 0; row < SIZE; row++, from += SIZE * CHANNELS) {
        const uint32_t a = load_word(from), b = load_word(from + 4), c = load_word(from + 8);
        const uint32_t a_even = unpack_even(a), b_even = unpack_even(b), c_even = unpack_even(c);
        const uint32_t a_odd = unpack_odd(a), b_odd = unpack_odd(b), c_odd = unpack_odd(c);
        taps[0].low[row] = low_halves(a_even, b_even);
        taps[0].high[row] = low_halves(b_even, c_even);
        taps[1].low[row] = low_halves(a_odd, b_odd);
        taps[1].high[row] = low_halves(b_odd, c_odd);
        taps[2].low[row] = high_halves(a_even, b_even);
        taps[2].high[row] = high_halves(b_even, c_even);
        taps[3].low[row] = high_halves(a_odd, b_odd);
        taps[3].high[row] = high_halves(b_odd, c_odd);
    }
}

static void clamp_outputs(int8_t *output, uint32_t count, uint32_t depth, struct clamp clamp)
{
    for (; count > 0; count--, output += depth) {
        *output = clamped_to(*output, clamp);
    }
}

/* One channel of a band. */
static void filter_band(
    const struct packed_depthwise *p, const struct taps *taps, uint32_t channel, uint32_t first_row, uint32_t rows)
{
    const uint32_t depth = p->output_shape.channels, width = p->output_shape.width;
    int8_t *const output = p->output + first_row * width * depth + channel;
    const struct band band = {
        .at = (const uint8_t *)p->taps + channel % CHANNELS * p->plane_rows * ROW_BYTES,
        .output = output,
        .depth = depth,
        .width = width,
        .rows = rows,
        .row_bytes = p->window.stride_height * ROW_BYTES,
        .step_bytes = 2u * p->window.stride_width,
        .low = {taps->low[0], taps->low[1], taps->low[2]},
        .high = {taps->high[0], taps->high[1], taps->high[2]},
        .channel = p->channels[channel],
    };
    if (p->window.stride_width == 1) {
        filter_at_stride_1(&band);
    } else {
        filter_at_even_stride(&band);
    }
    if (!is_whole_int8(p->clamp)) {
        clamp_outputs(output, rows * width, depth, p->clamp);
    }
}

void depthwise_3x3(const struct packed_depthwise *p)
{
    for (uint32_t row = 0; row < p->plane_rows; row++) {
        clear_row(p, row);
    }
    for (uint32_t channel = 0; channel < p->input_shape.channels; channel += CHANNELS) {
        struct taps taps[CHANNELS];
        unpack_taps(p, channel, taps);
        for (uint32_t first = 0; first < p->output_shape.height; first += p->band_rows) {
            const uint32_t left = p->output_shape.height - first;
            const uint32_t rows = left < p->band_rows ? left : p->band_rows;
            split_band(p, channel, first, rows);
            for (uint32_t i = 0; i < CHANNELS; i++) {
                filter_band(p, &taps[i], channel + i, first, rows);
            }
        }
    }
}

#endif
