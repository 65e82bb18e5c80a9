/* Convolution as a matrix product: a block of pixels' patches against four channels at a time.
 *
 * A turn multiplies 16 bytes of a patch with 16 weights of each channel: five loads and four VMLADAVA, 64
 * products. Patches lie in `columns`, as bytes; where the window is one pixel, they are the input itself.
 */
#include "kernels/vector/helium.h"

/* Patches of pixels in a row, `step` bytes apart. */
struct patches {
    const int8_t *first;
    uint32_t step, count;
};

/* Sums of four channels over `count` bytes, at least one. Tail predication makes the last turn as short as it
 * must be. */
static inline int32x4_t products(const int8_t *patch, const int8_t *const weights[LANES], uint32_t count)
{
    register int32_t s0 __asm__("r4") = 0;
    register int32_t s1 __asm__("r6") = 0;
    register int32_t s2 __asm__("r8") = 0;
    register int32_t s3 __asm__("r10") = 0;
    const int8_t *w0 = weights[0], *w1 = weights[1], *w2 = weights[2], *w3 = weights[3];
    int32x4_t sums;
    __asm__("dlstp.8 lr, %[count]\n"
            "1:\n\t"
            "vldrb.8 q0, [%[patch]], #16\n\t"
            "vldrb.8 q1, [%[w0]], #16\n\t"
            "vmladava.s8 %[s0], q0, q1\n\t"
            "vldrb.8 q2, [%[w1]], #16\n\t"
            "vmladava.s8 %[s1], q0, q2\n\t"
            "vldrb.8 q3, [%[w2]], #16\n\t"
            "vmladava.s8 %[s2], q0, q3\n\t"
            "vldrb.8 q1, [%[w3]], #16\n\t"
            "vmladava.s8 %[s3], q0, q1\n\t"
            "letp lr, 1b\n\t"
            "vmov q0[2], q0[0], %[s0], %[s2]\n\t"
            "vmov q0[3], q0[1], %[s1], %[s3]\n\t"
            "vmov %q[sums], q0"
            : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [patch] "+r"(patch),
              [w0] "+r"(w0), [w1] "+r"(w1), [w2] "+r"(w2), [w3] "+r"(w3), [sums] "=w"(sums)
            : [count] "r"(count)
            : "q0", "q1", "q2", "q3", "lr", "memory");
    return sums;
}

/* Up to four channels of every pixel. */
static void multiply(
    const struct packed_convolution *p, struct patches patches, uint32_t channel, int8_t *output)
{
    const uint32_t depth = p->output_shape.channels, count = p->patch_size, left = depth - channel;
    const int8_t *weights[LANES];
    for (uint32_t i = 0; i < LANES; i++) {
        weights[i] = p->weights + (i < left ? channel + i : channel) * count;
    }
    const struct four_channels four = load_channels(p->channels + channel, left);
    const mve_pred16_t exist = vctp32q(left);
    const struct clamp clamp = p->clamp;
    const int8_t *patch = patches.first;
    output += channel;
    for (uint32_t pixel = patches.count; pixel > 0; pixel--, patch += patches.step, output += depth) {
        const int32x4_t sums = vaddq_s32(products(patch, weights, count), four.bias);
        vstrbq_p_s32(output, clamped_lanes(rescaled_lanes(sums, &four), clamp), exist);
    }
}

static void multiply_all(const struct packed_convolution *p, struct patches patches, int8_t *output)
{
    for (uint32_t channel = 0; channel < p->output_shape.channels; channel += LANES) {
        multiply(p, patches, channel, output);
    }
}

/* The columns of a window that lie inside the input: [first, end). */
struct span {
    int32_t first, end;
};

static inline struct span inside(int32_t start, int32_t count, int32_t limit)
{
    const int32_t first = start < 0 ? -start : 0;
    const int32_t end = limit - start < count ? limit - start : count;
    return first < end ? (struct span){first, end} : (struct span){0, 0};
}

/* One pixel's patch, zero points where the window is outside; its padding to a multiple of 8 meets zero
 * weights. */
static void gather(const struct packed_convolution *p, int8_t *to, int32_t top, int32_t left)
{
    const uint32_t depth = p->input_shape.channels, row_bytes = p->window.width * depth;
    const struct span x = inside(left, p->window.width, p->input_shape.width);
    const int whole = x.first == 0 && x.end == p->window.width;
    for (int32_t y = top; y < top + p->window.height; y++, to += row_bytes) {
        const int row_inside = y >= 0 && y < p->input_shape.height && x.end > x.first;
        if (!row_inside || !whole) {
            fill_bytes(to, p->input_zero_point, row_bytes);
        }
        if (row_inside) {
            const int32_t pixel = y * p->input_shape.width + left + x.first;
            copy_bytes(
                to + (uint32_t)x.first * depth, p->input + pixel * (int32_t)depth,
                (uint32_t)(x.end - x.first) * depth);
        }
    }
}

/* The patches of a block of pixels from number `first` on. */
static struct patches gather_block(const struct packed_convolution *p, uint32_t first, uint32_t pixels)
{
    const uint32_t width = p->output_shape.width;
    int32_t y = (int32_t)(first / width), x = (int32_t)(first % width);
    int8_t *to = p->columns;
    for (uint32_t pixel = pixels; pixel > 0; pixel--, to += p->patch_size) {
        gather(
            p, to, y * p->window.stride_height - p->window.pad_top,
            x * p->window.stride_width - p->window.pad_left);
        if (++x == (int32_t)width) {
            x = 0;
            y++;
        }
    }
    return (struct patches){p->columns, p->patch_size, pixels};
}

/* Windows of one pixel, without padding, of a depth that needs none either: a patch is a pixel. */
static int is_pointwise(const struct packed_convolution *p)
{
    return p->window.height == 1 && p->window.width == 1 && p->window.pad_top == 0 &&
           p->window.pad_left == 0 && p->input_shape.channels == p->patch_size;
}

static void multiply_points(const struct packed_convolution *p)
{
    const uint32_t depth = p->input_shape.channels, width = p->output_shape.width;
    const uint32_t row_bytes = p->input_shape.width * depth * p->window.stride_height;
    const int in_a_row = p->window.stride_width == 1 && p->window.stride_height == 1;
    const uint32_t rows = in_a_row ? 1 : p->output_shape.height;
    struct patches patches = {p->input, p->window.stride_width * depth, width};
    int8_t *output = p->output;
    if (in_a_row) {
        patches.count = width * p->output_shape.height;
    }
    for (uint32_t row = 0; row < rows; row++) {
        multiply_all(p, patches, output);
        patches.first += row_bytes;
        output += width * p->output_shape.channels;
    }
}

void kernel_packed_conv_2d(const void *parameters)
{
    const struct packed_convolution *p = parameters;
    if (is_pointwise(p)) {
        multiply_points(p);
        return;
    }
    const uint32_t total = (uint32_t)p->output_shape.height * p->output_shape.width;
    for (uint32_t first = 0; first < total; first += p->block_pixels) {
        const uint32_t left = total - first;
        const uint32_t pixels = left < p->block_pixels ? left : p->block_pixels;
        multiply_all(p, gather_block(p, first, pixels), p->output + first * p->output_shape.channels);
    }
}
