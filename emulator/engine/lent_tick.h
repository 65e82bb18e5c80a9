/* SysTick's deadlines, lent to the native hook. Twin: lent_tick.py, which says what each field is. */
#ifndef BOARDLESS_LENT_TICK_H
#define BOARDLESS_LENT_TICK_H

#include <stdint.h>

typedef struct {           /* shared with Python: keep in step with lent_tick.py */
    uint64_t at, period_cycles, other_deadline, slice_end, served_at;
    uint32_t is_lent, served;
} LentTick;

#endif
