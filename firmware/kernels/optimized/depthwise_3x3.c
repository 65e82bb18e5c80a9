/* Depthwise convolution with a 3 x 3 window: one channel at a time, from a plane of int16.
 *
 * A band of input rows of four channels is taken apart into four planes, with the padding
 * written out and the input's zero point already gone. In a plane two neighbours are one word, and
 * a row of a window is one dual and one single multiplication. Weights stay in registers for a
 * row of sums, what rescales them for a row of outputs.
 */
#include "kernels/optimized/depthwise.h"

#if HAVE_DSP

#define CHANNELS 4u
#define SIZE 3
#define ROW_BYTES 128u /* from a plane's row to the next: a constant, so that loads need no index */
#define ROW_1 "#128"
#define ROW_2 "#256"

static void clear(int16_t *const planes[CHANNELS], uint32_t first, uint32_t end)
{
    for (uint32_t channel = 0; channel < CHANNELS; channel++) {
        for (uint32_t i = first; i < end; i++) {
            planes[channel][i] = 0;
        }
    }
}

/* One row of four channels. */
static void split_row(const struct packed_depthwise *p, const int8_t *from, int16_t *const planes[CHANNELS])
{
    const uint32_t depth = p->input_shape.channels;
    const uint32_t offsets = ((uint32_t)p->input_offset & 0xFFFFu) | (uint32_t)p->input_offset << 16;
    const uint32_t left = p->window.pad_left;
    int16_t *to_0 = planes[0] + left, *to_1 = planes[1] + left;
    int16_t *to_2 = planes[2] + left, *to_3 = planes[3] + left;
    for (uint32_t x = p->input_shape.width; x > 0; x--) {
        const uint32_t bytes = load_word(from);
        const uint32_t even = unpack_even_add(offsets, bytes), odd = unpack_odd_add(offsets, bytes);
        *to_0++ = (int16_t)even;
        *to_2++ = (int16_t)(even >> 16);
        *to_1++ = (int16_t)odd;
        *to_3++ = (int16_t)(odd >> 16);
        from += depth;
    }
}

/* Fill the four planes with the input rows of a band of output rows. */
static void split_band(const struct packed_depthwise *p, uint32_t channel, uint32_t first_row, uint32_t rows)
{
    const uint32_t width = p->input_shape.width, depth = p->input_shape.channels;
    const uint32_t left = p->window.pad_left;
    const uint32_t plane = p->plane_rows * ROW_BYTES / 2;
    const int32_t top = (int32_t)(first_row * p->window.stride_height) - p->window.pad_top;
    const uint32_t needed = (rows - 1) * p->window.stride_height + SIZE;
    for (uint32_t row = 0; row < needed; row++) {
        int16_t *base = (int16_t *)p->taps + row * ROW_BYTES / 2;
        int16_t *const planes[CHANNELS] = {base, base + plane, base + 2 * plane, base + 3 * plane};
        const int32_t y = top + (int32_t)row;
        if (y < 0 || y >= p->input_shape.height) {
            clear(planes, 0, p->plane_width);
            continue;
        }
        clear(planes, 0, left);
        split_row(p, p->input + (uint32_t)y * width * depth + channel, planes);
        clear(planes, left + width, p->plane_width);
    }
}

/* Weights of one channel: (0, 1) and (1, 2) of each row. */
struct taps {
    uint32_t low[SIZE], high[SIZE];
};

static struct taps taps_of(const struct packed_depthwise *p, uint32_t channel)
{
    const uint32_t depth = p->input_shape.channels;
    const int8_t *weight = p->weights + channel;
    struct taps taps;
    for (int row = 0; row < SIZE; row++, weight += SIZE * depth) {
        const uint32_t first = (uint16_t)weight[0], second = (uint16_t)weight[depth];
        const uint32_t third = (uint16_t)weight[2 * depth];
        taps.low[row] = first | second << 16;
        taps.high[row] = second | third << 16;
    }
    return taps;
}

#define TAPS(taps)                                                                         \
    [low0] "r"((taps)->low[0]), [low1] "r"((taps)->low[1]), [low2] "r"((taps)->low[2]),    \
        [high0] "r"((taps)->high[0]), [high1] "r"((taps)->high[1]), [high2] "r"((taps)->high[2])

/* A row of sums at stride 1, two neighbours a turn: they need four values of each plane row.
 * The first instructions of each pair of loads stand together, as in conv_2d.c. */
static void sum_row_of_stride_1(const uint8_t *at, const struct taps *taps, int32_t *sums, uint32_t count)
{
    uint32_t pairs = (count + 1) / 2, left, right, first, second;
    __asm__ volatile(".balign 4\n"
                     "1:\n\t"
                     "ldr.w %[left], [%[at]]\n\t"
                     "ldr.w %[right], [%[at], #4]\n\t"
                     "smuad %[first], %[left], %[low0]\n\t"
                     "smultb %[second], %[left], %[low0]\n\t"
                     "smlabt %[first], %[right], %[high0], %[first]\n\t"
                     "smlad %[second], %[right], %[high0], %[second]\n\t"
                     "ldr.w %[left], [%[at], " ROW_1 "]\n\t"
                     "ldr.w %[right], [%[at], " ROW_1 "+4]\n\t"
                     "smlad %[first], %[left], %[low1], %[first]\n\t"
                     "smlatb %[second], %[left], %[low1], %[second]\n\t"
                     "smlabt %[first], %[right], %[high1], %[first]\n\t"
                     "smlad %[second], %[right], %[high1], %[second]\n\t"
                     "ldr.w %[left], [%[at], " ROW_2 "]\n\t"
                     "ldr.w %[right], [%[at], " ROW_2 "+4]\n\t"
                     "smlad %[first], %[left], %[low2], %[first]\n\t"
                     "smlatb %[second], %[left], %[low2], %[second]\n\t"
                     "smlabt %[first], %[right], %[high2], %[first]\n\t"
                     "smlad %[second], %[right], %[high2], %[second]\n\t"
                     "add.w %[at], %[at], #4\n\t"
                     "subs.w %[pairs], %[pairs], #1\n\t"
                     "str.w %[first], [%[sums]], #8\n\t"
                     "str %[second], [%[sums], #-4]\n\t"
                     "bne 1b"
                     : [at] "+r"(at), [sums] "+r"(sums), [pairs] "+r"(pairs), [left] "=&r"(left),
                       [right] "=&r"(right), [first] "=&r"(first), [second] "=&r"(second)
                     : TAPS(taps)
                     : "cc", "memory");
}

/* A row of sums at an even stride, so that every window starts at a word. */
static void sum_row_of_even_stride(
    const uint8_t *at, uint32_t step_bytes, const struct taps *taps, int32_t *sums, uint32_t count)
{
    uint32_t left, right, sum;
    __asm__ volatile(".balign 4\n"
                     "1:\n\t"
                     "ldr.w %[left], [%[at]]\n\t"
                     "ldr.w %[right], [%[at], #4]\n\t"
                     "smuad %[sum], %[left], %[low0]\n\t"
                     "smlabt %[sum], %[right], %[high0], %[sum]\n\t"
                     "ldr.w %[left], [%[at], " ROW_1 "]\n\t"
                     "ldr.w %[right], [%[at], " ROW_1 "+4]\n\t"
                     "smlad %[sum], %[left], %[low1], %[sum]\n\t"
                     "smlabt %[sum], %[right], %[high1], %[sum]\n\t"
                     "ldr.w %[left], [%[at], " ROW_2 "]\n\t"
                     "ldr.w %[right], [%[at], " ROW_2 "+4]\n\t"
                     "smlad %[sum], %[left], %[low2], %[sum]\n\t"
                     "smlabt %[sum], %[right], %[high2], %[sum]\n\t"
                     "add.w %[at], %[at], %[step]\n\t"
                     "subs.w %[count], %[count], #1\n\t"
                     "str.w %[sum], [%[sums]], #4\n\t"
                     "bne 1b"
                     : [at] "+r"(at), [sums] "+r"(sums), [count] "+r"(count), [left] "=&r"(left),
                       [right] "=&r"(right), [sum] "=&r"(sum)
                     : TAPS(taps), [step] "r"(step_bytes)
                     : "cc", "memory");
}

/* Sums to outputs, which lie `depth` bytes apart. */
static void rescale_row(
    const int32_t *sums, uint32_t count, const struct channel *from, struct clamp clamp, int8_t *output,
    uint32_t depth)
{
    const struct channel channel = *from;
    for (const int32_t *const end = sums + count; sums != end; sums++, output += depth) {
        *output = clamped_to(rescaled(*sums + channel.bias, &channel), clamp);
    }
}

/* The same when nothing but the range of int8 bounds the outputs. */
static void rescale_row_whole(
    const int32_t *sums, uint32_t count, const struct channel *from, int8_t *output, uint32_t depth)
{
    const struct channel channel = *from;
    for (const int32_t *const end = sums + count; sums != end; sums++, output += depth) {
        *output = (int8_t)saturate_int8(rescaled(*sums + channel.bias, &channel));
    }
}

/* One channel of a band. */
static void filter_band(const struct packed_depthwise *p, uint32_t channel, uint32_t first_row, uint32_t rows)
{
    const uint32_t depth = p->output_shape.channels, width = p->output_shape.width;
    const uint32_t step_bytes = 2u * p->window.stride_width;
    const struct taps taps = taps_of(p, channel);
    const struct channel *rescaling = p->channels + channel;
    const int whole = is_whole_int8(p->clamp);
    const uint8_t *at = (const uint8_t *)p->taps + channel % CHANNELS * p->plane_rows * ROW_BYTES;
    int8_t *output = p->output + first_row * width * depth + channel;
    for (uint32_t row = 0; row < rows; row++) {
        if (p->window.stride_width == 1) {
            sum_row_of_stride_1(at, &taps, p->sums, width);
        } else {
            sum_row_of_even_stride(at, step_bytes, &taps, p->sums, width);
        }
        if (whole) {
            rescale_row_whole(p->sums, width, rescaling, output, depth);
        } else {
            rescale_row(p->sums, width, rescaling, p->clamp, output, depth);
        }
        at += p->window.stride_height * ROW_BYTES;
        output += width * depth;
    }
}

void depthwise_3x3(const struct packed_depthwise *p)
{
    for (uint32_t channel = 0; channel < p->input_shape.channels; channel += CHANNELS) {
        for (uint32_t first = 0; first < p->output_shape.height; first += p->band_rows) {
            const uint32_t left = p->output_shape.height - first;
            const uint32_t rows = left < p->band_rows ? left : p->band_rows;
            split_band(p, channel, first, rows);
            for (uint32_t i = 0; i < CHANNELS; i++) {
                filter_band(p, channel + i, first, rows);
            }
        }
    }
}

#endif
