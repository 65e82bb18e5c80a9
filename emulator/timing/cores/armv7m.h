/* Cortex-M3 and Cortex-M4, one instruction at a time. Twin: armv7m.py, which says why; figures come from there.
 *
 * Decoded.cycles: all that an instruction takes but for its way out, where it hides a cycle already left out.
 */
#ifndef BOARDLESS_ARMV7M_H
#define BOARDLESS_ARMV7M_H

#include <stdint.h>
#include <string.h>

#include "fetch_queue.h"
#include "step.h"

#define CORE_REGISTERS 0xFFFFull

enum { TAIL_NONE, TAIL_LOAD, TAIL_STORE, TAIL_STORE_REGISTER };
enum {                     /* Decoded.traits */
    ARMV7M_LOADS = 1 << 0,           /* LOAD_KINDS */
    ARMV7M_COMPUTES = 1 << 1         /* DATA_PROCESSING */
};

typedef struct {
    int32_t address_hazard, load_after_store, same_base_stores, indexed_accesses_hide, same_base_hides;
    QueueRules queue;
} Armv7mRules;

typedef struct {
    uint64_t fp_result;
    Queue queue;
    int32_t fp_busy, fp_ready;
    uint16_t loaded, written_back, computed;
    uint8_t tail, narrow;
} Armv7mState;

typedef struct {
    const Armv7mRules *rules;
    StepResult *step;
    FetchQueue fetch;
    Armv7mState state;
} Armv7mPass;

static inline int armv7m_hides_load(const Armv7mPass *p, const Decoded *i) {
    if (i->flags & IS_NOP) return 1;
    if (i->tail == TAIL_NONE || i->address_reads & p->state.loaded) return 0;
    if (!(i->flags & WRITES_BACK)) return 1;
    if (!p->rules->indexed_accesses_hide) return 0;
    return p->rules->same_base_hides || !(p->state.written_back >> i->base & 1);
}

static inline void armv7m_resolve_tail(Armv7mPass *p, const Decoded *i, int runs) {
    const Armv7mState *s = &p->state;
    int32_t *time = &p->step->cycles;
    if (s->tail == TAIL_LOAD) {
        if (!(runs && armv7m_hides_load(p, i))) *time += 1;
    } else if (s->tail == TAIL_STORE_REGISTER) {
        if (!(i->flags & IS_NOP)) *time += 1;
    } else if (s->tail == TAIL_STORE && runs) {
        if (i->traits & ARMV7M_LOADS) *time += p->rules->load_after_store;
        else if (i->flags & WRITES_BACK && s->written_back >> i->base & 1) *time += p->rules->same_base_stores;
    }
}

static inline void armv7m_wait_for_unit(Armv7mPass *p, const Decoded *i) {
    const Armv7mState *s = &p->state;
    int32_t *time = &p->step->cycles;
    *time += at_least_zero(s->fp_busy - *time);
    if (!(i->reads & s->fp_result)) return;
    int as_addend = !(i->reads & ~i->accumulator_reads & s->fp_result);
    *time += at_least_zero(s->fp_ready - as_addend - *time);
}

/* What an instruction that issued leaves behind. */
static inline void armv7m_after(Armv7mPass *p, const Decoded *i, int32_t issued) {
    Armv7mState *s = &p->state;
    s->tail = i->tail;
    s->loaded = i->tail == TAIL_LOAD ? (uint16_t)i->load_writes : 0;
    s->written_back = i->flags & WRITES_BACK && i->tail != TAIL_NONE ? (uint16_t)(1u << i->base) : 0;
    s->computed = i->traits & ARMV7M_COMPUTES ? (uint16_t)i->writes : 0;
    s->narrow = i->size_bytes == 2;
    if (!(i->flags & IS_FLOATING)) return;
    s->fp_busy = issued + i->occupies;
    s->fp_result = i->latency > 1 ? i->writes & ~CORE_REGISTERS : 0;
    s->fp_ready = s->fp_result ? issued + i->latency : 0;
}

static inline void armv7m_clear(Armv7mState *s) {
    s->tail = s->narrow = 0;
    s->loaded = s->written_back = s->computed = 0;
}

static inline void armv7m_instruction(Armv7mPass *p, const Decoded *i, uint32_t address, int runs) {
    StepResult *step = p->step;
    if (i->flags & IS_IT && p->state.narrow) {
        issue(step, 0);
        p->state.narrow = 0;
        return;
    }
    armv7m_resolve_tail(p, i, runs);
    if (runs && i->address_reads & p->state.computed) step->cycles += p->rules->address_hazard;
    if (runs && i->flags & IS_FLOATING) armv7m_wait_for_unit(p, i);
    step->cycles = queue_take(&p->fetch, address, i->size_bytes, step->cycles);
    issue(step, 0);
    int32_t issued = step->cycles++;
    if (!runs) {
        armv7m_clear(&p->state);
        p->state.narrow = i->size_bytes == 2;
        return;
    }
    queue_access(&p->fetch, i, issued);
    step->cycles += i->cycles - 1;
    armv7m_after(p, i, issued);
}

/* The floating-point fields from the block's end on; what is over is forgotten. */
static inline void armv7m_relative(Armv7mState *s, int32_t now) {
    s->fp_busy = at_least_zero(s->fp_busy - now);
    s->fp_ready = at_least_zero(s->fp_ready - now);
    if (!s->fp_ready) s->fp_result = 0;
}

static inline int armv7m_step(const Armv7mRules *rules, Armv7mState *state, const Line *line, uint32_t edge,
                              StepResult *step) {
    Armv7mPass p;
    Queue queue;
    int has_left = 0, fits = 1;
    p.rules = rules;
    p.step = step;
    p.state = *state;
    queue_begin(&p.fetch, &rules->queue, line->address, &state->queue);
    for (uint32_t k = 0; k < line->n && fits; k++) {
        const Decoded *i = &line->instructions[k];
        int taken = is_taken(i, edge);
        armv7m_instruction(&p, i, line->addresses[k], is_run(i, edge));
        if (taken) step->cycles += i->refill;
        fits = step->cycles < LATEST_CYCLE && !p.fetch.overflows;
        if (!taken || !fits) continue;
        armv7m_clear(&p.state);
        has_left = 1;
        fits = queue_refill(&p.fetch, step->cycles, &queue);
    }
    if (!fits || (!has_left && !queue_state(&p.fetch, step->cycles, line_end(line), &queue))) return 0;
    p.state.queue = queue;
    armv7m_relative(&p.state, step->cycles);
    *state = p.state;
    return 1;
}

#endif
