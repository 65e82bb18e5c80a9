/* What a hook must watch in a block: fetches, data addresses, operands. Twin: events.py.
 *
 * Filled by hooks/native_hook.py, whose structures must be kept in step.
 */
#ifndef BOARDLESS_EVENTS_H
#define BOARDLESS_EVENTS_H

#include <stdint.h>

#include "../timing/memory/port.h"
#include "expressions.h"

#define NO_REGISTER 255
#define FIRST_SLOT 32      /* in Group.base: a value that the block's program computes */
#define MAX_SLOTS 192

enum { EVENT_FETCH = FETCH, EVENT_LOAD = LOAD, EVENT_STORE = STORE, EVENT_EXTRA, EVENT_BRANCH, EVENT_QUEUE };
enum { BRANCH_DIRECT = 1, BRANCH_INDIRECT };
enum { LEAVES_NOTHING, LEAVES_CALL, LEAVES_RETURN, LEAVES_REGISTER, LEAVES_TABLE, LEAVES_JUMP };
/* HOOK_ELEMENT: one datum of a gather, a scatter or an interleaving access; `offset` is its number. */
enum { HOOK_ADDRESS, HOOK_DIVIDE_SIGNED, HOOK_DIVIDE_UNSIGNED, HOOK_OBSERVED, HOOK_GUARDED, HOOK_ELEMENT };

typedef struct {
    uint32_t address;      /* of a fetch: the line's; of data: offset to the base */
    uint16_t instruction;
    uint8_t kind, base, index, shift, size_bytes, count;
} Event;

typedef struct {           /* affine data events that share their registers */
    int32_t min_offset, max_offset;
    uint32_t align_mask;
    uint8_t base, index, shift, aligned; /* aligned: offsets are multiples of the sizes */
    uint16_t first, n;     /* into BlockPlan.group_events */
    uint32_t region;       /* the region met last: a short cut, never a result */
    uint32_t strict_mask, strict_offset; /* (base + strict_offset) & strict_mask: an access may trap */
    int32_t stride;        /* of the base, from a pass of the block to the next ... */
    uint16_t has_stride, stride_register; /* ... where the block alone tells it; a register that is added to it */
} Group;

typedef struct { uint16_t older, younger, offsets_differ, event; } LoadPair;

typedef struct {
    uint32_t address;
    uint16_t event;        /* or the bit of an observed instruction */
    uint8_t kind, dividend, divisor, base, index, shift;
    int32_t offset;
    uint32_t strict_mask;  /* bits of the address that trap */
} Hooked;

typedef struct {
    uint32_t address, size_bytes, instructions, entry_class, observed_all;
    uint32_t n_events, n_groups, n_group_events, n_hooked, n_program;
    uint32_t leaving, site, target; /* of the last instruction */
    const Event *events;
    const Group *groups;
    const uint16_t *group_events;
    const Hooked *hooked;
    const Node *program;
} BlockPlan;

#endif
