/* Cortex-M7, two instructions a cycle. Twin: cortex_m7.py, which says why; figures come from there.
 *
 * Decoded.cycles: how long it holds issue; latency: of a load's data, or of results that are not early.
 */
#ifndef BOARDLESS_CORTEX_M7_H
#define BOARDLESS_CORTEX_M7_H

#include <stdint.h>
#include <string.h>

#include "cortex_m7_pairing.h"
#include "cortex_m7_slides.h"
#include "scoreboard.h"
#include "step.h"

#define NEVER (-2)

typedef struct {
    int32_t static_prediction, fetch_bytes, fetch_queue_bytes, narrow_before, early_flags, mispredict;
    int32_t early_flags_gain, load_to_multiply, mac_shadow, addend_stage, store_stage;
    int32_t narrow_store_drain, narrow_stores_waiting, addend_gain[3]; /* by source */
    SlideRules slides;
} M7Rules;

typedef struct {
    Pending pending;
    Slides slides;
    uint32_t slot;
    int32_t fetched_bytes, flags_age, mac_shadow, narrow_stores;
    uint8_t entered, narrow, after_first_mac, pad;
} M7State;

typedef struct {           /* when the decoder takes instructions */
    int32_t issued[2], last;
    uint32_t older;
} M7Decoder;

typedef struct {
    const M7Rules *rules;
    StepResult *step;
    Scoreboard board;
    SlideBoard slides;
    M7Decoder decoder;
    uint32_t slot;
    int64_t fetched, fetched_before;
    int32_t fetched_at, narrow, flags_cycle, mac_until, first_mac, narrow_stores_gone;
} M7Pass;

static inline void decoder_issue(M7Decoder *d, const Decoded *i, int32_t last_cycle) {
    if (d->older && share_decoder(d->older, slot_of(i))) {
        d->older = 0;
    } else {
        d->issued[0] = d->issued[1];
        d->issued[1] = d->last;
        d->older = slot_of(i);
    }
    d->last = last_cycle;
}

/* ---- fetch ---- */

static inline int32_t m7_fetch_cycle(const M7Pass *p, int64_t end) {
    if (end <= p->fetched_before) return p->fetched_at - 1;
    int64_t missing = end > p->fetched ? end - p->fetched : 0;
    return p->fetched_at + (int32_t)((missing + p->rules->fetch_bytes - 1) / p->rules->fetch_bytes);
}

static inline int32_t m7_target_ahead(const M7Pass *p, int64_t end) {
    int64_t bytes = p->rules->fetch_bytes, word = (end + bytes - 1) / bytes * bytes;
    return p->narrow >= p->rules->narrow_before && p->fetched - word > bytes ? (int32_t)bytes : 0;
}

static inline void m7_refetch(M7Pass *p, int64_t address) {
    p->fetched_before = address & ~(int64_t)(p->rules->fetch_bytes - 1);
    p->fetched = p->fetched_before + p->rules->fetch_bytes;
    p->fetched_at = p->step->cycles;
}

static inline void m7_advance_fetch(M7Pass *p, int64_t consumed) {
    int32_t cycles = p->step->cycles - p->fetched_at;
    if (cycles <= 0) return;
    int64_t limit = consumed + p->rules->fetch_queue_bytes, before = p->fetched;
    if (limit < before) limit = before;
    p->fetched = before + (int64_t)cycles * p->rules->fetch_bytes;
    if (p->fetched > limit) p->fetched = limit;
    p->fetched_before = p->fetched - p->rules->fetch_bytes > before ? p->fetched - p->rules->fetch_bytes : before;
    p->fetched_at = p->step->cycles;
}

/* ---- waiting ---- */

static inline void m7_wait_for_floats(const M7Pass *p, int32_t *cycle, const Decoded *i) {
    uint64_t addends = i->accumulator_reads, stored = i->store_reads;
    wait_for_operands(cycle, &p->board, i->reads & ~(addends | stored | i->address_reads), 0);
    wait_for_operands(cycle, &p->board, stored, p->rules->addend_stage);
    for (uint64_t mask = addends & p->board.present; mask; mask &= mask - 1) {
        int r = __builtin_ctzll(mask);
        wait_until(cycle, p->board.cycles[r] - p->rules->addend_gain[p->board.sources[r]]);
    }
    if (i->traits & M7_IN_MAC_SHADOW) wait_until(cycle, p->mac_until);
}

static inline int32_t m7_wait(const M7Pass *p, int32_t earliest, const Decoded *i, int64_t end) {
    const Scoreboard *board = &p->board;
    uint64_t early = i->address_reads, shifted = i->shifted_reads, addends = i->accumulator_reads;
    int32_t cycle = earliest;
    wait_until(&cycle, m7_fetch_cycle(p, end));
    wait_for_operands(&cycle, board, early, 0);
    if (i->flags & IS_FLOATING) {
        m7_wait_for_floats(p, &cycle, i);
        return cycle;
    }
    wait_for_operands(&cycle, board, shifted, 0);
    wait_for_operands(&cycle, board, i->store_reads, p->rules->store_stage);
    wait_for_operands(&cycle, board, addends, p->rules->addend_stage);
    uint64_t plain = i->reads & ~(early | shifted | addends | i->store_reads);
    if (!(i->traits & M7_READS_NOTHING)) wait_for_operands(&cycle, board, plain, i->reads_at);
    if (i->traits & M7_IS_MULTIPLY)
        wait_for_source(&cycle, board, plain, FROM_LOAD, i->reads_at - p->rules->load_to_multiply);
    return cycle;
}

static inline int m7_beside_macs(const M7Pass *p, const Decoded *younger) {
    int32_t cycle = p->step->cycles - 1;
    if (younger->traits & M7_IS_FP_MOVE) return cycle >= p->mac_until || cycle == p->first_mac;
    if (younger->traits & M7_IS_MAC && p->slot & M7_MOVES_FLOAT) return cycle >= p->mac_until;
    return 1;
}

/* ---- issuing ---- */

static inline void m7_publish(M7Pass *p, const Decoded *i, int32_t issued) {
    Scoreboard *board = &p->board;
    const uint64_t flags = 1ull << FLAGS_BIT;
    decoder_issue(&p->decoder, i, issued);
    if (i->flags & SETS_FLAGS) p->flags_cycle = issued;
    if (i->traits & M7_IS_MAC) {
        p->first_mac = issued >= p->mac_until ? issued : NEVER;
        p->mac_until = issued + 1 + p->rules->mac_shadow;
    }
    if (i->load_writes && i->flags & IS_MEMORY) {
        board_publish(board, i->load_writes, issued + i->latency, FROM_LOAD);
        board_publish(board, i->writes & ~i->load_writes, issued + 1, FROM_RESULT);
        return;
    }
    int32_t latency = i->latency;
    if (i->traits & M7_MAY_RUN_EARLY) {
        int32_t pending = board_latest(board, i->reads, FROM_ANY);
        if (pending == NO_CYCLE || pending <= issued) latency = 1;
    }
    board_publish(board, i->writes & ~flags, issued + latency, i->traits & M7_IS_MAC ? FROM_MAC : FROM_RESULT);
    if (i->flags & SETS_FLAGS) board_publish(board, flags, issued + 2, FROM_RESULT);
}

/* Issue in the younger slot of the last cycle; 0: it can't. */
static inline int m7_issue_beside(M7Pass *p, uint32_t index, const Decoded *i, int64_t end) {
    StepResult *step = p->step;
    int32_t together = step->cycles - 1;
    uint32_t younger = slot_of(i);
    if (!p->slot || !may_pair(p->slot, younger) || !m7_beside_macs(p, i)) return 0;
    if (m7_wait(p, together, i, end) != together) return 0;
    issue(step, 1);
    if (index && p->slot & M7_LOADS && unknown_banks(p->slot, younger)) {
        step->pairs[step->n_pairs][0] = (uint16_t)(index - 1);
        step->pairs[step->n_pairs++][1] = (uint16_t)index;
    }
    m7_publish(p, i, together);
    p->slot = 0;
    return 1;
}

static inline void m7_instruction(M7Pass *p, uint32_t index, const Decoded *i, int64_t end) {
    StepResult *step = p->step;
    if (m7_issue_beside(p, index, i, end)) return;
    step->cycles = m7_wait(p, step->cycles, i, end);
    issue(step, 0);
    int32_t issued = step->cycles;
    step->cycles += i->cycles;
    m7_advance_fetch(p, end);
    p->slot = i->cycles == 1 ? slot_of(i) : 0;
    m7_publish(p, i, issued + i->cycles - 1);
}

static inline void m7_store_narrow(M7Pass *p, const Decoded *i) {
    int32_t now = p->step->cycles, drain = p->rules->narrow_store_drain;
    if (!(i->traits & M7_NARROW_STORE)) return;
    p->narrow_stores_gone = (now > p->narrow_stores_gone ? now : p->narrow_stores_gone) + drain;
    p->step->cycles += at_least_zero(p->narrow_stores_gone - now - p->rules->narrow_stores_waiting * drain);
}

static inline int32_t m7_mispredict(const M7Pass *p, const Decoded *branch) {
    int early = branch->flags & MAY_STAY && p->step->cycles - p->flags_cycle > p->rules->early_flags;
    return p->rules->mispredict - (early ? p->rules->early_flags_gain : 0);
}

static inline void m7_way_out(M7Pass *p, const Decoded *i, int64_t end, int taken) {
    if (!p->rules->static_prediction) return;
    int has_target = (i->flags & HAS_TARGET) != 0, backward = has_target && i->displacement <= 0;
    if (i->flags & MAY_STAY && has_target && backward != taken) {
        p->step->cycles += m7_mispredict(p, i);
        p->slot = 0;
        m7_refetch(p, end);
    } else if (taken) {
        p->step->cycles += i->refill;
    }
}

/* ---- a pass ---- */

static inline void m7_begin(M7Pass *p, const M7Rules *rules, const M7State *s, uint32_t address, StepResult *step) {
    int64_t word = ((int64_t)address & ~(int64_t)(rules->fetch_bytes - 1)) + rules->fetch_bytes;
    p->rules = rules;
    p->step = step;
    board_begin(&p->board, &s->pending);
    slides_begin(&p->slides, &rules->slides, &s->slides);
    p->decoder = (M7Decoder){{-2, -1}, -1, 0};
    p->slot = s->slot;
    p->fetched = (s->entered ? word : address) + s->fetched_bytes;
    p->fetched_at = 0;
    p->fetched_before = p->fetched - (s->entered ? rules->fetch_bytes : 0);
    p->narrow = s->narrow;
    p->flags_cycle = -s->flags_age;
    p->mac_until = s->mac_shadow;
    p->first_mac = s->after_first_mac ? -1 : NEVER;
    p->narrow_stores_gone = s->narrow_stores;
}

static inline int m7_end(M7Pass *p, const Line *line, int taken, M7State *s) {
    const M7Rules *rules = p->rules;
    const Decoded *last = &line->instructions[line->n - 1];
    int64_t end = line_end(line);
    int32_t now = p->step->cycles, ages = now - p->flags_cycle;
    m7_advance_fetch(p, end);
    int64_t ahead = p->fetched - end;
    if (taken) ahead = rules->static_prediction ? 0 : m7_target_ahead(p, end);
    int32_t narrow = p->narrow + (last->flags & WRITES_PC && last->size_bytes == 2);
    if (narrow > rules->narrow_before) narrow = rules->narrow_before;
    if (taken && (!(last->flags & HAS_TARGET) || last->displacement <= 0)) narrow = 0;
    memset(s, 0, sizeof *s);
    if (!board_freeze(&p->board, now, &s->pending) || !slides_freeze(&p->slides, now, &s->slides)) return 0;
    s->slot = ahead || !taken ? p->slot : 0;
    s->entered = (uint8_t)taken;
    s->fetched_bytes = ahead > 0 ? (int32_t)ahead : 0;
    s->narrow = (uint8_t)narrow;
    s->flags_age = ages < rules->early_flags ? ages : rules->early_flags;
    s->mac_shadow = at_least_zero(p->mac_until - now);
    s->after_first_mac = p->first_mac == now - 1;
    s->narrow_stores = at_least_zero(p->narrow_stores_gone - now);
    p->step->mispredict = rules->static_prediction || !(last->flags & WRITES_PC) ? 0 : m7_mispredict(p, last);
    p->step->decoded = p->decoder.issued[0] + 1;
    return 1;
}

static inline int m7_step(const M7Rules *rules, M7State *state, const Line *line, uint32_t edge, StepResult *step) {
    M7Pass p;
    int taken = 0;
    m7_begin(&p, rules, state, line->address, step);
    for (uint32_t k = 0; k < line->n; k++) {
        const Decoded *i = &line->instructions[k];
        int64_t end = (int64_t)line->addresses[k] + i->size_bytes;
        taken = is_taken(i, edge);
        m7_instruction(&p, k, i, end);
        step->cycles += slides_stall(&p.slides, step->cycles);
        slides_issue(&p.slides, i, step->cycles);
        m7_store_narrow(&p, i);
        if (i->flags & WRITES_PC) m7_way_out(&p, i, end, taken);
        else if (i->size_bytes == 2) p.narrow++;
    }
    return step->cycles < LATEST_CYCLE && m7_end(&p, line, taken, state);
}

#endif
