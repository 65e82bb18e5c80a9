/* A board whose audio input nobody drives here: sound comes over the console. */
#include "streaming/audio.h"

const int audio_is_there = 0;
const uint32_t audio_interrupt = 0;

void audio_open(void)
{
}

void audio_start(int16_t block[2 * AUDIO_FRAMES])
{
    (void)block;
}

void audio_next(int16_t block[2 * AUDIO_FRAMES])
{
    (void)block;
}

void audio_stop(void)
{
}

void audio_processing_pin(int high)
{
    (void)high;
}

void audio_detection_pin(int high)
{
    (void)high;
}
