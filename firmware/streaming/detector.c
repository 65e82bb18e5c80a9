#include "streaming/detector.h"

#include "runtime/memory.h"
#include "runtime/network.h"

void detector_restart(void)
{
    front_end_restart();
    memset(network_input.data, 0, network_input.elements);
}

const int8_t *detector_frame(const int16_t *samples, uint32_t stride)
{
    int8_t *frames = network_input.data; /* the oldest first */
    int8_t *newest = frames + network_input.elements - BANDS;
    for (int8_t *at = frames; at < newest; at++) {
        at[0] = at[BANDS];
    }
    front_end_frame(samples, stride, newest);
    network_run();
    return newest;
}

const int8_t *detector_scores(void)
{
    return network_output.data;
}
