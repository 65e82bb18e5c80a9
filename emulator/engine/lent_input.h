/* Characters that wait for a receiver, lent to the native hook.
 * Twin: lent_input.py, which says what each field is.
 */
#ifndef BOARDLESS_LENT_INPUT_H
#define BOARDLESS_LENT_INPUT_H

#include <stdint.h>

#define MOST_CHARACTERS 128
#define WATCHED_CYCLES 1000
#define AWAKE_CYCLES 20000

typedef struct {           /* shared with Python: keep in step with lent_input.py */
    uint64_t at, character_cycles, other_deadline, slice_end, check_at, quiet_cycles, slept_cycles;
    uint32_t is_lent, data_address, status_address, clear_address, empty_status, full_status, sticky;
    uint32_t exception, is_held, data, last, count, taken, is_asleep, busy, follows;
    uint16_t characters[MOST_CHARACTERS];
} LentInput;

/* Whether the next character may come natively: it finds room. */
static int may_come(const LentInput *l) { return l->is_lent && !l->is_held && l->taken < l->count; }

/* The status word now. */
static uint32_t input_status(const LentInput *l) {
    uint32_t status = l->is_held ? l->full_status : l->empty_status;
    return l->taken < l->count || l->follows ? status : status & ~l->busy;
}

#endif
