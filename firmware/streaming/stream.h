/* Listening: audio comes block by block; each is worked on below all other interrupts, above the commands. */
#ifndef STREAMING_STREAM_H
#define STREAMING_STREAM_H

#include <stdint.h>

#define KEPT_SCORES 4096u /* 131 s */

void stream_open(void);
void stream_start(void);
void stream_stop(void);
int stream_is_on(void);

/* Frames since the start whose scores are kept, and the wake word's score of each. */
uint32_t stream_score_count(void);
const int8_t *stream_scores(void);

#endif
