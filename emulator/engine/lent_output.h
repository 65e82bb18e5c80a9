/* A transmitter at work, lent to the native hook, and the loops that wait for it.
 * Twin: lent_output.py, which says what each field is.
 */
#ifndef BOARDLESS_LENT_OUTPUT_H
#define BOARDLESS_LENT_OUTPUT_H

#include <stdint.h>

#define MOST_SENT 64
#define MOST_TURN_BLOCKS 16
#define MOST_KNOWN_TURNS 8

typedef struct {           /* shared with Python: keep in step with lent_output.py */
    uint64_t at, character_cycles, other_deadline, slice_end, check_at, skipped_cycles, skipped_instructions;
    uint32_t is_lent, data_address, status_address, full_status, ready_status, writable, mask;
    uint32_t is_held, held, sending, data, count, may_skip, wants_look;
    uint8_t heeded[256], characters[MOST_SENT];
} LentOutput;

typedef struct {           /* one turn of a waiting loop without stores: machine/waiting.py */
    uint32_t address, n_blocks, cycles, instructions;
    uint32_t blocks[MOST_TURN_BLOCKS];
} KnownTurn;

enum { WATCH_NOTHING, WATCH_WANTED, WATCH_TURN };

typedef struct {           /* a turn that is looked at natively: hooks/output.h */
    uint32_t stage, address, tries, n_known, next_known, flags;
    uint32_t registers[15];
    uint64_t cycles, instructions, activity;
    const KnownTurn *turn;
    KnownTurn known[MOST_KNOWN_TURNS];
} Watch;

#endif
