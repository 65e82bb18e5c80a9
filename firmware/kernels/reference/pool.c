#include "kernels/kernels.h"
#include "kernels/quantization.h"

/* The part of a window that lies inside the input. */
struct cut {
    int32_t top, bottom, left, right;
};

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static struct cut cut_window(const struct pool *p, int32_t y, int32_t x)
{
    const int32_t top = y * p->window.stride_height - p->window.pad_top;
    const int32_t left = x * p->window.stride_width - p->window.pad_left;
    const struct cut cut = {
        .top = larger(top, 0),
        .bottom = smaller(top + p->window.height, p->input_shape.height),
        .left = larger(left, 0),
        .right = smaller(left + p->window.width, p->input_shape.width),
    };
    return cut;
}

static int32_t average(const struct pool *p, const struct cut *cut, uint32_t channel)
{
    const int32_t count = (cut->bottom - cut->top) * (cut->right - cut->left);
    int32_t sum = 0;
    for (int32_t y = cut->top; y < cut->bottom; y++) {
        for (int32_t x = cut->left; x < cut->right; x++) {
            sum += p->input[(uint32_t)(y * p->input_shape.width + x) * p->input_shape.channels + channel];
        }
    }
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static int32_t maximum(const struct pool *p, const struct cut *cut, uint32_t channel)
{
    int32_t most = INT8_MIN;
    for (int32_t y = cut->top; y < cut->bottom; y++) {
        for (int32_t x = cut->left; x < cut->right; x++) {
            most = larger(
                most,
                p->input[(uint32_t)(y * p->input_shape.width + x) * p->input_shape.channels + channel]);
        }
    }
    return most;
}

static void pool(const struct pool *p, int32_t (*reduce)(const struct pool *, const struct cut *, uint32_t))
{
    int8_t *output = p->output;
    for (int32_t y = 0; y < p->output_shape.height; y++) {
        for (int32_t x = 0; x < p->output_shape.width; x++) {
            const struct cut cut = cut_window(p, y, x);
            for (uint32_t channel = 0; channel < p->output_shape.channels; channel++) {
                *output++ = clamped(reduce(p, &cut, channel), p->clamp);
            }
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
