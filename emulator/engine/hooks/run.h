/* Runs Unicorn on behind the exceptions that can be served here: entry, return, supervisor calls.
 *
 * Without it each of them ends a slice (machine/slices.py), which is the twin. What is not served here
 * comes back to Python as Unicorn left it. A loop that is looked at runs undisturbed: there all does.
 */
#ifndef BOARDLESS_RUN_H
#define BOARDLESS_RUN_H

#include "../../system/exception_state.h"
#include "block_hook.h"
#include "exceptions.h"
#include "input.h"
#include "output.h"
#include "interpret.h"
#include "tick.h"

#define EXC_RETURN_FROM 0xFFFFFF00u
#define INTERRUPT_SVC 2    /* QEMU's number, as UC_HOOK_INTR gives it */
#define BRANCH_EDGE 1

static int may_serve(const NativeHook *n) {
    const ExceptionState *s = n->exceptions.state;
    return s && s->count && !s->left_to_python && n->pricing.head.serves_exceptions;
}

/* Between two blocks: enter what preempts, and watch for what the mask registers hold back. */
static uint32_t take_exception(NativeHook *n, void *uc) {
    Exceptions *e = &n->exceptions;
    BlockHook *h = &n->pricing.head;
    const Registers *r = &n->pricing.addresses.registers;
    if (!may_serve(n)) return TAKEN_LEFT;
    uint32_t taken = TAKEN_NONE, number;
    while ((number = preempting(e->state, r, uc))) {
        if (!enter_exception(e, r, h, uc, number)) return TAKEN_LEFT;
        h->state = h->initial_state;
        taken = TAKEN_ENTERED;
    }
    watch_masks(e->state, h);
    return taken;
}

/* The running block ends in a return or a supervisor call. 0: it was not served. */
static int serve_end_of_block(NativeHook *n, void *uc) {
    Exceptions *e = &n->exceptions;
    BlockHook *h = &n->pricing.head;
    const Registers *r = &n->pricing.addresses.registers;
    ExceptionState *s = e->state;
    uint32_t pc = read_register(r, uc, 15);
    if (pc >= EXC_RETURN_FROM) {
        if (!(ask_register(r, uc, e->ids.ipsr) & XPSR_NUMBER)) return 0;
        h->returns_from = n->block ? n->block->site : 0;
        return !(n->block && finish(n, BRANCH_EDGE)) && return_from_exception(e, r, h, uc, pc);
    }
    if (h->interrupt != INTERRUPT_SVC || (n->block && finish(n, 0))) return 0;
    if (preemption_priority(s, SVCALL) >= masked_priority(s, r, uc)) return 0;
    int was_pending = in_mask(s->pending, SVCALL);
    put_in_mask(s->pending, SVCALL, 1);
    s->generation++;
    if (enter_exception(e, r, h, uc, best_pending(s))) return 1;
    put_in_mask(s->pending, SVCALL, was_pending);
    return 0;
}

/* Whether what ended a run has been served, and the core goes on. */
static int goes_on(NativeHook *n, void *uc, int error) {
    BlockHook *h = &n->pricing.head;
    if (!may_serve(n) || h->stop_request & REQUEST_PYTHON) return 0;
    if (h->stop_code == STOP_NONE && ends_in_wfi(n, uc, error)) {
        if (!sleep_for_input(n, uc)) {
            if (n->input && n->input->is_asleep) h->stop_code = STOP_REQUEST;
            return 0;
        }
    } else if (h->stop_code == STOP_NONE) {
        if (!serve_end_of_block(n, uc)) return 0;
        h->state = h->initial_state;
        h->interrupt = 0;
    } else if (h->stop_code != STOP_MASKS && h->stop_code != STOP_REQUEST && h->stop_code != STOP_DEADLINE) return 0;
    else if (!(ask_register(&n->pricing.addresses.registers, uc, n->exceptions.ids.cpsr) & CPSR_THUMB)) return 0;
    if (h->stop_code == STOP_DEADLINE && !input_due(n) && !output_due(n) && !tick_due(n)) return 0;
    h->stop_request = 0;
    h->stop_code = STOP_REQUEST; /* why Python is to look, should it have to */
    return take_exception(n, uc) != TAKEN_LEFT;
}

static int run(NativeHook *n, void *uc, uint32_t pc) {
    BlockHook *h = &n->pricing.head;
    int error;
    if (n->watch.stage) end_watch(n);
    do {
        h->stop_code = STOP_NONE;
        h->interrupt = h->returns_from = 0;
        error = n->vectors ? run_both(n, uc, pc) : n->emu_start(uc, pc | 1, RUN_UNTIL, 0, 0);
        settle_laps(n);
        if (n->vectors && n->vectors->executor.core.machine.state->fault) return error;
    } while (goes_on(n, uc, error) && ((pc = read_register(&n->pricing.addresses.registers, uc, 15)), 1));
    return h->stop_code == STOP_REQUEST ? 0 : error;
}

#endif
