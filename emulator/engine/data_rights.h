/* What may be done with data in each segment of the address space, while a Memory Protection Unit is on. Python: PageRights. */
#ifndef BOARDLESS_DATA_RIGHTS_H
#define BOARDLESS_DATA_RIGHTS_H

#include <stdint.h>

#define DATA_READ 1u
#define DATA_WRITE 2u

typedef struct {           /* shared with Python: keep in step with vector/doors.py */
    const uint32_t *starts;  /* of the segments, ascending from 0 */
    const uint8_t *rights;   /* of the segments */
    uint32_t n;              /* 0: no MPU is on */
    uint32_t shift;          /* of the running code's rights in a segment's */
} DataRights;

/* The segment that holds an address. */
static inline uint32_t segment_among(const uint32_t *starts, uint32_t n, uint32_t address) {
    uint32_t low = 0, high = n;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (starts[middle] <= address) low = middle;
        else high = middle;
    }
    return low;
}

/* Whether the first and the last byte of an access may be accessed so. */
static inline int may_access(const DataRights *d, uint32_t address, uint32_t size_bytes, uint32_t right) {
    uint32_t first = segment_among(d->starts, d->n, address), last = first, end = address + size_bytes - 1;
    if (first + 1 < d->n && end >= d->starts[first + 1]) last = segment_among(d->starts, d->n, end);
    return (d->rights[first] & d->rights[last]) >> d->shift & right;
}

#endif
