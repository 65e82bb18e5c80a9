/* The wake word detector: frames of sound in, the network's scores out. */
#ifndef STREAMING_DETECTOR_H
#define STREAMING_DETECTOR_H

#include <stdint.h>

#include "streaming/front_end.h"

#define DETECTION_THRESHOLD 115

/* Silence before the first frame, and nothing in the network's 30 frames of memory. */
void detector_restart(void);

/* Take one frame in; sample n is samples[n * stride]. The features are the network's newest ones. */
const int8_t *detector_frame(const int16_t *samples, uint32_t stride);

/* The scores: wake word, silence, other. */
const int8_t *detector_scores(void);

#endif
