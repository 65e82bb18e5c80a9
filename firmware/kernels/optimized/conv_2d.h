/* The two halves of the convolution: conv_2d.c gathers patches, multiply_block() multiplies them. */
#ifndef KERNELS_OPTIMIZED_CONV_2D_H
#define KERNELS_OPTIMIZED_CONV_2D_H

#include "kernels/optimized/arithmetic.h"

#if HAVE_DSP
typedef uint32_t cell; /* two int16 of one pixel or channel */
#define BYTES_PER_CELL 2u
#define PIXELS_PER_GROUP 3u
#else
typedef uint32_t cell; /* four int8 */
#define BYTES_PER_CELL 4u
#define PIXELS_PER_GROUP 1u
#endif

/* Two channels of every pixel of a block, whose patches lie in p->columns. */
void multiply_block(
    const struct packed_convolution *p, uint32_t first_pixel, uint32_t pixels, uint32_t channel);

#endif
