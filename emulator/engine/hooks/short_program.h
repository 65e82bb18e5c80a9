/* A block's address program with what its groups do not need left out: a short cut of the native hook alone.
 *
 * Most values are words that lie at a register plus a constant (spilled pointers): those become one step.
 */
#ifndef BOARDLESS_SHORT_PROGRAM_H
#define BOARDLESS_SHORT_PROGRAM_H

#include <stdlib.h>

#include "../events.h"
#include "../expressions.h"

#define LOAD_AT 255        /* in Node.op: a load at register `a` + imm */

typedef struct {
    Node node;
    uint32_t size;         /* of a LOAD_AT: as a load's imm */
    uint32_t region;       /* where that was last: a short cut, never a result */
    uint32_t to;           /* its slot */
} Value;

/* A load as one step, where its address is a register plus a constant. */
static Value shortened(const Node *program, uint32_t i) {
    Value v = {program[i], 0, 0, i};
    if (program[i].op != OP_LOAD) return v;
    const Node *at = &program[program[i].a];
    uint32_t constant = at->op == OP_ADD_CONSTANT ? at->imm : 0;
    const Node *base = at->op == OP_ADD_CONSTANT ? &program[at->a] : at;
    if (base->op != OP_REGISTER) return v;
    v.node = (Node){LOAD_AT, (uint8_t)base->imm, 0, 0, constant};
    v.size = program[i].imm;
    return v;
}

/* Keeps of a program what the groups' bases need. Returns the number of values. */
static uint32_t shorten(const Node *program, uint32_t n_program, const Group *groups, uint32_t n_groups, Value *values) {
    uint8_t needed[MAX_SLOTS + 1] = {0};
    uint32_t n = 0;
    for (uint32_t g = 0; g < n_groups; g++)
        if (groups[g].base >= FIRST_SLOT && groups[g].base != NO_REGISTER) needed[groups[g].base - FIRST_SLOT] = 1;
    for (uint32_t i = n_program; i-- > 0;) {
        if (!needed[i]) continue;
        Value v = shortened(program, i);
        values[n++] = v;
        if (v.node.op == LOAD_AT || v.node.op < OP_ADD) continue;
        needed[v.node.a] = needed[v.node.b] = 1;
        if (v.node.op == OP_FORWARD && v.node.imm >> 16) needed[(v.node.imm >> 16) - 1] = 1;
    }
    for (uint32_t i = 0; i < n / 2; i++) {
        Value v = values[i];
        values[i] = values[n - 1 - i];
        values[n - 1 - i] = v;
    }
    return n;
}

#endif
