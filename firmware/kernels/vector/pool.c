/* Pooling, 16 channels at a time for the largest value, four for the average. Takes the place of the
 * reference kernels' file of this name. */
#include "kernels/vector/helium.h"

/* The part of a window that lies inside the input. */
struct cut {
    int32_t top, bottom, left, right;
};

static inline int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static struct cut cut_window(const struct pool *p, int32_t y, int32_t x)
{
    const int32_t top = y * p->window.stride_height - p->window.pad_top;
    const int32_t left = x * p->window.stride_width - p->window.pad_left;
    return (struct cut){
        .top = larger(top, 0),
        .bottom = smaller(top + p->window.height, p->input_shape.height),
        .left = larger(left, 0),
        .right = smaller(left + p->window.width, p->input_shape.width),
    };
}

/* Where the window's values of a channel are: row by row, `depth` apart. */
static inline const int8_t *row_of(const struct pool *p, const struct cut *cut, int32_t y, uint32_t channel)
{
    return p->input + (uint32_t)(y * p->input_shape.width + cut->left) * p->input_shape.channels + channel;
}

static inline int32_t quotient(int32_t sum, int32_t count)
{
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static void average(const struct pool *p, const struct cut *cut, int8_t *output)
{
    const uint32_t depth = p->input_shape.channels;
    const int32_t count = (cut->bottom - cut->top) * (cut->right - cut->left);
    for (uint32_t channel = 0; channel < depth; channel += LANES) {
        const mve_pred16_t inside = vctp32q(depth - channel);
        int32x4_t sums = vdupq_n_s32(0);
        for (int32_t y = cut->top; y < cut->bottom; y++) {
            const int8_t *from = row_of(p, cut, y, channel);
            for (int32_t x = cut->left; x < cut->right; x++, from += depth) {
                sums = vaddq_s32(sums, vldrbq_z_s32(from, inside));
            }
        }
        int32_t values[LANES];
        vstrwq_s32(values, sums);
        for (uint32_t i = 0; i < LANES; i++) {
            values[i] = quotient(values[i], count);
        }
        vstrbq_p_s32(output + channel, clamped_lanes(vldrwq_s32(values), p->clamp), inside);
    }
}

static void maximum(const struct pool *p, const struct cut *cut, int8_t *output)
{
    const uint32_t depth = p->input_shape.channels;
    const int8x16_t least = vdupq_n_s8((int8_t)p->clamp.minimum), most = vdupq_n_s8((int8_t)p->clamp.maximum);
    for (uint32_t channel = 0; channel < depth; channel += VECTOR_BYTES) {
        const mve_pred16_t inside = vctp8q(depth - channel);
        int8x16_t largest = vdupq_n_s8(INT8_MIN);
        for (int32_t y = cut->top; y < cut->bottom; y++) {
            const int8_t *from = row_of(p, cut, y, channel);
            for (int32_t x = cut->left; x < cut->right; x++, from += depth) {
                largest = vmaxq_s8(largest, vldrbq_z_s8(from, inside));
            }
        }
        vstrbq_p_s8(output + channel, vminq_s8(vmaxq_s8(largest, least), most), inside);
    }
}

static inline void pool(const struct pool *p, void (*reduce)(const struct pool *, const struct cut *, int8_t *))
{
    int8_t *output = p->output;
    for (int32_t y = 0; y < p->output_shape.height; y++) {
        for (int32_t x = 0; x < p->output_shape.width; x++, output += p->output_shape.channels) {
            const struct cut cut = cut_window(p, y, x);
            reduce(p, &cut, output);
        }
    }
}

void kernel_average_pool_2d(const void *parameters)
{
    pool(parameters, average);
}

void kernel_max_pool_2d(const void *parameters)
{
    pool(parameters, maximum);
}
