/* Makes SysTick pending at its deadlines. Twins: machine/tick_lending.py, which lends them; system/systick.py. */
#ifndef BOARDLESS_TICK_H
#define BOARDLESS_TICK_H

#include "../../system/exception_state.h"
#include "../lent_tick.h"
#include "../remembered_reads.h"
#include "block_hook.h"

#define SYSTICK 15

/* At a deadline: whether it is SysTick's, which is pending then. */
static int tick_due(NativeHook *n) {
    LentTick *l = n->tick;
    BlockHook *h = &n->pricing.head;
    ExceptionState *s = n->exceptions.state;
    if (!l || !l->is_lent || h->cycles < l->at || h->cycles >= l->other_deadline || h->cycles >= l->slice_end) return 0;
    if (n->remembered) n->remembered->n = 0;
    for (l->served_at = h->cycles; l->at <= h->cycles; l->at += l->period_cycles) l->served++;
    pend(s, SYSTICK);
    s->generation++;
    h->deadline = l->other_deadline < l->slice_end ? l->other_deadline : l->slice_end;
    if (l->at < h->deadline) h->deadline = l->at;
    return 1;
}

#endif
