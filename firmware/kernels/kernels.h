/* What a kernel gets: pointers, shapes and quantization, all computed by the generator.
 *
 * Tensors are NHWC. int8 arithmetic is TensorFlow Lite's: see kernels/quantization.h.
 * Both kernel sets take the same structs. `weights` is laid out as the set wants it.
 */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include <stdint.h>

struct shape {
    uint16_t height, width, channels;
};

struct window {
    uint8_t height, width, stride_height, stride_width, dilation_height, dilation_width;
    uint16_t pad_top, pad_left;
};

struct clamp {
    int32_t minimum, maximum;
};

/* CONV_2D and DEPTHWISE_CONV_2D. */
struct convolution {
    const int8_t *input;
    int8_t *output;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multipliers; /* per output channel */
    const int8_t *shifts;       /* per output channel, positive is left */
    void *scratch;
    struct shape input_shape, output_shape;
    struct window window;
    uint16_t depth_multiplier;
    int32_t input_offset, output_offset;
    struct clamp clamp;
};

struct fully_connected {
    const int8_t *input;
    int8_t *output;
    const int8_t *weights;
    const int32_t *bias;
    void *scratch;
    uint16_t batches, inputs, outputs;
    int32_t multiplier, shift;
    int32_t input_offset, output_offset;
    struct clamp clamp;
};

struct add {
    const int8_t *input_1, *input_2;
    int8_t *output;
    uint32_t elements;
    int32_t offset_1, offset_2, output_offset;
    int32_t multiplier_1, multiplier_2, output_multiplier;
    int8_t shift_1, shift_2, output_shift;
    struct clamp clamp;
};

struct pool {
    const int8_t *input;
    int8_t *output;
    struct shape input_shape, output_shape;
    struct window window;
    struct clamp clamp;
};

struct softmax {
    const int8_t *input;
    int8_t *output;
    uint16_t rows, columns;
    int32_t multiplier, shift, difference_minimum;
};

struct copy {
    const void *input;
    void *output;
    uint32_t bytes;
};

struct pad {
    const int8_t *input;
    int8_t *output;
    uint16_t input_shape[4], output_shape[4], before[4];
    int8_t value;
};

/* Mean over height and width of one NHWC tensor. */
struct mean {
    const int8_t *input;
    int8_t *output;
    void *scratch;
    uint16_t outer, reduced, inner; /* the tensor as [outer][reduced][inner] */
    int32_t multiplier, shift;
    int32_t input_offset, output_offset; /* input zero point times elements, negated; output zero point */
};

/* RELU, RELU6 and QUANTIZE of int8: rescale, then clamp. */
struct rescale {
    const int8_t *input;
    int8_t *output;
    uint32_t elements;
    int32_t multiplier, shift;
    int32_t input_offset, output_offset;
    struct clamp clamp;
};

struct convert {
    const void *input;
    void *output;
    uint32_t elements;
    float scale;
    int32_t zero_point;
};

/* Each kernel takes a pointer to its struct. */
void kernel_conv_2d(const void *parameters);
void kernel_depthwise_conv_2d(const void *parameters);
void kernel_fully_connected(const void *parameters);
void kernel_add(const void *parameters);
void kernel_average_pool_2d(const void *parameters);
void kernel_max_pool_2d(const void *parameters);
void kernel_softmax(const void *parameters);
void kernel_reshape(const void *parameters);
void kernel_pad(const void *parameters);
void kernel_mean(const void *parameters);
void kernel_rescale(const void *parameters);
void kernel_quantize(const void *parameters);
void kernel_dequantize(const void *parameters);

#endif
