/* Convolution as a matrix product: a block of pixels' patches against two channels at a time.
 *
 * With DSP: patches and weights are unpacked to int16, two pixels (two channels) side by
 * side, so that the inner loop loads words and multiplies pairs. The weights are unpacked
 * once per block: flash is read in order, and seldom.
 */
#include "kernels/optimized/arithmetic.h"

#if HAVE_DSP
typedef uint32_t cell; /* two int16 of one pixel or channel */
#define BYTES_PER_CELL 2u
#else
typedef uint32_t cell; /* four int8 */
#define BYTES_PER_CELL 4u
#endif

/* Cells of the two members of a pair take turns. */
static cell *unpack(cell *to, const int8_t *from, uint32_t count)
{
    for (; count >= 4; count -= 4, from += 4) {
        const uint32_t bytes = load_word(from);
#if HAVE_DSP
        to[0] = unpack_even(bytes);
        to[2] = unpack_odd(bytes);
        to += 4;
#else
        to[0] = bytes;
        to += 2;
#endif
    }
    return to;
}

static cell *fill(cell *to, uint32_t zero_point, uint32_t count)
{
    const uint32_t bytes = zero_point * 0x01010101u;
    for (; count >= 4; count -= 4) {
#if HAVE_DSP
        to[0] = unpack_even(bytes);
        to[2] = to[0];
        to += 4;
#else
        to[0] = bytes;
        to += 2;
#endif
    }
    return to;
}

/* The columns of a window that lie inside the input: [first, end). */
struct span {
    uint32_t first, end;
};

static struct span inside(int32_t start, uint32_t count, uint32_t limit)
{
    struct span span = {0, count};
    if (start < 0) {
        span.first = (uint32_t)-start < count ? (uint32_t)-start : count;
    }
    if (start + (int32_t)count > (int32_t)limit) {
        const int32_t left = (int32_t)limit - start;
        span.end = left > (int32_t)span.first ? (uint32_t)left : span.first;
    }
    return span;
}

/* A patch straight into its column; depth is a multiple of 4. */
static void gather_words(const struct packed_convolution *p, cell *to, int32_t top, int32_t left)
{
    const uint32_t depth = p->input_shape.channels;
    const uint32_t zero_point = (uint8_t)p->input_zero_point;
    const struct span x = inside(left, p->window.width, p->input_shape.width);
    for (int32_t y = top; y < top + p->window.height; y++) {
        if (y < 0 || y >= p->input_shape.height) {
            to = fill(to, zero_point, p->window.width * depth);
            continue;
        }
        const int32_t pixel = y * p->input_shape.width + left + (int32_t)x.first;
        to = fill(to, zero_point, x.first * depth);
        to = unpack(to, p->input + (uint32_t)pixel * depth, (x.end - x.first) * depth);
        to = fill(to, zero_point, (p->window.width - x.end) * depth);
    }
}

/* A patch by way of a byte buffer, for any depth. What pads it to a multiple of 4 meets zero weights. */
static void gather_bytes(const struct packed_convolution *p, cell *to, int32_t top, int32_t left)
{
    const uint32_t depth = p->input_shape.channels;
    const struct span x = inside(left, p->window.width, p->input_shape.width);
    int8_t *patch = p->patch;
    for (int32_t y = top; y < top + p->window.height; y++) {
        const int row_inside = y >= 0 && y < p->input_shape.height;
        const int32_t pixel = y * p->input_shape.width + left + (int32_t)x.first;
        const int8_t *from = p->input + pixel * (int32_t)depth;
        const uint32_t first = row_inside ? x.first * depth : 0;
        const uint32_t end = row_inside ? x.end * depth : 0;
        const uint32_t count = p->window.width * depth;
        for (uint32_t i = 0; i < first; i++) {
            *patch++ = p->input_zero_point;
        }
        for (uint32_t i = first; i < end; i++) {
            *patch++ = *from++;
        }
        for (uint32_t i = end; i < count; i++) {
            *patch++ = p->input_zero_point;
        }
    }
    unpack(to, p->patch, p->patch_size);
}

struct sums {
    int32_t pixel_0[2], pixel_1[2]; /* of two channels */
};

#if HAVE_DSP

static const cell *weights_of(const struct packed_convolution *p, uint32_t channel)
{
    const int8_t *weights = p->weights + channel * p->patch_size;
    unpack(p->rows, weights, p->patch_size);
    unpack((cell *)p->rows + 1, weights + p->patch_size, p->patch_size);
    return p->rows;
}

/* Four pairs of every pixel and channel a turn. Loads stand together, because a load right
 * behind a load takes one cycle on Cortex-M3 and M4; all instructions are wide and aligned (Clang
 * takes no .w with a negative offset, which is always wide). */
#define MULTIPLY_PAIR                    \
    "ldr.w %[x0], [%[columns]], #8\n\t"  \
    "ldr.w %[w0], [%[rows]], #8\n\t"     \
    "ldr %[x1], [%[columns], #-4]\n\t" \
    "ldr %[w1], [%[rows], #-4]\n\t"    \
    "smlad %[a0], %[x0], %[w0], %[a0]\n\t" \
    "smlad %[b0], %[x1], %[w0], %[b0]\n\t" \
    "smlad %[a1], %[x0], %[w1], %[a1]\n\t" \
    "smlad %[b1], %[x1], %[w1], %[b1]\n\t"

static inline struct sums multiply(
    const struct packed_convolution *p, const cell *rows, const cell *columns, int32_t bias_0, int32_t bias_1)
{
    int32_t a0 = bias_0, a1 = bias_1, b0 = bias_0, b1 = bias_1;
    uint32_t turns = p->patch_size / 8u, x0, x1, w0, w1;
    __asm__ volatile(".balign 4\n"
                     "1:\n\t" MULTIPLY_PAIR MULTIPLY_PAIR MULTIPLY_PAIR MULTIPLY_PAIR
                     "subs.w %[turns], %[turns], #1\n\t"
                     "bne 1b"
                     : [a0] "+r"(a0), [a1] "+r"(a1), [b0] "+r"(b0), [b1] "+r"(b1), [rows] "+r"(rows),
                       [columns] "+r"(columns), [turns] "+r"(turns), [x0] "=&r"(x0), [x1] "=&r"(x1),
                       [w0] "=&r"(w0), [w1] "=&r"(w1)
                     :
                     : "cc", "memory");
    return (struct sums){{a0, a1}, {b0, b1}};
}

#else

static const cell *weights_of(const struct packed_convolution *p, uint32_t channel)
{
    return (const cell *)(p->weights + channel * p->patch_size);
}

static inline struct sums multiply(
    const struct packed_convolution *p, const cell *rows, const cell *columns, int32_t bias_0, int32_t bias_1)
{
    int32_t a0 = bias_0, a1 = bias_1, b0 = bias_0, b1 = bias_1;
    const int8_t *w0 = (const int8_t *)rows, *w1 = w0 + p->patch_size;
    const int8_t *x = (const int8_t *)columns;
    for (uint32_t k = 0; k < p->patch_size; k += 4, x += 4) {
        for (uint32_t i = 0; i < 4; i++, x++) {
            const int32_t weight_0 = *w0++, weight_1 = *w1++;
            const int32_t value_0 = x[0], value_1 = x[4];
            a0 += value_0 * weight_0;
            a1 += value_0 * weight_1;
            b0 += value_1 * weight_0;
            b1 += value_1 * weight_1;
        }
    }
    return (struct sums){{a0, a1}, {b0, b1}};
}

#endif

/* The results of a tile of two pixels and two channels, as far as they exist. */
static void store_some(
    const struct packed_convolution *p, const struct channel *both, struct sums sums, int8_t *output,
    uint32_t pixels, uint32_t channels)
{
    const uint32_t depth = p->output_shape.channels;
    for (uint32_t i = 0; i < channels; i++) {
        output[i] = clamped_to(rescaled(sums.pixel_0[i], &both[i]), p->clamp);
        if (pixels > 1) {
            output[depth + i] = clamped_to(rescaled(sums.pixel_1[i], &both[i]), p->clamp);
        }
    }
}

static inline void store_all(const struct channel *both, struct sums sums, int8_t *output, uint32_t depth)
{
    output[0] = (int8_t)saturate_int8(rescaled(sums.pixel_0[0], &both[0]));
    output[depth] = (int8_t)saturate_int8(rescaled(sums.pixel_1[0], &both[0]));
    output[1] = (int8_t)saturate_int8(rescaled(sums.pixel_0[1], &both[1]));
    output[depth + 1] = (int8_t)saturate_int8(rescaled(sums.pixel_1[1], &both[1]));
}

/* Two channels of every pixel of a block. */
static void multiply_block(
    const struct packed_convolution *p, uint32_t first_pixel, uint32_t pixels, uint32_t channel)
{
    const uint32_t depth = p->output_shape.channels;
    const uint32_t pair_cells = 2 * (p->patch_size / BYTES_PER_CELL);
    const uint32_t channels = channel + 1 < depth ? 2 : 1;
    const struct channel *both = p->channels + channel;
    const cell *rows = weights_of(p, channel);
    const cell *columns = p->columns;
    int8_t *output = p->output + first_pixel * depth + channel;
    if (channels == 2 && is_whole_int8(p->clamp)) {
        const struct channel copies[2] = {both[0], both[1]}; /* stores can't change them */
        for (; pixels >= 2; pixels -= 2, columns += pair_cells, output += 2 * depth) {
            store_all(copies, multiply(p, rows, columns, copies[0].bias, copies[1].bias), output, depth);
        }
    }
    for (uint32_t left = pixels; left > 0; left -= left > 1 ? 2 : 1) {
        const struct sums sums = multiply(p, rows, columns, both[0].bias, both[1].bias);
        store_some(p, both, sums, output, left, channels);
        columns += pair_cells;
        output += 2 * depth;
    }
}

/* The patches of a block, two pixels side by side. */
static void gather_block(const struct packed_convolution *p, uint32_t first_pixel, uint32_t pixels)
{
    const uint32_t width = p->output_shape.width;
    const uint32_t pair_cells = 2 * (p->patch_size / BYTES_PER_CELL);
    const int by_words = p->input_shape.channels % 4 == 0;
    uint32_t y = first_pixel / width, x = first_pixel % width;
    for (uint32_t pixel = 0; pixel < pixels; pixel++) {
        cell *to = (cell *)p->columns + pixel / 2 * pair_cells + pixel % 2;
        const int32_t top = (int32_t)(y * p->window.stride_height) - p->window.pad_top;
        const int32_t left = (int32_t)(x * p->window.stride_width) - p->window.pad_left;
        if (by_words) {
            gather_words(p, to, top, left);
        } else {
            gather_bytes(p, to, top, left);
        }
        if (++x == width) {
            x = 0;
            y++;
        }
    }
}

void kernel_packed_conv_2d(const void *parameters)
{
    const struct packed_convolution *p = parameters;
    const uint32_t total = (uint32_t)p->output_shape.height * p->output_shape.width;
    for (uint32_t first = 0; first < total; first += p->block_pixels) {
        const uint32_t left = total - first;
        const uint32_t pixels = left < p->block_pixels ? left : p->block_pixels;
        gather_block(p, first, pixels);
        for (uint32_t channel = 0; channel < p->output_shape.channels; channel += 2) {
            multiply_block(p, first, pixels, channel);
        }
    }
}
