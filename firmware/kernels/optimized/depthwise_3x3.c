/* Depthwise convolution with a 3 x 3 window: one channel at a time, from a plane of int16.
 *
 * A band of input rows of four channels is taken apart into four planes, with the padding
 * written out and the input's zero point already gone. In a plane two neighbours are one word, and
 * a row of a window is one dual and one single multiplication. Weights and rescaling stay in
 * registers for the whole band.
 */
#include "kernels/optimized/depthwise.h"

#if HAVE_DSP

#define CHANNELS 4u
#define SIZE 3

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
    const uint32_t plane = p->plane_width * p->plane_rows;
    const int32_t top = (int32_t)(first_row * p->window.stride_height) - p->window.pad_top;
    const uint32_t needed = (rows - 1) * p->window.stride_height + SIZE;
    for (uint32_t row = 0; row < needed; row++) {
        int16_t *base = (int16_t *)p->taps + row * p->plane_width;
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

/* Two neighbouring outputs at stride 1 need four values of each row. */
static inline void two_outputs(
    const uint8_t *at, uint32_t stride_bytes, const struct taps *taps, int32_t *first, int32_t *second)
{
#pragma GCC unroll 3
    for (int row = 0; row < SIZE; row++, at += stride_bytes) {
        const uint32_t left = load_word(at), right = load_word(at + 4);
        *first = dual_multiply_add(left, taps->low[row], *first);
        *first = multiply_add_low_high(right, taps->high[row], *first);
        *second = multiply_add_high_low(left, taps->low[row], *second);
        *second = dual_multiply_add(right, taps->high[row], *second);
    }
}

static inline int32_t one_output(
    const uint8_t *at, uint32_t stride_bytes, const struct taps *taps, int32_t sum)
{
#pragma GCC unroll 3
    for (int row = 0; row < SIZE; row++, at += stride_bytes) {
        sum = dual_multiply_add(load_word(at), taps->low[row], sum);
        sum = multiply_add_low_high(load_word(at + 4), taps->high[row], sum);
    }
    return sum;
}

static void row_of_stride_1(
    const struct packed_depthwise *p, const uint8_t *at, const struct taps *taps, struct channel channel,
    int8_t *output)
{
    const uint32_t depth = p->output_shape.channels, stride_bytes = 2u * p->plane_width;
    const struct clamp clamp = p->clamp;
    for (uint32_t left = p->output_shape.width; left > 0; left -= 2, at += 4) {
        int32_t first = channel.bias, second = channel.bias;
        two_outputs(at, stride_bytes, taps, &first, &second);
        *output = clamped_to(rescaled(first, &channel), clamp);
        output += depth;
        if (left == 1) {
            break;
        }
        *output = clamped_to(rescaled(second, &channel), clamp);
        output += depth;
    }
}

/* The stride is even, so that every window starts at a word. */
static void row_of_even_stride(
    const struct packed_depthwise *p, const uint8_t *at, const struct taps *taps, struct channel channel,
    int8_t *output)
{
    const uint32_t depth = p->output_shape.channels, stride_bytes = 2u * p->plane_width;
    const uint32_t step_bytes = 2u * p->window.stride_width;
    const struct clamp clamp = p->clamp;
    for (uint32_t left = p->output_shape.width; left > 0; left--, at += step_bytes, output += depth) {
        const int32_t sum = one_output(at, stride_bytes, taps, channel.bias);
        *output = clamped_to(rescaled(sum, &channel), clamp);
    }
}

static void filter_band(const struct packed_depthwise *p, uint32_t channel, uint32_t first_row, uint32_t rows)
{
    const uint32_t depth = p->output_shape.channels;
    const uint32_t output_row = p->output_shape.width * depth;
    const uint32_t input_row = 2u * p->plane_width * p->window.stride_height;
    for (uint32_t i = 0; i < CHANNELS; i++) {
        const struct taps taps = taps_of(p, channel + i);
        const uint8_t *at = (const uint8_t *)p->taps + 2u * i * p->plane_width * p->plane_rows;
        int8_t *output = p->output + first_row * output_row + channel + i;
        for (uint32_t row = 0; row < rows; row++, at += input_row, output += output_row) {
            if (p->window.stride_width == 1) {
                row_of_stride_1(p, at, &taps, p->channels[channel + i], output);
            } else {
                row_of_even_stride(p, at, &taps, p->channels[channel + i], output);
            }
        }
    }
}

void depthwise_3x3(const struct packed_depthwise *p)
{
    for (uint32_t channel = 0; channel < p->input_shape.channels; channel += CHANNELS) {
        for (uint32_t first = 0; first < p->output_shape.height; first += p->band_rows) {
            const uint32_t left = p->output_shape.height - first;
            const uint32_t rows = left < p->band_rows ? left : p->band_rows;
            split_band(p, channel, first, rows);
            filter_band(p, channel, first, rows);
        }
    }
}

#endif
