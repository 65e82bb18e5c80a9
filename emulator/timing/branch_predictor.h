/* A dynamic branch predictor: a two-bit counter for each branch, the last target of indirect ones.
 *
 * Twin: branch_predictor.py, statement for statement.
 */
#ifndef BOARDLESS_BRANCH_PREDICTOR_H
#define BOARDLESS_BRANCH_PREDICTOR_H

#include <stdint.h>

#define SLOTS 4096

enum { UNKNOWN, STRONGLY_NOT_TAKEN, NOT_TAKEN, TAKEN, STRONGLY_TAKEN };

typedef struct {
    uint8_t counters[SLOTS];
    uint32_t targets[SLOTS];
} BranchPredictor;

/* Notes what a conditional branch did; says whether that was predicted wrong. */
static int predictor_direct(BranchPredictor *p, uint32_t slot, int backward, int taken) {
    uint8_t *counter = &p->counters[slot % SLOTS];
    int predicted = *counter == UNKNOWN ? backward : *counter >= TAKEN;
    if (*counter == UNKNOWN) *counter = taken ? TAKEN : NOT_TAKEN;
    else if (taken) *counter += *counter < STRONGLY_TAKEN;
    else *counter -= *counter > STRONGLY_NOT_TAKEN;
    return predicted != taken;
}

/* Whether a conditional branch that is taken again leaves the predictor as it is, and right. */
static int predictor_is_sure(const BranchPredictor *p, uint32_t slot) {
    return p->counters[slot % SLOTS] == STRONGLY_TAKEN;
}

/* Notes where a branch to a register or a loaded address went; says whether that is new. */
static int predictor_indirect(BranchPredictor *p, uint32_t slot, uint32_t target) {
    uint32_t last = p->targets[slot % SLOTS];
    p->targets[slot % SLOTS] = target;
    return last != target;
}

#endif
