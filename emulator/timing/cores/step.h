/* One pass through a block, as the engine wants it. Twin: Step of model.py, without the causes. */
#ifndef BOARDLESS_STEP_H
#define BOARDLESS_STEP_H

#include <stdint.h>

#include "../../thumb/line.h"

#define FALL_THROUGH 0
#define LATEST_CYCLE 4000 /* of a block: longer ones are Python's */
#define MOST_PAIRS MOST_INSTRUCTIONS

typedef struct {
    int32_t cycles, mispredict, decoded;
    uint32_t n_issued, n_pairs;
    int32_t issue_cycles[MOST_INSTRUCTIONS];
    uint16_t pairs[MOST_PAIRS][2]; /* positions of two loads of one cycle */
} StepResult;

static inline int is_taken(const Decoded *i, uint32_t edge) {
    return i->flags & WRITES_PC && (edge != FALL_THROUGH || !(i->flags & MAY_STAY));
}

/* Whether an instruction does what it says; a branch does so when it is taken. */
static inline int is_run(const Decoded *i, uint32_t edge) {
    return !(i->flags & IS_SKIPPED) && (!(i->flags & WRITES_PC) || is_taken(i, edge));
}

static inline void issue(StepResult *step, int32_t ago) {
    int32_t cycle = step->cycles - ago;
    step->issue_cycles[step->n_issued++] = cycle > 0 ? cycle : 0;
}

static inline int32_t at_least_zero(int32_t value) { return value > 0 ? value : 0; }

#endif
