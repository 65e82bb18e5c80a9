/* The three functions that a freestanding compiler may call by itself. */
#include "runtime/memory.h"

void *memcpy(void *restrict destination, const void *restrict source, size_t count)
{
    uint8_t *to = destination;
    const uint8_t *from = source;
    if ((((uintptr_t)to | (uintptr_t)from) & 3) == 0) {
        for (; count >= 4; count -= 4, to += 4, from += 4) {
            *(word_alias *)to = *(const word_alias *)from;
        }
    }
    while (count-- > 0) {
        *to++ = *from++;
    }
    return destination;
}

void *memmove(void *destination, const void *source, size_t count)
{
    uint8_t *to = destination;
    const uint8_t *from = source;
    if (to <= from || to >= from + count) {
        return memcpy(destination, source, count);
    }
    while (count-- > 0) {
        to[count] = from[count];
    }
    return destination;
}

void *memset(void *destination, int value, size_t count)
{
    uint8_t *to = destination;
    const uint32_t word = (uint8_t)value * 0x01010101u;
    for (; count > 0 && ((uintptr_t)to & 3) != 0; count--) {
        *to++ = (uint8_t)value;
    }
    for (; count >= 4; count -= 4, to += 4) {
        *(word_alias *)to = word;
    }
    while (count-- > 0) {
        *to++ = (uint8_t)value;
    }
    return destination;
}
