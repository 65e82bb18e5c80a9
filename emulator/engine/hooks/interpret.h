/* Runs Armv8.1-M's code where Unicorn 2.1.4 can't: from a block that has such instructions to one that has none.
 *
 * Python decodes a straight line of code once, a Program (programs.py). Each pass through one is a block to the
 * hook, as one of Unicorn's is: it is priced, counted and may be stopped before. tests/unicorn_traps tells when
 * Unicorn has these instructions.
 */
#ifndef BOARDLESS_INTERPRET_H
#define BOARDLESS_INTERPRET_H

#include "block_hook.h"
#include "execute.h"

#define FIRST_PROGRAMS (1u << 10)
#define NEVER_REFUSED UINT64_MAX
#define RUN_UNTIL 0xFFFFFFFEu
#define INTERRUPT_NOCP 17
#define ERROR_INVALID 10   /* UC_ERR_INSN_INVALID */
#define CPSR_STICKY (1u << 27)
#define LENT_IT 0xE8u      /* ITSTATE of the last instruction of an IT block, which is always executed */

typedef struct {           /* a straight line of code; without operations: Unicorn's to run */
    uint32_t address, size_bytes, n;
    uint32_t it, has_it;   /* ITSTATE that it begins in; an IT block is in it */
    const uint8_t *host;   /* its bytes where they may change, or NULL */
    uint8_t *code;         /* what they were */
    Operation *operations;
} Program;

typedef void (*reached_fn)(uint32_t address);

typedef struct Vectors {
    Executor executor;     /* the first */
    Program **programs;    /* by open addressing */
    uint32_t n_programs, places;
    uint32_t it, unicorns_it; /* ITSTATE here, and what Unicorn has */
    const uint32_t *watched; /* instructions of which `reached` is told before each is executed, and may stop there */
    uint32_t n_watched;
    reached_fn reached;
    int lent_error;        /* what Unicorn said of an instruction that it was lent */
    uint32_t finishes;     /* the fault, should a block's last instruction, of which Python is asked, be nobody's */
} Vectors;

typedef struct {           /* what Python shares: keep in step with vector_state.py */
    VectorState *state;
    uint32_t *registers;
    uint8_t *q;
    memory_fn read, write;
    const DataRights *rights;
    refuses_fn refuses;
    control_fn control;
    uint64_t forget;
} VectorDoors;

static void vectors_open(Vectors *v, const VectorDoors *doors, NativeHook *n) {
    v->executor = (Executor){
        .core = {.machine = {doors->state, doors->q, doors->registers}, .read = doors->read, .write = doors->write,
                 .rights = doors->rights, .refuses = doors->refuses, .control = doors->control, .forget = (uint32_t)doors->forget,
                 .code_pages = calloc(1u << (32 - PAGE_SHIFT - 3), 1)},
        .exceptions = &n->exceptions, .registers = &n->pricing.addresses.registers, .head = &n->pricing.head};
}

/* ---- ITSTATE ---- */

static uint32_t advanced(uint32_t it) { return it & 7 ? (it & 0xE0) | (it << 1 & 0x1F) : 0; }

static int begins_it_block(const Operation *o) { return o->operation == DO_NOTHING && o->immediate; }

/* Before operation `at` of a program; behind it when that is their number. */
static uint32_t it_before(const Program *p, uint32_t at) {
    uint32_t it = p->it;
    for (const Operation *o = p->operations; o < p->operations + at; o++)
        it = begins_it_block(o) ? o->immediate : advanced(it);
    return it;
}

/* ---- programs ---- */

static uint32_t program_place(const Vectors *v, uint32_t address) {
    uint32_t place = address * 0x9E3779B1u >> 8 & (v->places - 1);
    while (v->programs[place] && v->programs[place]->address != address) place = (place + 1) & (v->places - 1);
    return place;
}

static void free_program(Program *p) {
    if (!p) return;
    free(p->code); free(p->operations); free(p);
}

static void grow_programs(Vectors *v) {
    Program **before = v->programs;
    uint32_t places = v->places;
    v->places = places ? 2 * places : FIRST_PROGRAMS;
    v->programs = calloc(v->places, sizeof *v->programs);
    for (uint32_t n = 0; n < places; n++)
        if (before[n]) v->programs[program_place(v, before[n]->address)] = before[n];
    free(before);
}

static void add_program(Vectors *v, uint32_t address, uint32_t it, uint32_t size_bytes, const uint8_t *host,
                        const uint8_t *code, uint32_t n, const Operation *operations) {
    if (2 * v->n_programs >= v->places) grow_programs(v);
    Program *p = calloc(1, sizeof *p);
    *p = (Program){address, size_bytes, n, it, it != 0, host, copy_of(code, size_bytes), copy_of(operations, n * sizeof *operations)};
    for (uint32_t at = 0; at < n; at++) p->has_it |= begins_it_block(&operations[at]);
    uint32_t place = program_place(v, address);
    if (v->programs[place]) free_program(v->programs[place]);
    else v->n_programs++;
    v->programs[place] = p;
}

static void vectors_free(Vectors *v) {
    if (!v) return;
    for (uint32_t n = 0; n < v->places; n++) free_program(v->programs[n]);
    free(v->executor.core.code_pages);
    free(v->programs); free(v);
}

/* The program there; NULL: it is not known, begins in another ITSTATE, or its code has changed. */
static const Program *program_at(const Vectors *v, uint32_t address, uint32_t it) {
    const Program *p = v->places ? v->programs[program_place(v, address)] : NULL;
    return p && p->it == it && (!p->host || !memcmp(p->host, p->code, p->size_bytes)) ? p : NULL;
}

static void load_core(NativeHook *n, Vectors *v, void *uc) {
    Interpreter *i = &v->executor.core;
    i->uc = uc;
    uint32_t cpsr = ask(v->executor.registers, uc, n->exceptions.ids.cpsr);
    i->flags = cpsr & (FLAG_N | FLAG_Z | FLAG_C | FLAG_V);
    v->it = v->unicorns_it = it_state(cpsr);
    i->sticky = i->cleared = 0;
    i->last_read = i->last_written = NULL;
    i->memories = n->exceptions.memories;
    i->n_memories = n->exceptions.n_memories;
    v->executor.has_context = 0;
}

static void store_core(NativeHook *n, Vectors *v, void *uc, uint32_t pc) {
    const Exceptions *e = &n->exceptions;
    put(e, uc, e->ids.nzcv, v->executor.core.flags);
    if (v->executor.core.sticky | v->executor.core.cleared || v->it != v->unicorns_it) {
        uint32_t kept = v->executor.core.cleared ? ~(CPSR_STICKY | GE_FLAGS | XPSR_IT) : ~XPSR_IT;
        uint32_t cpsr = ask(v->executor.registers, uc, e->ids.cpsr) & kept;
        cpsr |= (v->it & 3) << IT_LOW_SHIFT | (v->it & IT_HIGH) << IT_HIGH_SHIFT;
        put(e, uc, e->ids.cpsr, cpsr | (v->executor.core.sticky ? CPSR_STICKY : 0));
        v->unicorns_it = v->it;
        v->executor.core.sticky = v->executor.core.cleared = 0;
    }
    put(e, uc, e->ids.pc, pc | 1);
}

/* Ask Python for the program at `pc`. */
static void need_program(NativeHook *n, uint32_t pc, uint32_t finishes) {
    n->vectors->finishes = finishes;
    n->pricing.head.need_address = pc;
    n->pricing.head.stop_code = STOP_NEED_PROGRAM;
}

static int is_executed(const Vectors *v, const Operation *o) {
    return o->condition == ALWAYS || condition_holds(v->executor.core.flags, o->condition);
}

static int is_scattered(const Operation *o) {
    return o->operation == DO_OFFSETS || o->operation == DO_ADDRESSES || o->operation == DO_INTERLEAVED;
}

/* Tell the block where the data of the instruction lie. */
static __attribute__((noinline)) void meet_elements(NativeHook *n, const Vectors *v, const Operation *o, uint32_t pc) {
    const Machine *m = &v->executor.core.machine;
    Elements *e = &n->pricing.addresses.elements;
    e->active = find_elements(&v->executor.core, o, active_bytes(m->state, m->r[LR]), e->addresses);
    for (uint32_t k = 0; n->block && k < n->block->n_hooked; k++) {
        const Hooked *hooked = &n->block->hooked[k];
        if (hooked->address == pc && hooked->kind == HOOK_ELEMENT) meet_element(&n->pricing.addresses, n->block, hooked);
    }
}

/* Tell who looks at the instruction there, operation `at`. Says whether it is not to be executed. */
static __attribute__((noinline)) int is_stopped_at(NativeHook *n, Vectors *v, const Program *p, uint32_t at, uint32_t pc) {
    const Operation *o = &p->operations[at];
    if (o->operation == DO_LEND) { /* of what traps all registers are asked for, flags too */
        v->it = it_before(p, at);
        store_core(n, v, v->executor.core.uc, pc);
    }
    if (is_executed(v, o)) {
        on_code(n, v->executor.core.uc, pc);
        if (is_scattered(o)) meet_elements(n, v, o, pc);
    }
    for (uint32_t k = 0; k < v->n_watched && !n->pricing.head.stop_code; k++)
        if (v->watched[k] == pc) v->reached(pc);
    return n->pricing.head.stop_code != STOP_NONE;
}

/* One instruction of an IT block, which only Unicorn executes; its condition holds. The hook is told that all of its
 * block is the interpreter's: it looks at nothing, and stops nothing. */
static int lend(NativeHook *n, Vectors *v, const Operation *o, const Program *p, uint32_t at, uint32_t pc) {
    BlockHook *h = &n->pricing.head;
    void *uc = v->executor.core.uc;
    uint32_t interprets = n->interprets, behind = pc + o->size_bytes;
    settle_laps(n);
    v->it = LENT_IT;
    store_core(n, v, uc, pc);
    n->interprets = 1;
    h->stop_code = STOP_INTERPRET;
    v->lent_error = n->emu_start(uc, pc | 1, behind, 0, 0);
    n->interprets = interprets;
    if (h->stop_code == STOP_INTERPRET) h->stop_code = STOP_NONE;
    load_core(n, v, uc);
    if (!v->lent_error && !h->interrupt && !h->stop_code && v->executor.core.machine.r[PC] == behind) return GOES_ON;
    v->it = it_before(p, at);
    store_core(n, v, uc, pc);
    return FAULTS;
}

/* Operations `at` to `end` of a program. Says what ended it; *pc: where that is, or what comes next. */
static int pass_through(NativeHook *n, Vectors *v, const Program *p, uint32_t at, uint32_t end, uint32_t *pc) {
    Interpreter *i = &v->executor.core;
    int watched = v->n_watched || (n->block && n->block->n_hooked), ended = GOES_ON;
    for (; at < end; at++) {
        const Operation *o = &p->operations[at];
        if (watched && is_stopped_at(n, v, p, at, *pc)) { ended = FAULTS; break; }
        i->next = *pc;
        if (o->operation != DO_LEND) ended = execute(&v->executor, o);
        else if (is_executed(v, o)) ended = lend(n, v, o, p, at, *pc);
        if (ended) break;
        *pc += o->size_bytes;
    }
    if (ended == BRANCHES) *pc = i->next;
    if (p->has_it) v->it = ended == BRANCHES ? 0 : it_before(p, at);
    return ended;
}

/* The last instruction of Unicorn's block, at which it trapped. 1: done, and *pc behind it. */
static int finish_block(NativeHook *n, Vectors *v, uint32_t *pc) {
    const Program *p = program_at(v, *pc, v->it);
    if (!p) { need_program(n, *pc, v->finishes); return 0; }
    uint32_t otherwise = v->finishes;
    v->finishes = FAULT_NONE;
    if (!p->n) { fault(&v->executor.core, otherwise, *pc); return 0; }
    if (is_scattered(p->operations) && is_executed(v, p->operations)) {
        meet_elements(n, v, p->operations, *pc);
        if (n->pricing.head.stop_code) { v->finishes = otherwise; return 0; }
    }
    v->executor.core.next = *pc;
    int ended = execute(&v->executor, p->operations);
    if (ended == FAULTS) return 0;
    *pc = ended == BRANCHES ? v->executor.core.next : *pc + p->operations->size_bytes;
    v->it = ended == BRANCHES ? 0 : advanced(v->it);
    return 1;
}

/* Run on from `pc`; `within`: a block of Unicorn's, at its last instruction. 1: Unicorn goes on, where PC stands;
 * 0: something else is due first. */
static int interpret(NativeHook *n, void *uc, uint32_t pc, int within) {
    Vectors *v = n->vectors;
    BlockHook *h = &n->pricing.head;
    uint32_t *r = v->executor.core.machine.r;
    int goes_on = 0;
    v->lent_error = 0;
    load_core(n, v, uc);
    if (!within || finish_block(n, v, &pc)) {
        n->interprets = 1;
        for (;;) {
            const Program *p = program_at(v, pc, v->it);
            if (!p) { need_program(n, pc, 0); break; }
            if (!p->n) { goes_on = 1; break; }
            r[PC] = pc;
            on_block(n, uc, pc, p->size_bytes);
            if (h->stop_code == STOP_NEED_BLOCK) need_program(n, pc, 0);
            if (h->stop_code || pass_through(n, v, p, 0, p->n, &pc) == FAULTS) break;
        }
        n->interprets = 0;
        settle_laps(n);
    }
    store_core(n, v, uc, pc);
    return goes_on;
}

/* The program where Unicorn stands. */
static const Program *program_here(const NativeHook *n, void *uc, uint32_t pc) {
    return program_at(n->vectors, pc, it_state(ask(n->vectors->executor.registers, uc, n->exceptions.ids.cpsr)));
}

/* Whether Unicorn stopped at an instruction that the interpreter may have: its block is then to be finished. */
static int is_trapped(NativeHook *n, void *uc, int error) {
    BlockHook *h = &n->pricing.head;
    if (h->stop_code != STOP_NONE || (error != ERROR_INVALID && h->interrupt != INTERRUPT_NOCP)) return 0;
    const Program *p = program_here(n, uc, read_register(&n->pricing.addresses.registers, uc, 15));
    if (p && !p->n) return 0;
    n->vectors->finishes = h->interrupt ? FAULT_NOCP : FAULT_UNDEFINED;
    h->interrupt = 0;
    return 1;
}

/* As emu_start, by Unicorn and the interpreter in turn. */
static int run_both(NativeHook *n, void *uc, uint32_t pc) {
    BlockHook *h = &n->pricing.head;
    Vectors *v = n->vectors;
    const Registers *r = &n->pricing.addresses.registers;
    v->executor.core.machine.state->fault = FAULT_NONE;
    int within = v->finishes != FAULT_NONE;
    const Program *p = program_here(n, uc, pc);
    int interprets = within || (p && p->n);
    for (uint64_t refused = NEVER_REFUSED;;) {
        if (interprets) {
            if (!interpret(n, uc, pc, within)) return v->lent_error;
        } else {
            int error = n->emu_start(uc, pc | 1, RUN_UNTIL, 0, 0);
            settle_laps(n);
            within = is_trapped(n, uc, error);
            if (!within) {
                if (h->stop_code != STOP_INTERPRET) return error;
                if (refused == h->block_serial) { need_program(n, pc, 0); return 0; } /* each says: the other's */
                refused = h->block_serial;
            }
            h->stop_code = STOP_NONE;
        }
        interprets = !interprets;
        pc = read_register(r, uc, 15);
    }
}

/* ---- a debugger's steps ---- */

/* The interpreter's part of the block that was entered, from `pc` to before `until`. */
static void pass_part(NativeHook *n, void *uc, uint32_t pc, uint32_t until) {
    Vectors *v = n->vectors;
    const Program *p = v->places ? v->programs[program_place(v, n->block->address)] : NULL;
    if (!p) { need_program(n, pc, 0); return; }
    uint32_t at = 0, end, address = p->address;
    while (at < p->n && address < pc) address += p->operations[at++].size_bytes;
    for (end = at; end < p->n && address < until;) address += p->operations[end++].size_bytes;
    n->pricing.head.stop_code = STOP_NONE;
    load_core(n, v, uc);
    pass_through(n, v, p, at, end, &pc);
    store_core(n, v, uc, pc);
}

/* As emu_start up to `until`, in the block that was entered: Unicorn's, whose last instruction may trap, or not. */
static int run_part(NativeHook *n, void *uc, uint32_t pc, uint32_t until) {
    Vectors *v = n->vectors;
    v->executor.core.machine.state->fault = FAULT_NONE;
    if (n->block && n->block->redirects) {
        pass_part(n, uc, pc, until);
        return 0;
    }
    int error = n->emu_start(uc, pc | 1, until, 0, 0);
    if (!is_trapped(n, uc, error)) return error;
    pc = read_register(&n->pricing.addresses.registers, uc, 15);
    load_core(n, v, uc);
    finish_block(n, v, &pc);
    store_core(n, v, uc, pc);
    return 0;
}

#endif
