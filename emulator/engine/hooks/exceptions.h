/* Exception entry, return and tail-chaining where nothing out of the ordinary comes in.
 *
 * Twins: system/exceptions.py and system/stack_frame.py, which also do all of the rest: a deadline that
 * falls into an entry or a return, a fault of any kind, unprivileged code, an MPU, whoever watches. What
 * is done here is looked at first and done whole, or nothing is. Registers are written in their order.
 */
#ifndef BOARDLESS_EXCEPTIONS_H
#define BOARDLESS_EXCEPTIONS_H

#include <stdint.h>
#include <string.h>

#include "../../system/exception_state.h"
#include "../hook.h"
#include "../register_file.h"
#include "../vector/vector_state.h"
#include "contexts.h"
#include "tables.h"

#define MOST_MEMORIES 32
#define FP_REGISTERS 17    /* S0 to S15, FPSCR */

#define CONTROL_NPRIV 1u
#define CONTROL_SPSEL 2u
#define CONTROL_FPCA 4u
#define CONTROL_SFPA 8u
#define CONTROL_BITS 7u
#define XPSR_NUMBER 0x1FFu
#define XPSR_STACK_ALIGN (1u << 9)
#define XPSR_THUMB (1u << 24)
#define XPSR_IT 0x0600FC00u /* of CPSR, too, as Unicorn has it */
#define IT_LOW_SHIFT 25    /* ITSTATE there: bits 1:0, and 7:2 */
#define IT_HIGH_SHIFT 8
#define IT_HIGH 0xFCu
#define CPSR_THUMB (1u << 5)
#define GE_FLAGS 0xF0000u
#define EXC_RETURN_STANDARD_FRAME (1u << 4)
#define EXC_RETURN_THREAD (1u << 3)
#define EXC_RETURN_PSP (1u << 2)
#define BASIC_FRAME_BYTES 0x20u
#define FP_FRAME_BYTES 0x68u
#define CCR_NONBASETHRDENA 1u
#define CCR_STKALIGN (1u << 9)
#define SCR_SLEEPONEXIT 2u
#define FPCCR_LSPACT 1u
#define FPCCR_THREAD (1u << 3)
#define FPCCR_LSPEN (1u << 30)
#define FPCCR_ASPEN (1u << 31)
#define FPSCR_ROUNDING_MODE (3u << 22)
#define SYSTEM_SPACE 0xE0000000u
#define STACK_LIMIT_BITS 0xFFFFFFF8u
#define OPEN_MONITOR UINT64_MAX

typedef int (*reg_write_fn)(void *uc, int id, const void *value);

#define IS_RAM 1u          /* of a memory: it is written */
#define HAS_CODE 2u        /* code of it may be translated */

typedef struct { uint32_t base, last; uint8_t *host; uint32_t is_ram; } HostMemory; /* is_ram: 0, or these */

typedef struct {           /* Unicorn's numbers of registers: in the order of native_exceptions.py */
    int sp, lr, pc, xpsr, ipsr, control, psp, cpsr, nzcv, r[5], fp[FP_REGISTERS];
} RegisterIds;             /* r: r0 to r3, r12 */

typedef struct {
    ExceptionState *state; /* NULL: everything is left to Python */
    uint64_t *monitor;     /* the exclusive monitor's address, or NULL */
    const uint32_t *main_limit, *process_limit; /* MSPLIM and PSPLIM, or NULL */
    reg_write_fn reg_write;
    RegisterIds ids;
    uint32_t n_memories;
    HostMemory memories[MOST_MEMORIES];
    Contexts *contexts;    /* told of it, as profiling/exception_log.py tells them */
    Tables *tables;
    VectorState *vectors;  /* of a core with MVE, else NULL */
} Exceptions;

/* ---- registers and memory ---- */

static uint32_t ask(const Registers *r, void *uc, int id) { return ask_register(r, uc, id); }

static void put(const Exceptions *e, void *uc, int id, uint32_t value) { e->reg_write(uc, id, &value); }

/* Unicorn derives the mode of the running code anew at the flags: core.py, _follow_privilege. */
static void put_control(const Exceptions *e, const Registers *r, void *uc, uint32_t value) {
    put(e, uc, e->ids.control, value);
    put(e, uc, e->ids.nzcv, ask(r, uc, e->ids.nzcv));
}

static uint32_t it_state(uint32_t xpsr) { return (xpsr >> IT_LOW_SHIFT & 3) | (xpsr >> IT_HIGH_SHIFT & IT_HIGH); }

static inline int within_memory(const HostMemory *m, uint32_t address, uint32_t size_bytes) {
    return address >= m->base && address <= m->last && m->last - address >= size_bytes - 1;
}

/* Which of the memories holds all of these bytes, or NULL. */
static const HostMemory *memory_of(const HostMemory *memories, uint32_t n_memories, uint32_t address, uint32_t size_bytes) {
    for (uint32_t i = 0; i < n_memories; i++)
        if (within_memory(&memories[i], address, size_bytes)) return &memories[i];
    return NULL;
}

static uint8_t *host_bytes(const Exceptions *e, uint32_t address, uint32_t size_bytes, int for_store) {
    const HostMemory *m = memory_of(e->memories, e->n_memories, address, size_bytes);
    return !m || (for_store && !m->is_ram) ? NULL : m->host + (address - m->base);
}

/* ---- who preempts ---- */

/* The execution priority with PRIMASK left aside: what wakes from WFI must beat it. */
static int32_t sleep_priority(const ExceptionState *s, const Registers *r, void *uc) {
    int32_t priority = active_priority(s);
    uint32_t basepri = s->is_mainline ? ask(r, uc, r->basepri_id) & s->priority_mask : 0;
    if (basepri && group_priority(s, (int32_t)basepri) < priority) priority = group_priority(s, (int32_t)basepri);
    if (s->is_mainline && ask(r, uc, r->faultmask_id) & 1 && priority > -1) priority = -1;
    return priority;
}

static int32_t masked_priority(const ExceptionState *s, const Registers *r, void *uc) {
    int32_t priority = sleep_priority(s, r, uc);
    return ask(r, uc, r->primask_id) & 1 && priority > 0 ? 0 : priority;
}

/* The exception that must be entered before the next instruction; 0: none. */
static uint32_t preempting(const ExceptionState *s, const Registers *r, void *uc) {
    uint32_t candidate = find_candidate(s);
    return candidate && preemption_priority(s, candidate) < masked_priority(s, r, uc) ? candidate : 0;
}

/* What the block hook has to watch for while nothing preempts: System.blocked_only_by_masks. */
static void watch_masks(const ExceptionState *s, BlockHook *h) {
    uint32_t candidate = find_candidate(s);
    h->mask_watch = candidate != 0;
    if (!candidate) return;
    int32_t priority = preemption_priority(s, candidate);
    h->mask_priority = (uint32_t)(priority < 0 ? priority : priority | (int32_t)(s->group_size - 1));
}

/* ---- floating point: fpu.py ---- */

static void fold_fp(ExceptionState *s, uint32_t control) {
    if (!(s->fp_context & FPCCR_LSPACT) || !(control & CONTROL_FPCA)) return;
    s->fp_context &= ~FPCCR_LSPACT;
    s->owed_cycles += s->fp_frame_cycles;
}

static void reserve_fp(ExceptionState *s, uint32_t address, int from_thread) {
    s->fp_context = (s->fp_context & (FPCCR_ASPEN | FPCCR_LSPEN)) | FPCCR_LSPACT | (from_thread ? FPCCR_THREAD : 0);
    s->fp_frame_address = address & ~7u;
}

/* ---- time: only what no deadline falls into ---- */

static int is_undisturbed(const ExceptionState *s, const BlockHook *h, uint32_t cycles) {
    return h->cycles + s->owed_cycles + cycles < h->deadline;
}

static void spend(ExceptionState *s, BlockHook *h, uint32_t cycles) {
    cycles += s->owed_cycles;
    s->owed_cycles = 0;
    h->cycles += cycles;
    s->exception_cycles += cycles;
}

/* ---- entry ---- */

/* The handler of an exception; 0: its vector can't be read, or is no code. */
static uint32_t vector_of(const Exceptions *e, uint32_t number) {
    uint32_t vector = 0;
    const uint8_t *at = host_bytes(e, e->state->vector_table + 4 * number, 4, 0);
    if (at) memcpy(&vector, at, 4);
    return vector & 1 && vector < SYSTEM_SPACE ? vector & ~1u : 0;
}

static void go_to_handler(Exceptions *e, const Registers *r, const BlockHook *h, void *uc, uint32_t number,
                          uint32_t handler, uint32_t exc_return, uint32_t ipsr, uint32_t control) {
    ExceptionState *s = e->state;
    if (e->contexts->enabled) contexts_entered(e->contexts, e->tables, h, number, handler);
    put_in_mask(s->pending, number, 0);
    put_in_mask(s->active, number, 1);
    s->generation++;
    s->event = 1;
    if (e->monitor) *e->monitor = OPEN_MONITOR;
    if (!ipsr && control & CONTROL_SPSEL) put_control(e, r, uc, 0);
    put(e, uc, e->ids.ipsr, number);
    put(e, uc, e->ids.lr, exc_return);
    put(e, uc, e->ids.pc, handler | 1); /* so that the core is in Thumb state */
    if (control) put_control(e, r, uc, 0);
}

/* Enter the handler of `number`, which is pending or, of a supervisor call, about to be. 0: left to Python. */
static int enter_exception(Exceptions *e, const Registers *r, BlockHook *h, void *uc, uint32_t number) {
    ExceptionState *s = e->state;
    uint32_t read[16], frame[8 + FP_REGISTERS + 1], n_words = 8 + FP_REGISTERS + (e->vectors ? 1 : 0);
    const uint32_t *general = all_registers(r, uc, read);
    uint32_t xpsr = ask(r, uc, e->ids.xpsr), control = ask(r, uc, e->ids.control) & CONTROL_BITS;
    uint32_t ipsr = ask(r, uc, e->ids.ipsr) & XPSR_NUMBER, sp = general[13], handler = vector_of(e, number);
    if (!handler || control & CONTROL_NPRIV || xpsr & XPSR_IT) return 0;
    int has_fp = control & CONTROL_FPCA && s->has_fpu && s->fp_context & FPCCR_ASPEN;
    int is_lazy = has_fp && s->fp_context & FPCCR_LSPEN, align = has_fp || s->configuration & CCR_STKALIGN;
    uint32_t size = has_fp ? FP_FRAME_BYTES : BASIC_FRAME_BYTES;
    uint32_t bottom = (sp - size) & (align ? 0xFFFFFFF8u : 0xFFFFFFFCu);
    uint8_t *host = host_bytes(e, bottom, size, 1);
    int uses_process = !ipsr && control & CONTROL_SPSEL;
    const uint32_t *limit = uses_process ? e->process_limit : e->main_limit;
    uint32_t folded = s->fp_context & FPCCR_LSPACT && control & CONTROL_FPCA ? s->fp_frame_cycles : 0;
    uint32_t cycles = s->entry_cycles + (has_fp && !is_lazy ? s->fp_frame_cycles : 0);
    if (!host || (s->is_v8 && limit && bottom < (*limit & STACK_LIMIT_BITS))) return 0;
    if (!is_undisturbed(s, h, cycles + folded)) return 0;
    fold_fp(s, control);
    memcpy(frame, general, 4 * sizeof *frame);
    frame[4] = general[12];
    frame[5] = general[14];
    frame[6] = general[15] & ~1u;
    frame[7] = (xpsr & ~(XPSR_NUMBER | XPSR_STACK_ALIGN)) | XPSR_THUMB | ipsr | (align && sp & 4 ? XPSR_STACK_ALIGN : 0);
    for (uint32_t i = 0; has_fp && i < FP_REGISTERS; i++) frame[8 + i] = ask(r, uc, e->ids.fp[i]);
    if (has_fp && e->vectors) stack_vectors(e->vectors, frame + 8 + FP_REGISTERS - 1);
    memcpy(host, frame, (has_fp ? n_words : 8) * sizeof *frame);
    put(e, uc, e->ids.sp, bottom);
    if (is_lazy) reserve_fp(s, bottom + BASIC_FRAME_BYTES, !ipsr);
    uint32_t exc_return = s->is_v8 ? 0xFFFFFFB0u : 0xFFFFFFF1u;
    if (!ipsr) exc_return |= EXC_RETURN_THREAD | (uses_process ? EXC_RETURN_PSP : 0);
    if (has_fp) exc_return &= ~EXC_RETURN_STANDARD_FRAME;
    if (e->contexts->enabled) contexts_preempted(e->contexts, h, bottom);
    spend(s, h, cycles);
    go_to_handler(e, r, h, uc, number, handler, exc_return, ipsr, control);
    return 1;
}

/* ---- return ---- */

static int is_valid_return(const ExceptionState *s, uint32_t exc_return, uint32_t running) {
    uint32_t fixed = s->is_v8 ? 0xFFFFFF80u : 0xFFFFFFE0u, kind = exc_return & 0xF, low = s->is_v8 ? 0 : 1;
    if ((exc_return & fixed) != fixed || (kind != low && kind != (8 | low) && kind != (0xC | low))) return 0;
    if (!(exc_return & EXC_RETURN_STANDARD_FRAME) && !s->has_fpu) return 0;
    if (!in_mask(s->active, running)) return 0;
    uint32_t nested = count_mask(s->active);
    if (!(exc_return & EXC_RETURN_THREAD)) return nested != 1;
    return nested == 1 || s->configuration & CCR_NONBASETHRDENA;
}

static void put_xpsr(const Exceptions *e, const Registers *r, void *uc, uint32_t xpsr) {
    put(e, uc, e->ids.xpsr, xpsr);
    if (!((ask(r, uc, e->ids.xpsr) ^ xpsr) & GE_FLAGS)) return;
    put(e, uc, e->ids.cpsr, (ask(r, uc, e->ids.cpsr) & ~GE_FLAGS) | (xpsr & GE_FLAGS));
}

static void unstack(Exceptions *e, const Registers *r, void *uc, uint32_t exc_return, const uint32_t *words,
                    uint32_t stack_pointer, uint32_t control, uint32_t running) {
    ExceptionState *s = e->state;
    int has_fp = !(exc_return & EXC_RETURN_STANDARD_FRAME), to_thread = (exc_return & EXC_RETURN_THREAD) != 0;
    if (has_fp && e->vectors) unstack_vectors(e->vectors, words + 8 + FP_REGISTERS - 1);
    if (has_fp) {
        for (uint32_t i = 0; !(s->fp_context & FPCCR_LSPACT) && i < FP_REGISTERS; i++)
            put(e, uc, e->ids.fp[i], words[8 + i]);
        s->fp_context &= ~FPCCR_LSPACT;
    }
    uint32_t wanted = has_fp ? CONTROL_FPCA | CONTROL_SFPA : 0;
    if (to_thread && exc_return & EXC_RETURN_PSP) wanted |= CONTROL_SPSEL;
    for (uint32_t i = 0; i < 5; i++) put(e, uc, e->ids.r[i], words[i]);
    put(e, uc, e->ids.lr, words[5]);
    put(e, uc, e->ids.pc, words[6] | 1);
    put_xpsr(e, r, uc, (words[7] & ~(XPSR_NUMBER | XPSR_STACK_ALIGN)) | XPSR_THUMB | running);
    put(e, uc, e->ids.ipsr, to_thread ? 0 : words[7] & XPSR_NUMBER);
    if (wanted || control) put_control(e, r, uc, wanted);
    put(e, uc, e->ids.sp, stack_pointer);
    s->event = 1;
    if (e->monitor) *e->monitor = OPEN_MONITOR;
}

/* PC is an EXC_RETURN. 0: left to Python. */
static int return_from_exception(Exceptions *e, const Registers *r, BlockHook *h, void *uc, uint32_t pc) {
    ExceptionState *s = e->state;
    uint32_t exc_return = s->is_v8 ? pc & ~1u : pc | 1, running = ask(r, uc, e->ids.ipsr) & XPSR_NUMBER;
    uint32_t control = ask(r, uc, e->ids.control) & CONTROL_BITS, words[8 + FP_REGISTERS + 1];
    if (!running || control & CONTROL_NPRIV || s->sleep_control & SCR_SLEEPONEXIT) return 0;
    if (!is_valid_return(s, exc_return, running) || ask(r, uc, e->ids.xpsr) & XPSR_IT) return 0;
    fold_fp(s, control);
    int has_fp = !(exc_return & EXC_RETURN_STANDARD_FRAME), loads_fp = has_fp && !(s->fp_context & FPCCR_LSPACT);
    uint32_t frame = exc_return & EXC_RETURN_PSP ? ask(r, uc, e->ids.psp) : read_register(r, uc, 13);
    uint32_t size = has_fp ? FP_FRAME_BYTES : BASIC_FRAME_BYTES;
    uint32_t cycles = s->exit_cycles + (loads_fp ? s->fp_frame_cycles : 0);
    const uint8_t *host = host_bytes(e, frame, size, 0);
    if (!host || !is_undisturbed(s, h, cycles > s->tail_chain_cycles ? cycles : s->tail_chain_cycles)) return 0;
    memcpy(words, host, (loads_fp ? 8 + FP_REGISTERS : 8) * sizeof *words);
    if (has_fp && e->vectors) memcpy(words + 8 + FP_REGISTERS - 1, host + 4 * (8 + FP_REGISTERS - 1), 8);
    int to_thread = (exc_return & EXC_RETURN_THREAD) != 0, thread_frame = !(words[7] & XPSR_NUMBER);
    if (to_thread != thread_frame || !(words[7] & XPSR_THUMB)) return 0;
    if (loads_fp && words[8 + FP_REGISTERS - 1] & FPSCR_ROUNDING_MODE) return 0;

    uint64_t was_pending = s->pending[running / 64];
    uint32_t faultmask = s->is_mainline ? ask(r, uc, r->faultmask_id) : 0, zero = 0, event = s->event;
    put_in_mask(s->active, running, 0);
    if (s->is_mainline && running != NMI) put(e, uc, r->faultmask_id, zero);
    if (running >= FIRST_EXTERNAL && in_mask(s->levels, running - FIRST_EXTERNAL)) pend(s, running);
    s->generation++;
    uint32_t next = preempting(s, r, uc), handler = next ? vector_of(e, next) : 0;
    if (next && !handler) { /* a fault on the way: nothing has been done */
        put_in_mask(s->active, running, 1);
        s->pending[running / 64] = was_pending;
        s->event = event;
        if (s->is_mainline && running != NMI) put(e, uc, r->faultmask_id, faultmask);
        return 0;
    }
    if (e->contexts->enabled) contexts_flush(e->contexts, h);
    if (next) {
        if (e->contexts->enabled) contexts_pop_handler(e->contexts);
        spend(s, h, s->tail_chain_cycles);
        go_to_handler(e, r, h, uc, next, handler, exc_return, running, control);
        return 1;
    }
    spend(s, h, cycles);
    uint32_t stack_pointer = frame + size;
    if ((has_fp || s->configuration & CCR_STKALIGN) && words[7] & XPSR_STACK_ALIGN) stack_pointer |= 4;
    if (e->contexts->enabled)
        contexts_returned(e->contexts, e->tables, h, to_thread ? frame : 0, words[6] & ~1u, stack_pointer);
    unstack(e, r, uc, exc_return, words, stack_pointer, control, running);
    return 1;
}

#endif
