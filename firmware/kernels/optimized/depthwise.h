#ifndef KERNELS_OPTIMIZED_DEPTHWISE_H
#define KERNELS_OPTIMIZED_DEPTHWISE_H

#include "kernels/optimized/arithmetic.h"

/* The 3 x 3 case on cores with DSP; for layers whose band_rows is not 0. */
void depthwise_3x3(const struct packed_depthwise *p);

#endif
