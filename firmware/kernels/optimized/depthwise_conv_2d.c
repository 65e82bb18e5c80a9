/* Depthwise convolution, four channels of a pixel at a time. */
#include "kernels/optimized/depthwise.h"

/* The taps that lie inside the input for one output pixel, and where the first of them is. */
struct region {
    uint32_t rows, columns;
    const int8_t *input;
    uint32_t first_tap;
};

static struct region region_of(const struct packed_depthwise *p, uint32_t y, uint32_t x)
{
    const int32_t top = (int32_t)(y * p->window.stride_height) - p->window.pad_top;
    const int32_t left = (int32_t)(x * p->window.stride_width) - p->window.pad_left;
    const int32_t first_row = top < 0 ? -top : 0;
    const int32_t first_column = left < 0 ? -left : 0;
    const int32_t rows_left = p->input_shape.height - top, columns_left = p->input_shape.width - left;
    const int32_t end_row = rows_left < p->window.height ? rows_left : p->window.height;
    const int32_t end_column = columns_left < p->window.width ? columns_left : p->window.width;
    const int32_t pixel = (top + first_row) * p->input_shape.width + left + first_column;
    const struct region region = {
        .rows = (uint32_t)(end_row - first_row),
        .columns = (uint32_t)(end_column - first_column),
        .input = p->input + pixel * p->input_shape.channels,
        .first_tap = (uint32_t)(first_row * p->window.width + first_column),
    };
    return region;
}

#if HAVE_DSP

/* Four channels' weights of a tap become two words: (0, 2) and (1, 3). */
static void unpack_taps(const struct packed_depthwise *p)
{
    const uint32_t words = p->window.height * p->window.width * p->input_shape.channels / 4u;
    uint32_t *to = p->taps;
    for (uint32_t i = 0; i < words; i++) {
        const uint32_t bytes = load_word(p->weights + 4 * i);
        *to++ = unpack_even(bytes);
        *to++ = unpack_odd(bytes);
    }
}

static inline uint32_t pack(const int32_t values[4])
{
    uint32_t word = 0;
    for (int i = 3; i >= 0; i--) {
        word = word << 8 | ((uint32_t)values[i] & 0xFFu);
    }
    return word;
}

static uint32_t four_channels(const struct packed_depthwise *p, const struct region *region, uint32_t channel)
{
    const uint32_t depth = p->input_shape.channels;
    const uint32_t offsets = ((uint32_t)p->input_offset & 0xFFFFu) | (uint32_t)p->input_offset << 16;
    const struct channel *channels = p->channels + channel;
    int32_t s0 = channels[0].bias, s1 = channels[1].bias, s2 = channels[2].bias, s3 = channels[3].bias;
    const int8_t *row = region->input + channel;
    const uint32_t window = p->window.height * p->window.width;
    const uint8_t *taps = (const uint8_t *)p->taps + 2 * (window * channel + 4 * region->first_tap);
    for (uint32_t y = 0; y < region->rows; y++) {
        const int8_t *from = row;
        const uint8_t *tap = taps;
        for (uint32_t x = region->columns; x > 0; x--) {
            const uint32_t bytes = load_word(from);
            const uint32_t weight_even = load_word(tap), weight_odd = load_word(tap + 4);
            const uint32_t even = unpack_even_add(offsets, bytes), odd = unpack_odd_add(offsets, bytes);
            s0 = multiply_add_low(even, weight_even, s0);
            s2 = multiply_add_high(even, weight_even, s2);
            s1 = multiply_add_low(odd, weight_odd, s1);
            s3 = multiply_add_high(odd, weight_odd, s3);
            from += depth;
            tap += 8;
        }
        row += p->input_shape.width * depth;
        taps += 8 * p->window.width;
    }
    const int32_t values[4] = {
        clamped_to(rescaled(s0, &channels[0]), p->clamp),
        clamped_to(rescaled(s1, &channels[1]), p->clamp),
        clamped_to(rescaled(s2, &channels[2]), p->clamp),
        clamped_to(rescaled(s3, &channels[3]), p->clamp),
    };
    return pack(values);
}

static void one_pixel(const struct packed_depthwise *p, const struct region *region, int8_t *output)
{
    for (uint32_t channel = 0; channel < p->output_shape.channels; channel += 4) {
        *(word_alias *)(output + channel) = four_channels(p, region, channel);
    }
}

#else

static void unpack_taps(const struct packed_depthwise *p)
{
    (void)p;
}

__attribute__((noinline)) static int32_t sum_of(
    const struct region *region, const int8_t *row, const int8_t *taps, const struct packed_depthwise *p,
    int32_t sum)
{
    const uint32_t depth = p->input_shape.channels, row_bytes = p->input_shape.width * depth;
    const uint32_t taps_bytes = 4u * p->window.width;
    const int32_t offset = p->input_offset;
    for (uint32_t y = region->rows; y > 0; y--, row += row_bytes, taps += taps_bytes) {
        const int8_t *from = row;
        const int8_t *tap = taps;
        for (uint32_t x = region->columns; x > 0; x--) {
            sum += (*from + offset) * *tap;
            from += depth;
            tap += 4;
        }
    }
    return sum;
}

static void one_pixel(const struct packed_depthwise *p, const struct region *region, int8_t *output)
{
    const struct channel *channel = p->channels;
    const struct channel *const end = channel + p->input_shape.channels;
    const uint32_t four_bytes = 4u * p->window.height * p->window.width;
    const int8_t *row = region->input, *taps = p->weights + 4 * region->first_tap;
    for (; channel != end; taps += four_bytes) {
        for (uint32_t i = 0; i < 4; i++, channel++, row++) {
            const int32_t sum = sum_of(region, row, taps + i, p, channel->bias);
            *output++ = clamped_to(rescaled(sum, channel), p->clamp);
        }
    }
}

#endif

void kernel_packed_depthwise_conv_2d(const void *parameters)
{
    const struct packed_depthwise *p = parameters;
    int8_t *output = p->output;
#if HAVE_DSP
    if (p->band_rows > 0) {
        depthwise_3x3(p);
        return;
    }
#endif
    unpack_taps(p);
    for (uint32_t y = 0; y < p->output_shape.height; y++) {
        for (uint32_t x = 0; x < p->output_shape.width; x++) {
            const struct region region = region_of(p, y, x);
            one_pixel(p, &region, output);
            output += p->output_shape.channels;
        }
    }
}
