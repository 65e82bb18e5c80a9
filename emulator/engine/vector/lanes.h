/* A vector's elements as numbers, and back; saturation. */
#ifndef BOARDLESS_LANES_H
#define BOARDLESS_LANES_H

#include <stdint.h>
#include <string.h>

#include "vector_state.h"

#define MOST_LANES 16

static inline uint32_t lanes_of(uint32_t size) { return VECTOR_BYTES >> size; }

static inline uint32_t bits_of(uint32_t size) { return 8u << size; }

static inline int64_t lane(const uint8_t *q, uint32_t size, int is_unsigned, uint32_t i) {
    int8_t b; int16_t h; int32_t w; int64_t d;
    switch (size) {
    case 0: b = (int8_t)q[i]; return is_unsigned ? (uint8_t)b : b;
    case 1: memcpy(&h, q + 2 * i, 2); return is_unsigned ? (uint16_t)h : h;
    case 2: memcpy(&w, q + 4 * i, 4); return is_unsigned ? (int64_t)(uint32_t)w : w;
    default: memcpy(&d, q + 8 * i, 8); return d;
    }
}

static inline void put_lane(uint8_t *q, uint32_t size, uint32_t i, int64_t value) {
    memcpy(q + (i << size), &value, 1u << size); /* the host is little-endian: hook.h's rooms say so */
}

static inline void read_lanes(const uint8_t *q, uint32_t size, int is_unsigned, int64_t *to) {
    switch (size) {
    case 0: for (uint32_t i = 0; i < 16; i++) to[i] = is_unsigned ? q[i] : (int8_t)q[i]; return;
    case 1: for (uint32_t i = 0; i < 8; i++) to[i] = lane(q, 1, is_unsigned, i); return;
    case 2: for (uint32_t i = 0; i < 4; i++) to[i] = lane(q, 2, is_unsigned, i); return;
    default: for (uint32_t i = 0; i < 2; i++) to[i] = lane(q, 3, is_unsigned, i);
    }
}

/* Write the bytes of `from` whose bits are in `mask`. */
static inline void merge(uint8_t *to, const uint8_t *from, uint32_t mask) {
    if (mask == WHOLE) { memcpy(to, from, VECTOR_BYTES); return; }
    for (uint32_t i = 0; i < VECTOR_BYTES; i++)
        if (mask >> i & 1) to[i] = from[i];
}

static inline void write_lanes(uint8_t *to, uint32_t size, const int64_t *from, uint32_t mask) {
    uint8_t result[VECTOR_BYTES];
    for (uint32_t i = 0; i < lanes_of(size); i++) put_lane(result, size, i, from[i]);
    merge(to, result, mask);
}

/* The nearest number that `bits` bits hold; `*saturated` becomes 1 when it is another. */
static inline int64_t saturate(__int128 value, uint32_t bits, int is_unsigned, int *saturated) {
    __int128 low = is_unsigned ? 0 : -((__int128)1 << (bits - 1));
    __int128 high = is_unsigned ? ((__int128)1 << bits) - 1 : ((__int128)1 << (bits - 1)) - 1;
    if (value < low) { *saturated = 1; return (int64_t)low; }
    if (value > high) { *saturated = 1; return (int64_t)high; }
    return (int64_t)value;
}

/* `value`, of 64 bits, shifted left by a signed amount, to the right of 0 rounded or not. What 64 bits don't hold
 * may be another number that they don't hold: 127 bits are enough for all. */
static inline __int128 shifted(__int128 value, int32_t amount, int rounds) {
    if (amount > 63 || (amount == 63 && value >> 63 > 0)) return value > 0 ? (__int128)1 << 126 : value ? -((__int128)1 << 126) : 0;
    if (amount >= 0) return value << amount;
    if (amount < -64) amount = -65; /* all bits go out; a rounding bit beyond the sign is 0 */
    if (!rounds) return value >> -amount;
    return (value + ((__int128)1 << (-amount - 1))) >> -amount;
}

#endif
