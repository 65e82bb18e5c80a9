/* CRC-32 of IEEE 802.3, the one of zlib. */
#ifndef RUNTIME_CRC32_H
#define RUNTIME_CRC32_H

#include <stdint.h>

uint32_t crc32(const void *data, uint32_t count);

#endif
