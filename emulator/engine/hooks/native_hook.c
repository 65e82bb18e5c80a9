/* The native block hook: the one C file that the rest is included in, and its doors to Python.
 *
 * Twin of native_hook.py, which calls the doors. The files below, each beside its Python twin:
 *
 *   timing/memory/   what an access costs: cache, port, a file a rule set, memory_system on top
 *   timing/          branch_predictor, divider
 *   engine/          what Python fills in: hook, events, expressions; register_file
 *   system/          exception_state, which Python shares
 *   engine/          also remembered_reads, lent_input, lent_output, which Python shares
 *   engine/vector/   what Armv8.1-M does to vectors: vector_state, operations, lanes, elements, wide, numbers, floats, halves
 *   engine/hooks/    short_program, block, tables, address_program, homes, addresses, all_hits, banks, footprint,
 *                    costs, pricing, contexts, laps, pricer, survey, answers, block_hook, exceptions, input, output, register_reads, run on top
 *                    interpreted_memory, interpreted_core, interpreted_loops, execute, interpret: beside Unicorn
 *
 * They are one translation unit: the compiler sees all of what happens at a block's entry. No
 * Unicorn header is needed: its two entry points come in as pointers.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "register_reads.h"
#include "run.h"

#define EXPORT __attribute__((visibility("default")))

/* ---- called from Unicorn ---- */

EXPORT void bl_on_block(void *uc, uint64_t address, uint32_t size, void *user) {
    on_block(user, uc, (uint32_t)address, size);
}

EXPORT void bl_on_code(void *uc, uint64_t address, uint32_t size, void *user) {
    (void)size;
    on_code(user, uc, (uint32_t)address);
}

EXPORT uint64_t bl_on_read(void *uc, uint64_t offset, uint32_t size, void *window) {
    return read_register_at(uc, offset, size, window);
}

EXPORT void bl_on_write(void *uc, uint64_t offset, uint32_t size, uint64_t value, void *window) {
    write_register_at(uc, offset, size, value, window);
}

EXPORT void bl_on_interrupt(void *uc, uint32_t number, void *user) {
    NativeHook *n = user;
    n->pricing.head.interrupt = number;
    n->emu_stop(uc);
}

/* ---- called from Python: a hook's life ---- */

static void no_suspect(uint32_t address) { (void)address; }

EXPORT NativeHook *bl_new(emu_start_fn emu_start, emu_stop_fn emu_stop, reg_read_fn reg_read, const int *ids) {
    NativeHook *n = calloc(1, sizeof *n);
    if (!n) return NULL;
    Registers *r = &n->pricing.addresses.registers;
    n->emu_start = emu_start;
    n->emu_stop = emu_stop;
    n->pricing.addresses.suspect = no_suspect;
    r->reg_read = reg_read;
    memcpy(r->ids, ids, sizeof r->ids);
    r->primask_id = ids[16];
    r->basepri_id = ids[17];
    r->faultmask_id = ids[18];
    n->pricing.head.current = -1;
    n->pricing.head.serves_exceptions = 1;
    n->pricing.head.deadline = n->pricing.head.break_address = n->pricing.head.turn_address = NO_ADDRESS;
    memory_init(&n->pricing.memory);
    tables_init(&n->tables);
    contexts_init(&n->contexts);
    n->exceptions.contexts = &n->contexts;
    n->exceptions.tables = &n->tables;
    return n;
}

EXPORT void bl_free(NativeHook *n) {
    tables_free(&n->tables);
    contexts_free(&n->contexts);
    footprint_free(&n->pricing.footprint);
    memory_free(&n->pricing.memory);
    vectors_free(n->vectors);
    free(n);
}

EXPORT void bl_set_registers(NativeHook *n, const uint32_t *registers) {
    n->pricing.addresses.registers.file = registers;
    n->pricing.memory.settings++;
}

EXPORT int bl_run(NativeHook *n, void *uc, uint32_t pc) { return run(n, uc, pc); }

EXPORT void bl_share_exceptions(NativeHook *n, ExceptionState *state, reg_write_fn reg_write, const RegisterIds *ids,
                                uint64_t *monitor, const uint32_t *main_limit, const uint32_t *process_limit) {
    n->exceptions.state = state;
    n->exceptions.reg_write = reg_write;
    n->exceptions.ids = *ids;
    n->exceptions.monitor = monitor;
    n->exceptions.main_limit = main_limit;
    n->exceptions.process_limit = process_limit;
}

EXPORT void bl_share_reads(NativeHook *n, RememberedReads *reads) { n->remembered = reads; }

EXPORT void bl_share_input(NativeHook *n, LentInput *input) { n->input = input; }

EXPORT void bl_share_output(NativeHook *n, LentOutput *output) { n->output = output; }

EXPORT void bl_share_tick(NativeHook *n, LentTick *tick) { n->tick = tick; }

EXPORT void bl_know_turn(NativeHook *n, const KnownTurn *turn) { know_turn(&n->watch, turn); }

EXPORT void bl_know_loads(NativeHook *n, uint32_t block, uint32_t state, uint32_t n_loads, const KnownLoad *loads,
                          const uint16_t *issue) {
    know_loads(n, block, state, n_loads, loads, issue);
}

EXPORT void bl_share_memories(NativeHook *n, uint32_t n_memories, const HostMemory *memories) {
    n->exceptions.n_memories = n_memories < MOST_MEMORIES ? n_memories : MOST_MEMORIES;
    memcpy(n->exceptions.memories, memories, n->exceptions.n_memories * sizeof *memories);
}

/* ---- Armv8.1-M ---- */

EXPORT int bl_operation_number(const char *name) { return operation_number(name); }

EXPORT void bl_share_vectors(NativeHook *n, const VectorDoors *doors) {
    Vectors *v = n->vectors = calloc(1, sizeof *v);
    n->exceptions.vectors = doors->state;
    vectors_open(v, doors, n);
}

EXPORT void bl_add_program(NativeHook *n, uint32_t address, uint32_t it, uint32_t size_bytes, const uint8_t *host,
                           const uint8_t *code, uint32_t count, const Operation *operations) {
    add_program(n->vectors, address, it, size_bytes, host, code, count, operations);
}

EXPORT void bl_watch_programs(NativeHook *n, const uint32_t *addresses, uint32_t count, void (*reached)(uint32_t)) {
    n->vectors->watched = addresses;
    n->vectors->n_watched = count;
    n->vectors->reached = reached;
}

/* The data of the gather, scatter or interleaving access that is about to be executed. */
EXPORT const Elements *bl_elements(const NativeHook *n) { return &n->pricing.addresses.elements; }

EXPORT int bl_run_part(NativeHook *n, void *uc, uint32_t pc, uint32_t until) { return run_part(n, uc, pc, until); }

EXPORT uint32_t bl_take_exception(NativeHook *n, void *uc) { return take_exception(n, uc); }

/* ---- the automaton ---- */

EXPORT uint32_t bl_add_block(NativeHook *n, const BlockPlan *plan, uint8_t *host, const uint8_t *code) {
    if (n->vectors) note_code(&n->vectors->executor.core, plan->address, plan->size_bytes);
    return define_block(&n->tables, &n->contexts, plan, host, code);
}

EXPORT void bl_watch_traps(NativeHook *n, suspect_fn suspect) { n->pricing.addresses.suspect = suspect; }

EXPORT void bl_watches_alignment(NativeHook *n, uint32_t block) { n->tables.blocks[block]->watches_alignment = 1; }

EXPORT void bl_permit(NativeHook *n, uint32_t block, uint64_t protection) {
    n->tables.blocks[block]->permitted |= protection;
}

EXPORT void bl_forget_permits(NativeHook *n) {
    for (uint32_t i = 0; i < n->tables.n_blocks; i++) n->tables.blocks[i]->permitted = 0;
}

EXPORT void bl_set_guards(NativeHook *n, uint32_t n_guards, const Guard *guards) {
    n->pricing.addresses.n_guards = n_guards;
    memcpy(n->pricing.addresses.guards, guards, n_guards * sizeof *guards);
}

EXPORT void bl_redirect(NativeHook *n, uint32_t block) { n->tables.blocks[block]->redirects = 1; }

EXPORT void bl_drop_block(NativeHook *n, uint32_t block) { drop_block(&n->tables, block); }

EXPORT uint32_t bl_add_path(NativeHook *n, uint32_t state, uint32_t block, uint32_t skipped, const uint16_t *issue,
                            uint32_t n_pairs, const LoadPair *pairs) {
    return add_path(&n->tables, state, block, skipped, issue, n_pairs, pairs);
}

EXPORT int32_t bl_find_path(NativeHook *n, uint32_t state, uint32_t block, uint32_t skipped) {
    return find_path(&n->tables, state, block, skipped);
}

EXPORT void bl_set_edge(NativeHook *n, uint32_t path, uint32_t edge, uint32_t cycles, uint32_t next_state) {
    set_edge(&n->tables, path, edge, cycles, next_state);
}

EXPORT uint32_t bl_finish(NativeHook *n, uint32_t edge) { return n->block ? finish(n, edge) : STOP_NONE; }

EXPORT void bl_abandon(NativeHook *n, uint32_t instructions, uint32_t cycles) { abandon(n, instructions, cycles); }

EXPORT void bl_skip(NativeHook *n, uint64_t cycles, uint64_t instructions) { skip(n, cycles, instructions); }

EXPORT uint64_t bl_advance(NativeHook *n, const uint16_t *issue, uint32_t upto) { return advance(n, issue, upto); }

EXPORT uint32_t bl_event_count(NativeHook *n, uint32_t block) { return n->tables.blocks[block]->n_events; }

EXPORT uint32_t bl_trace(NativeHook *n, uint32_t i) { return n->trace[i % TRACE_LENGTH]; }

/* ---- planning and pricing ---- */

EXPORT Pricer *bl_pricer_new(uint32_t model, uint32_t queue_lead, const int32_t *rules, uint32_t n_rules) {
    return pricer_new(model, queue_lead, rules, n_rules);
}

EXPORT void bl_pricer_free(Pricer *p) { pricer_free(p); }

EXPORT void bl_pricer_add(Pricer *p, const BookEntry *entries, uint32_t n_entries) {
    for (uint32_t i = 0; i < n_entries; i++) book_add(&p->book, entries[i].key, &entries[i].decoded);
}

EXPORT uint32_t bl_pricer_state(Pricer *p, const CoreState *state) { return pricer_state(p, state); }

EXPORT const CoreState *bl_pricer_state_at(Pricer *p, uint32_t state) { return &p->states[state]; }

EXPORT int bl_pricer_plan(Pricer *p, uint32_t address, const uint8_t *code, uint32_t size_bytes, uint32_t it,
                          const Ways *ways) {
    return pricer_plan(p, address, code, size_bytes, it, ways);
}

EXPORT const BlockPlan *bl_pricer_planned(Pricer *p) { return &p->planner.plan; }

EXPORT void bl_pricer_set_slot(Pricer *p, uint32_t slot) { p->planner.events[p->found.branch_event].address = slot; }

EXPORT int bl_pricer_price(NativeHook *n, Pricer *p, uint32_t block, const uint8_t *code, uint32_t it, uint32_t state,
                           uint32_t skipped, uint32_t edge) {
    return pricer_price(p, n->tables.blocks[block], code, it, state, skipped, edge);
}

/* ---- answering where a question comes up ---- */

EXPORT Answers *bl_answers_new(Pricer *p) {
    Answers *a = calloc(1, sizeof *a);
    if (a) a->pricer = p;
    return a;
}

EXPORT void bl_answers_free(Answers *a) {
    answers_free(a);
    free(a);
}

EXPORT void bl_answer_by(NativeHook *n, Answers *a) { n->answers = a; }

EXPORT void bl_plan_at(Answers *a, const WaysAt *where) {
    if (a->n_ways < MOST_WAYS) a->ways[a->n_ways++] = *where;
}

EXPORT void bl_survey(NativeHook *n, uint32_t address, uint32_t size_bytes, uint32_t it, const Ways *ways) {
    survey_at(n->answers, &n->exceptions, address, size_bytes, it, ways);
}

EXPORT void bl_arm(Answers *a, const uint32_t *addresses, uint32_t n_addresses) {
    for (uint32_t i = 0; i < n_addresses; i++) addresses_add(&a->armed, addresses[i]);
}

EXPORT void bl_forget_ways(Answers *a) {
    a->n_ways = 0;
    addresses_forget(&a->surveyed);
}

EXPORT void bl_may_price(NativeHook *n, uint32_t block, uint32_t it) {
    may_price(n->tables.blocks[block], it, 0);
}

EXPORT int bl_answer_edge(NativeHook *n) { return answer_edge(n->answers, &n->tables, &n->pricing.head); }

EXPORT void bl_pair_states(Answers *a, uint32_t state, uint32_t in_pricer) { pair_states(a, state, in_pricer); }

EXPORT uint32_t bl_state_in_pricer(Answers *a, uint32_t state) {
    return state < a->cap_states ? a->in_pricer[state] : 0;
}

EXPORT uint32_t bl_branch_slot(Answers *a, uint32_t site) { return branch_slot(a, site); }

EXPORT uint32_t bl_block_count(NativeHook *n) { return n->tables.n_blocks; }

EXPORT void bl_describe(NativeHook *n, uint32_t block, DescribedBlock *d) {
    const Block *b = n->tables.blocks[block];
    *d = (DescribedBlock){b->address, b->size_bytes, b->it, b->ways, 0, (uint64_t)b->code};
    if (b->host != (const uint8_t *)b) d->host = (uint64_t)b->host; /* a dropped one's */
}

/* ---- the memory system ---- */

EXPORT void bl_set_region(NativeHook *n, uint32_t number, uint32_t base, uint32_t end, int32_t port,
                          int32_t instruction_cache, int32_t data_cache, uint32_t is_free, const uint8_t *host) {
    memory_set_region(&n->pricing.memory, number,
                      (TimedRegion){base, end, port, instruction_cache, data_cache, is_free, host, 0, 0, 0});
}

EXPORT void bl_set_first_load(NativeHook *n, uint32_t number, uint32_t cycles) {
    n->pricing.memory.regions[number].first_load = cycles;
    n->pricing.memory.settings++;
}

EXPORT void bl_set_stores(NativeHook *n, uint32_t number, uint32_t stores) {
    n->pricing.memory.regions[number].stores = stores;
    n->pricing.memory.settings++;
}

EXPORT void bl_set_port(NativeHook *n, uint32_t number, uint32_t wait_states, uint32_t read_shift, uint32_t prefetch) {
    port_configure(&n->pricing.memory.ports[number], wait_states, read_shift, prefetch);
    n->pricing.memory.settings++;
}

EXPORT void bl_set_bus(NativeHook *n, uint32_t number, uint32_t bus_cycles, uint32_t rules) {
    n->pricing.memory.ports[number].bus_cycles = bus_cycles;
    n->pricing.memory.ports[number].rules = rules;
    n->pricing.memory.settings++;
}

EXPORT void bl_set_cache(NativeHook *n, uint32_t number, uint32_t enabled, uint32_t sets, uint32_t ways,
                         uint32_t line_shift) {
    cache_shape(&n->pricing.memory.caches[number], enabled, sets, ways, line_shift);
    n->pricing.memory.settings++;
}

EXPORT void bl_invalidate(NativeHook *n, uint32_t number) { cache_invalidate(&n->pricing.memory.caches[number]); }

EXPORT void bl_cache_counts(NativeHook *n, uint32_t number, uint64_t *hits, uint64_t *misses) {
    *hits = n->pricing.memory.caches[number].hits;
    *misses = n->pricing.memory.caches[number].misses;
}

EXPORT void bl_set_data_timing(NativeHook *n, const UnalignedTiming *unaligned, const DivideTiming *divide) {
    memory_set_timing(&n->pricing.memory, unaligned);
    n->pricing.addresses.divide = *divide;
}

/* ---- results ---- */

EXPORT uint32_t bl_path_count(NativeHook *n) { return n->tables.n_paths; }

EXPORT void bl_path(NativeHook *n, uint32_t path, uint32_t *key, uint64_t *counts, uint64_t *stalls) {
    path_counts(&n->tables, path, key, counts, stalls);
}

EXPORT const uint64_t *bl_event_stalls(NativeHook *n, uint32_t block) {
    settle(&n->tables);
    return n->tables.blocks[block]->event_stall;
}

EXPORT const uint64_t *bl_event_unaligned(NativeHook *n, uint32_t block) {
    return n->tables.blocks[block]->event_unaligned;
}

EXPORT const uint64_t *bl_event_bus(NativeHook *n, uint32_t block) {
    settle(&n->tables);
    return n->tables.blocks[block]->event_bus;
}

EXPORT void bl_counters(NativeHook *n, uint64_t *edges, uint64_t *events) {
    counters(&n->tables, edges, events);
}

EXPORT size_t bl_counter_words(NativeHook *n, uint32_t of_events) {
    const Counters *c = of_events ? &n->tables.of_events : &n->tables.of_paths;
    size_t words = 0;
    for (uint32_t i = 0; i < c->n; i++) words += c->chunks[i].used;
    return words;
}

EXPORT void bl_mark(NativeHook *n) { mark(&n->tables); }

/* What has passed since the mark, of paths or of events; says how many words that is. */
EXPORT size_t bl_since_mark(NativeHook *n, uint32_t of_events, const uint64_t **words) {
    if (!of_events) since_mark(&n->tables);
    *words = n->tables.passed[of_events].words;
    return n->tables.passed[of_events].n;
}

/* The memories' and the predictor's state to a snapshot's bytes; without a buffer, its size. */
EXPORT size_t bl_save_memory(NativeHook *n, uint8_t *to) {
    if (to) memcpy(to, &n->pricing.predictor, sizeof n->pricing.predictor);
    return sizeof n->pricing.predictor + memory_save(&n->pricing.memory, to ? to + sizeof n->pricing.predictor : NULL);
}

EXPORT void bl_load_memory(NativeHook *n, uint8_t *from) {
    memcpy(&n->pricing.predictor, from, sizeof n->pricing.predictor);
    memory_load(&n->pricing.memory, from + sizeof n->pricing.predictor);
}

/* ---- where data accesses go ---- */

EXPORT void bl_footprint_start(NativeHook *n, const uint32_t *starts, uint32_t count) {
    Footprint *f = &n->pricing.footprint;
    footprint_free(f);
    for (uint32_t i = 0; i < n->tables.n_blocks; i++) {
        Block *b = n->tables.blocks[i];
        memset(b->group_stretch, 0, b->n_groups * sizeof *b->group_stretch);
    }
    if (!count) return;
    *f = (Footprint){count, copy_of(starts, count * sizeof *starts), calloc(count, sizeof *f->stretches)};
}

EXPORT const uint64_t *bl_footprint_rows(NativeHook *n) {
    for (uint32_t i = 0; i < n->tables.n_blocks; i++)
        for (uint32_t g = 0; g < n->tables.blocks[i]->n_groups; g++)
            footprint_flush(&n->pricing.footprint, n->tables.blocks[i], g);
    return &n->pricing.footprint.stretches->loads;
}

/* ---- call contexts ---- */

EXPORT void bl_contexts_start(NativeHook *n, const uint32_t *starts, uint32_t count, uint32_t pc, uint32_t exception) {
    contexts_start(&n->contexts, &n->tables, &n->pricing.head, starts, count, pc, exception);
}

EXPORT void bl_contexts_stop(NativeHook *n) {
    contexts_flush(&n->contexts, &n->pricing.head);
    n->contexts.enabled = 0;
}

EXPORT void bl_contexts_restart(NativeHook *n, uint32_t pc, uint32_t exception) {
    contexts_restart(&n->contexts, &n->tables, &n->pricing.head, pc, exception);
}

EXPORT void bl_contexts_preempted(NativeHook *n, uint32_t stack_pointer) {
    contexts_preempted(&n->contexts, &n->pricing.head, stack_pointer);
}

EXPORT void bl_contexts_entered(NativeHook *n, uint32_t exception, uint32_t handler) {
    contexts_entered(&n->contexts, &n->tables, &n->pricing.head, exception, handler);
}

EXPORT void bl_contexts_flush(NativeHook *n) { contexts_flush(&n->contexts, &n->pricing.head); }

EXPORT void bl_contexts_chained(NativeHook *n) { contexts_pop_handler(&n->contexts); }

EXPORT void bl_contexts_returned(NativeHook *n, uint32_t stack_pointer, uint32_t pc, uint32_t thread_stack) {
    contexts_returned(&n->contexts, &n->tables, &n->pricing.head, stack_pointer, pc, thread_stack);
}

EXPORT void bl_contexts_mark(NativeHook *n) { contexts_mark(&n->contexts, &n->pricing.head); }

EXPORT void bl_contexts_turn_ended(NativeHook *n) { contexts_turn_ended(&n->contexts, &n->pricing.head); }

EXPORT void bl_contexts_repeat(NativeHook *n, uint64_t turns, uint64_t cycles, uint64_t instructions) {
    contexts_repeat(&n->contexts, &n->pricing.head, turns, cycles, instructions);
}

EXPORT void bl_contexts_slept(NativeHook *n, uint64_t cycles) { contexts_slept(&n->contexts, cycles); }

EXPORT int32_t bl_contexts_current(NativeHook *n) { return contexts_current(&n->contexts); }

EXPORT uint32_t bl_contexts_count(NativeHook *n) { return n->contexts.n_nodes; }

EXPORT const ContextNode *bl_contexts_nodes(NativeHook *n) { return n->contexts.nodes; }

EXPORT uint32_t bl_contexts_jump_count(NativeHook *n) { return n->contexts.n_jumps; }

EXPORT const TableJump *bl_contexts_jumps(NativeHook *n) { return n->contexts.jumps; }

EXPORT size_t bl_contexts_save(NativeHook *n, uint8_t *to) {
    return contexts_save(&n->contexts, &n->pricing.head, to);
}

EXPORT void bl_contexts_load(NativeHook *n, const uint8_t *from) {
    contexts_load(&n->contexts, &n->pricing.head, from);
}
