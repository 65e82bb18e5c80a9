/* Sound to features: each frame of 512 samples makes, with the one before it, a window of 1024. Pre-emphasis,
 * Hamming window, power spectrum, 40 mel bands, decibels, int8: the benchmark's front end.
 *
 * A core with a float unit computes in float, others in 32-bit fixed point (arithmetic.h). The tables come
 * from the build (benches/build/front_end.py).
 */
#ifndef STREAMING_FRONT_END_H
#define STREAMING_FRONT_END_H

#include <stdint.h>

#include "streaming/arithmetic.h"

#define FRAME_SAMPLES 512
#define WINDOW_SAMPLES 1024
#define BINS (WINDOW_SAMPLES / 2 + 1)
#define BANDS 40
#define LOGARITHM_STEPS 64

struct band {
    uint16_t first_bin;
    uint16_t bins;
};

extern const weight front_end_window[WINDOW_SAMPLES / 2]; /* its first half; the second is its mirror image */
extern const struct turn front_end_turns[WINDOW_SAMPLES / 2]; /* exp(-2 pi i k / 1024) */
extern const struct band front_end_bands[BANDS];
extern const weight front_end_weights[]; /* of all bands, behind each other */
extern const uint16_t front_end_logarithms[LOGARITHM_STEPS + 1]; /* log2(1 + n / 64) in 1/65536; the last: 65535 */
extern const int32_t front_end_slope;  /* codes for an octave of power, in 1/65536 */
extern const int32_t front_end_offset; /* code of power 1, in 1/65536 */
extern const int32_t front_end_least;  /* code of the least value, in 1/65536 */
extern const int32_t front_end_most;

/* As if silence had been before. */
void front_end_restart(void);

/* The features of the next frame; sample n is samples[n * stride]. */
void front_end_frame(const int16_t *samples, uint32_t stride, int8_t features[BANDS]);

#endif
