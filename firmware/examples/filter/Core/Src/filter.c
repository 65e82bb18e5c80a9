#include "filter.h"

#define MOST_SAMPLES 256
#define TAPS 16

static const int16_t low_pass[TAPS] = {
    -120, -304, -402, 0, 1188, 3058, 4994, 6238, 6238, 4994, 3058, 1188, 0, -402, -304, -120,
};

__attribute__((noinline)) void fir(const int16_t *input, int length, const int16_t *coefficients, int taps, int16_t *output)
{
    for (int at = 0; at + taps <= length; at++) {
        int32_t sum = 0;
        for (int tap = 0; tap < taps; tap++) {
            sum += input[at + tap] * coefficients[tap];
        }
        output[at] = (int16_t)(sum >> 15);
    }
}

uint32_t energy_of_ramp(int length)
{
    static int16_t samples[MOST_SAMPLES], filtered[MOST_SAMPLES];
    uint32_t energy = 0;

    for (int at = 0; at < length; at++) {
        samples[at] = (int16_t)(at * 37 % 512 - 256);
    }
    fir(samples, length, low_pass, TAPS, filtered);
    for (int at = 0; at + TAPS <= length; at++) {
        energy += (uint32_t)(filtered[at] * filtered[at]);
    }
    return energy;
}
