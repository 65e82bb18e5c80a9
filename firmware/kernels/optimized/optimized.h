/* The optimized kernels and their structs. The generator chooses them where their
 * conditions hold (benches/build/optimize.py); the reference kernels do the rest.
 *
 * Conditions that all share: an accumulator never leaves +-2^30, and every factor is below
 * a half, so that rescaling is one multiplication, one addition and one shift.
 */
#ifndef KERNELS_OPTIMIZED_OPTIMIZED_H
#define KERNELS_OPTIMIZED_OPTIMIZED_H

#include <stdint.h>

#include "kernels/kernels.h"

/* Everything that turns one output channel's accumulator into int8. */
struct channel {
    int32_t bias;       /* with the input's zero point folded in, where the kernel says so */
    int32_t multiplier; /* [2^30, 2^31) */
    int32_t rounding;   /* half of 2^shift, and the output's zero point times 2^shift */
    int32_t shift;      /* right, at least 1 */
};

/* CONV_2D as a matrix product. Weights: [output channel][patch], a patch padded with zeros
 * to a multiple of 8, the channels to an even number. Channels' bias: folded. */
struct packed_convolution {
    const int8_t *input;
    int8_t *output;
    const int8_t *weights;
    const struct channel *channels;
    void *columns;       /* [block_pixels / 3][patch_size / 2][3] pairs of int16; without DSP: patches of int8 */
    void *rows;          /* [patch_size / 2][2] pairs of int16: the weights of two channels */
    void *patch;         /* patch_size bytes, for depths that are no multiple of 4 */
    uint16_t patch_size; /* padded */
    uint16_t block_pixels;
    struct shape input_shape, output_shape;
    struct window window;
    int8_t input_zero_point;
    struct clamp clamp;
};

/* DEPTHWISE_CONV_2D with multiplier 1 and a multiple of 4 channels. Weights: [channels / 4][tap][4 channels].
 * Channels' bias: as in the model. */
struct packed_depthwise {
    const int8_t *input;
    int8_t *output;
    const int8_t *weights;
    const struct channel *channels;
    void *taps;           /* the weights as int16, or four planes of int16 */
    uint16_t band_rows;   /* output rows for which the planes are filled; 0: no planes */
    uint16_t plane_rows;  /* of one plane */
    uint16_t plane_width; /* what is filled of a row; even */
    struct shape input_shape, output_shape;
    struct window window;
    int32_t input_offset;
    struct clamp clamp;
};

/* FULLY_CONNECTED of one batch. Weights: [outputs / 4][inputs / 4][4 outputs][4 inputs], both padded with
 * zeros. Biases: folded, one for each padded output; `channel` is all outputs', its bias unused. */
struct packed_dense {
    const int8_t *input;
    int8_t *output;
    const int8_t *weights;
    const int32_t *biases;
    struct channel channel;
    void *column; /* padded inputs, int16 */
    uint16_t inputs, padded_inputs, outputs;
    struct clamp clamp;
};

/* ADD; shifts are right, at least 1 for the inputs. */
struct packed_add {
    const int8_t *input_1, *input_2;
    int8_t *output;
    uint32_t elements;
    int32_t offset_1, offset_2;
    int32_t multiplier_1, multiplier_2;
    int32_t shift_1, shift_2;
    struct channel sum;
    struct clamp clamp;
};

void kernel_packed_conv_2d(const void *parameters);
void kernel_packed_depthwise_conv_2d(const void *parameters);
void kernel_packed_fully_connected(const void *parameters);
void kernel_packed_add(const void *parameters);

#endif
