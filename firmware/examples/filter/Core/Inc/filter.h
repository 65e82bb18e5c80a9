#ifndef FILTER_H
#define FILTER_H

#include <stdint.h>

/* A FIR filter of 16-bit samples; output has length - taps + 1 of them. */
void fir(const int16_t *input, int length, const int16_t *coefficients, int taps, int16_t *output);

/* The sum of squares of a ramp of `length` samples, filtered. */
uint32_t energy_of_ramp(int length);

#endif
