/* Armv8.1-M in core registers: low-overhead loops, conditional selects, long shifts (DDI 0553, C2.4). */
#ifndef BOARDLESS_LOOPS_H
#define BOARDLESS_LOOPS_H

#include "interpreted_core.h"

static void select_core(Interpreter *i, const Operation *o) {
    uint32_t a = o->n == PC ? 0 : i->machine.r[o->n], b = o->m == PC ? 0 : i->machine.r[o->m];
    uint32_t other = o->extra == 0 ? b : o->extra == 1 ? b + 1 : o->extra == 2 ? ~b : 0 - b;
    i->machine.r[o->d] = condition_holds(i->flags, o->a) ? a : other;
}

static void clear_registers(Interpreter *i, const Operation *o) {
    for (uint32_t n = 0; n < 15; n++)
        if (o->immediate >> n & 1) i->machine.r[n] = 0;
    if (!(o->immediate >> 15 & 1)) return;
    i->flags = i->sticky = 0;
    i->cleared = 1;
}

/* LE, LETP. The loop cache is not modelled: it changes nothing that a program can see but time. */
static int loop_end(Interpreter *i, const Operation *o) {
    VectorState *s = i->machine.state;
    uint32_t *lr = &i->machine.r[LR], step = 1;
    if (o->flags & F_PREDICATES) step = VECTOR_BYTES >> s->tail_size;
    else if (s->tail_size != NO_TAIL) return fault(i, FAULT_INVSTATE, 0);
    if (*lr > step) {
        *lr -= step;
        i->next = o->immediate;
        return BRANCHES;
    }
    if (o->flags & F_PREDICATES) s->tail_size = NO_TAIL;
    return GOES_ON;
}

static int loop_start(Interpreter *i, const Operation *o) {
    uint32_t count = i->machine.r[o->n];
    if (o->operation == DO_LOOP_WHILE && !count) {
        i->next = o->immediate;
        return BRANCHES;
    }
    i->machine.r[LR] = count;
    if (o->flags & F_PREDICATES) i->machine.state->tail_size = o->size;
    return GOES_ON;
}

/* ---- shifts of one register or two ---- */

static uint64_t shift_long(uint64_t value, int32_t amount, int is_signed) {
    if (amount >= 64) return 0;
    if (amount >= 0) return value << amount;
    if (amount <= -64) return is_signed && (int64_t)value < 0 ? UINT64_MAX : 0;
    return is_signed ? (uint64_t)((int64_t)value >> -amount) : value >> -amount;
}

/* `immediate`: a number of bits to the left; of those by a register how wide the result may be. */
static void shift_pair(Interpreter *i, const Operation *o) {
    uint64_t value = pair_of(&i->machine, o), result;
    int32_t amount = o->flags & F_IMMEDIATE || o->m == NO_OPERAND ? (int32_t)o->immediate : (int8_t)i->machine.r[o->m];
    int saturated = 0, by_register = o->m != NO_OPERAND;
    switch (o->operation) {
    case DO_LSLL: result = shift_long(value, amount, 0); break;
    case DO_LSRL: result = shift_long(value, amount, 0); break;
    case DO_ASRL: result = shift_long(value, by_register ? -amount : amount, 1); break;
    case DO_SQSHLL: result = (uint64_t)saturate(shifted((int64_t)value, amount, 0), 64, 0, &saturated); break;
    case DO_UQSHLL: result = (uint64_t)saturate(shifted((__int128)value, amount, 0), 64, 1, &saturated); break;
    case DO_SRSHRL: result = (uint64_t)shifted((int64_t)value, amount, 1); break;
    case DO_URSHRL: result = (uint64_t)shifted((__int128)value, amount, 1); break;
    case DO_SQRSHRL: result = (uint64_t)saturate(shifted((int64_t)value, -amount, 1), o->extra, 0, &saturated); break;
    default: result = (uint64_t)saturate(shifted((__int128)value, amount, 1), o->extra, 1, &saturated);
    }
    if (saturated) i->sticky = 1;
    put_pair(&i->machine, o, result);
}

static void shift_one(Interpreter *i, const Operation *o) {
    uint32_t *d = &i->machine.r[o->d];
    int32_t amount = o->m == NO_OPERAND ? (int32_t)o->immediate : (int8_t)i->machine.r[o->m];
    int saturated = 0;
    switch (o->operation) {
    case DO_SQSHL: *d = (uint32_t)saturate(shifted((int32_t)*d, amount, 0), 32, 0, &saturated); break;
    case DO_UQSHL: *d = (uint32_t)saturate(shifted(*d, amount, 0), 32, 1, &saturated); break;
    case DO_SRSHR: *d = (uint32_t)shifted((int32_t)*d, amount, 1); break;
    case DO_URSHR: *d = (uint32_t)shifted(*d, amount, 1); break;
    case DO_SQRSHR: *d = (uint32_t)saturate(shifted((int32_t)*d, -amount, 1), 32, 0, &saturated); break;
    default: *d = (uint32_t)saturate(shifted(*d, amount, 1), 32, 1, &saturated);
    }
    if (saturated) i->sticky = 1;
}

#endif
