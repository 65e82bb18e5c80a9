/* What the machine needs of a block hook: why it stops, and its counters and limits. Twin: hook.py. */
#ifndef BOARDLESS_HOOK_H
#define BOARDLESS_HOOK_H

#include <stdint.h>

#define NO_ADDRESS UINT64_MAX
#define EDGES 9            /* fall-through, and 1 + entry class of the target */

enum { STOP_NONE, STOP_DEADLINE, STOP_REQUEST, STOP_BREAK, STOP_MASKS, STOP_NEED_BLOCK, STOP_NEED_PATH,
       STOP_NEED_EDGE, STOP_MISALIGNED, STOP_TRAP, STOP_PROTECTED,
       STOP_GUARDED, STOP_HALT, STOP_RESUMED, STOP_NEED_PROGRAM,
       STOP_INTERPRET };

enum { REQUEST_PYTHON = 1, REQUEST_EXCEPTIONS = 2 }; /* in stop_request */
enum { TAKEN_NONE, TAKEN_ENTERED, TAKEN_LEFT };

typedef struct {           /* shared with Python: keep in step with hooks/native_hook.py */
    uint64_t cycles, instructions, deadline, break_address, stall;
    uint32_t stop_request, stop_code, state, executed;
    int32_t current;       /* block index, -1 between blocks */
    uint32_t events_done, need_address, need_size, need_skipped, need_edge, need_block, next_hooked;
    uint32_t mask_watch, mask_priority, trace_enabled, trace_length;
    uint64_t block_serial, turn_address;
    uint64_t protection;   /* a bit for the map of what may be executed; 0: everything */
    uint32_t interrupt, returns_from, initial_state, serves_exceptions;
} BlockHook;

#endif
