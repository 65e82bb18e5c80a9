#include "runtime/crc32.h"

#define POLYNOMIAL_REFLECTED 0xEDB88320u

uint32_t crc32(const void *data, uint32_t count)
{
    const uint8_t *byte = data;
    uint32_t crc = ~0u;
    while (count-- > 0) {
        crc ^= *byte++;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL_REFLECTED : 0);
        }
    }
    return ~crc;
}
