/* A board's audio input and the pins of the streaming benchmark. Without an input: no_audio.c. */
#ifndef STREAMING_AUDIO_H
#define STREAMING_AUDIO_H

#include <stdint.h>

#define AUDIO_FRAMES 512u /* of one left and one right word, in a block: 32 ms at 16 kHz */

extern const int audio_is_there;
extern const uint32_t audio_interrupt; /* it is raised when a block is full */

/* Pins and clocks; nothing is received yet. */
void audio_open(void);

/* Receive a block, and be asked for the next one in the interrupt. */
void audio_start(int16_t block[2 * AUDIO_FRAMES]);

/* In the interrupt: acknowledge it and receive into another block. At most 250 us may have passed. */
void audio_next(int16_t block[2 * AUDIO_FRAMES]);

void audio_stop(void);

void audio_processing_pin(int high);
void audio_detection_pin(int high);

#endif
