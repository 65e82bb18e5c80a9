/* The pins of the NUCLEO-144 boards' streaming images: SAI1_A at PE4 (FS), PE5 (SCK), PE6 (SD), work at PE9,
 * detections at PB8. A family's file says where its ports are. */
#include "streaming/audio.h"
#include "streaming/sai.h"

#define SAI_ALTERNATE_FUNCTION 13u
#define PROCESSING_PIN 9u
#define DETECTION_PIN 8u

const int audio_is_there = 1;

static void pins_open(void)
{
    for (uint32_t pin = 4; pin <= 6; pin++) {
        alternate_open(GPIO_E, pin, SAI_ALTERNATE_FUNCTION);
    }
    output_open(GPIO_E, PROCESSING_PIN, 0);
    output_open(GPIO_B, DETECTION_PIN, 1);
}

void audio_processing_pin(int high)
{
    output_put(GPIO_E, PROCESSING_PIN, high);
}

void audio_detection_pin(int high)
{
    output_put(GPIO_B, DETECTION_PIN, high);
}
