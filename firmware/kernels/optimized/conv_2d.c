/* Convolution as a matrix product: a block of pixels' patches against two channels at a time.
 *
 * With DSP: patches and weights are unpacked to int16, the pixels of a group (two channels)
 * side by side, so that the inner loop loads words and multiplies pairs. The weights are unpacked
 * once per block: flash is read in order, and seldom.
 */
#include "kernels/optimized/conv_2d.h"

#if HAVE_DSP
#define CELLS_PER_WORD 2u
#else
#define CELLS_PER_WORD 1u
#endif

/* Four values. Cells of the members of a group take turns. */
static inline cell *unpack_word(cell *to, uint32_t bytes)
{
#if HAVE_DSP
    to[0] = unpack_even(bytes);
    to[PIXELS_PER_GROUP] = unpack_odd(bytes);
#else
    to[0] = bytes;
#endif
    return to + CELLS_PER_WORD * PIXELS_PER_GROUP;
}

/* Eight values a turn. */
static inline cell *unpack_words(cell *to, const int8_t *from, uint32_t turns)
{
#if HAVE_DSP
    uint32_t first, second, half;
    __asm__ volatile(".balign 4\n"
                     "1:\n\t"
                     "ldr.w %[first], [%[from]], #8\n\t"
                     "ldr %[second], [%[from], #-4]\n\t"
                     "sxtb16 %[half], %[first]\n\t"
                     "sxtb16 %[first], %[first], ror #8\n\t"
                     "str.w %[half], [%[to]], #48\n\t"
                     "str %[first], [%[to], #-36]\n\t"
                     "sxtb16 %[half], %[second]\n\t"
                     "sxtb16 %[second], %[second], ror #8\n\t"
                     "str %[half], [%[to], #-24]\n\t"
                     "str %[second], [%[to], #-12]\n\t"
                     "subs.w %[turns], %[turns], #1\n\t"
                     "bne.w 1b"
                     : [to] "+r"(to), [from] "+r"(from), [turns] "+r"(turns), [first] "=&r"(first),
                       [second] "=&r"(second), [half] "=&r"(half)
                     :
                     : "cc", "memory");
#else
    for (; turns > 0; turns--, from += 8) {
        to = unpack_word(unpack_word(to, load_word(from)), load_word(from + 4));
    }
#endif
    return to;
}

static cell *unpack(cell *to, const int8_t *from, uint32_t count)
{
    if (count >= 8) {
        to = unpack_words(to, from, count / 8);
    }
    return count % 8 == 0 ? to : unpack_word(to, load_word(from + count / 8 * 8));
}

static cell *fill(cell *to, uint32_t zero_point, uint32_t count)
{
    const uint32_t bytes = zero_point * 0x01010101u;
#if HAVE_DSP
    const cell value = unpack_even(bytes);
#else
    const cell value = bytes;
#endif
    for (cell *const end = to + count / BYTES_PER_CELL * PIXELS_PER_GROUP; to != end; to += PIXELS_PER_GROUP) {
        *to = value;
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

static inline int8_t *copy(int8_t *to, const int8_t *from, uint32_t count)
{
#if HAVE_DSP /* these cores load and store words at any address */
    for (; count >= 4; count -= 4, from += 4, to += 4) {
        *(word_alias *)to = load_word(from);
    }
#endif
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}

/* A window that lies inside the input, row by row. */
__attribute__((noinline)) static void copy_rows(
    int8_t *to, const int8_t *from, uint32_t rows, uint32_t count, uint32_t row_bytes)
{
    for (; rows > 0; rows--, from += row_bytes) {
        to = copy(to, from, count);
    }
}

/* A patch by way of a byte buffer, for any depth. What pads it to a multiple of 4 meets zero weights. */
static void gather_bytes(const struct packed_convolution *p, cell *to, int32_t top, int32_t left)
{
    const uint32_t depth = p->input_shape.channels;
    const struct span x = inside(left, p->window.width, p->input_shape.width);
    const uint32_t count = p->window.width * depth, row_bytes = p->input_shape.width * depth;
    int8_t *patch = p->patch;
    if (x.end - x.first == p->window.width && top >= 0 && top + p->window.height <= p->input_shape.height) {
        const int32_t pixel = top * p->input_shape.width + left;
        copy_rows(patch, p->input + (uint32_t)pixel * depth, p->window.height, count, row_bytes);
        unpack(to, patch, p->patch_size);
        return;
    }
    for (int32_t y = top; y < top + p->window.height; y++) {
        const int row_inside = y >= 0 && y < p->input_shape.height;
        const int32_t pixel = y * p->input_shape.width + left + (int32_t)x.first;
        const uint32_t first = row_inside ? x.first * depth : 0;
        const uint32_t end = row_inside ? x.end * depth : 0;
        for (uint32_t i = 0; i < first; i++) {
            *patch++ = p->input_zero_point;
        }
        patch = copy(patch, p->input + pixel * (int32_t)depth, end - first);
        for (uint32_t i = end; i < count; i++) {
            *patch++ = p->input_zero_point;
        }
    }
    unpack(to, p->patch, p->patch_size);
}

/* The patches of a block, a group's pixels side by side. */
static void gather_block(const struct packed_convolution *p, uint32_t first_pixel, uint32_t pixels)
{
    const uint32_t width = p->output_shape.width;
    const uint32_t group_cells = PIXELS_PER_GROUP * (p->patch_size / BYTES_PER_CELL);
    const int by_words = p->input_shape.channels % 4 == 0;
    uint32_t y = first_pixel / width, x = first_pixel % width;
    for (uint32_t pixel = 0; pixel < pixels; pixel++) {
        cell *to = (cell *)p->columns + pixel / PIXELS_PER_GROUP * group_cells + pixel % PIXELS_PER_GROUP;
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

/* Windows of one pixel, without padding: what a block needs lies in a row, or a stride apart. */
static int is_pointwise(const struct packed_convolution *p)
{
    return p->window.height == 1 && p->window.width == 1 && p->window.pad_top == 0 && p->window.pad_left == 0 &&
           p->input_shape.channels % 8 == 0;
}

static void gather_points(const struct packed_convolution *p, uint32_t first_pixel, uint32_t pixels)
{
    const uint32_t depth = p->input_shape.channels, width = p->output_shape.width;
    const uint32_t row_bytes = p->input_shape.width * depth * p->window.stride_height;
    const uint32_t step = p->window.stride_width * depth, turns = depth / 8;
    const int8_t *row = p->input + first_pixel / width * row_bytes;
    const int8_t *from = row + first_pixel % width * step, *end = row + width * step;
    cell *to = p->columns;
    for (uint32_t member = 0; pixels > 0; pixels--) {
        cell *const next = unpack_words(to, from, turns);
        to++;
        if (++member == PIXELS_PER_GROUP) {
            member = 0;
            to = next - (PIXELS_PER_GROUP - 1);
        }
        from += step;
        if (from == end) {
            row += row_bytes;
            from = row;
            end = row + width * step;
        }
    }
}

void kernel_packed_conv_2d(const void *parameters)
{
    const struct packed_convolution *p = parameters;
    const uint32_t total = (uint32_t)p->output_shape.height * p->output_shape.width;
    const int pointwise = is_pointwise(p);
    for (uint32_t first = 0; first < total; first += p->block_pixels) {
        const uint32_t left = total - first;
        const uint32_t pixels = left < p->block_pixels ? left : p->block_pixels;
        if (pointwise) {
            gather_points(p, first, pixels);
        } else {
            gather_block(p, first, pixels);
        }
        for (uint32_t channel = 0; channel < p->output_shape.channels; channel += 2) {
            multiply_block(p, first, pixels, channel);
        }
    }
}
