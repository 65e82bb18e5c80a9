/* Looks along a function's code before it is executed: what of it the book lacks, and what must be watched.
 *
 * From the block that is being met on it follows straight lines and branches to constant targets, not calls.
 * Where Unicorn will end a block is a guess here: an instruction too many or too few in the lists costs time
 * alone, for what is executed is planned as it is met. Twin: none; native_automaton.py asks.
 */
#ifndef BOARDLESS_SURVEY_H
#define BOARDLESS_SURVEY_H

#include <stdint.h>

#include "pricer.h"

#define MOST_SURVEYED 192     /* blocks of one survey */
#define SURVEYED_BYTES 512    /* of one block */

typedef struct { uint32_t *places, n, n_places; } AddressSet; /* addresses + 1, by open addressing */

typedef struct {
    const uint8_t *host;      /* of the byte at first */
    uint32_t first, last, n;  /* addresses from first to last are looked at */
    uint32_t starts[MOST_SURVEYED];
} Survey;

/* ---- sets of addresses ---- */

static uint32_t *address_place(const AddressSet *set, uint32_t address) {
    uint32_t mask = set->n_places - 1, place = (address * 0x9E3779B9u) >> 7 & mask;
    while (set->places[place] && set->places[place] != address + 1) place = (place + 1) & mask;
    return &set->places[place];
}

static int addresses_have(const AddressSet *set, uint32_t address) {
    return set->n && *address_place(set, address);
}

static void addresses_add(AddressSet *set, uint32_t address) {
    if (2 * (set->n + 1) > set->n_places) {
        AddressSet old = *set;
        set->n_places = old.n_places ? 2 * old.n_places : 1024;
        set->places = calloc(set->n_places, sizeof *set->places);
        for (uint32_t k = 0; k < old.n_places; k++)
            if (old.places[k]) *address_place(set, old.places[k] - 1) = old.places[k];
        free(old.places);
    }
    uint32_t *place = address_place(set, address);
    if (!*place) set->n++;
    *place = address + 1;
}

static void addresses_forget(AddressSet *set) {
    free(set->places);
    *set = (AddressSet){0};
}

/* ---- where code goes ---- */

/* Whether an instruction of 4 bytes there is within what is looked at. */
static int survey_has(const Survey *s, uint32_t address) {
    return address >= s->first && address <= s->last && s->last - address >= 3;
}

static void survey_add(Survey *s, uint32_t address) {
    if (!survey_has(s, address) || s->n == MOST_SURVEYED) return;
    for (uint32_t k = 0; k < s->n; k++)
        if (s->starts[k] == address) return;
    s->starts[s->n++] = address;
}

static uint32_t survey_opcode(const Survey *s, uint32_t address) {
    const uint8_t *code = s->host + (address - s->first);
    uint32_t opcode = code[0] | (uint32_t)code[1] << 8;
    return opcode < WIDE_FROM ? opcode : opcode << 16 | code[2] | (uint32_t)code[3] << 8;
}

/* Whether code never goes on behind an instruction: B, BX, POP and LDM of PC, TBB, TBH. */
static int goes_elsewhere(uint32_t opcode) {
    if (opcode < WIDE_FROM) return opcode >> 11 == 28 || (opcode & 0xFF80) == 0x4700 || opcode >> 8 == 0xBD;
    if (opcode >> 16 == 0xE8BD) return opcode >> 15 & 1;
    return (opcode & 0xF800D000) == 0xF0009000 || (opcode & 0xFFF0FFE0) == 0xE8D0F000;
}

/* Whether a block ends with an instruction that code goes on behind: branches under a condition, calls. */
static int ends_block(uint32_t opcode) {
    if (opcode < WIDE_FROM)
        return opcode >> 12 == 13 || (opcode & 0xF500) == 0xB100 || (opcode & 0xFF80) == 0x4780;
    return opcode >> 27 == 0x1E && opcode >> 15 & 1 && (opcode >> 12 & 1 || (opcode >> 23 & 7) != 7);
}

static int is_call(uint32_t opcode) { return opcode >> 27 == 0x1E && (opcode & 0xD000) == 0xD000; }

/* The size of the block that begins there; where it may go to is looked at later on. */
static uint32_t survey_block(Survey *s, uint32_t start) {
    uint32_t at = start;
    while (at - start < SURVEYED_BYTES && survey_has(s, at)) {
        uint32_t opcode = survey_opcode(s, at);
        uint32_t next = at + (opcode < WIDE_FROM ? 2 : 4);
        if (goes_elsewhere(opcode) || ends_block(opcode)) {
            Family family = family_of(opcode);
            if (family.constant == CONSTANT_IS_DISPLACEMENT && !is_call(opcode))
                survey_add(s, at + (uint32_t)family.value);
            if (!goes_elsewhere(opcode)) survey_add(s, next);
            return next - start;
        }
        at = next;
    }
    return at - start;
}

/* ---- lists ---- */

/* List what the book lacks of one more block: 0 when it lacks something. */
static int survey_read(Pricer *p, uint32_t address, const uint8_t *code, uint32_t size_bytes, uint32_t it,
                       uint32_t *listed) {
    uint64_t lacking[MOST_INSTRUCTIONS];
    uint32_t n = 0;
    if (!line_read(&p->line, &p->book, address, code, size_bytes, it, lacking, &n)) return 0;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t j = 0;
        while (j < *listed && p->found.missing[j] != lacking[k]) j++;
        if (j == *listed && j < MOST_INSTRUCTIONS) p->found.missing[(*listed)++] = lacking[k];
    }
    return !n;
}

/* What lies around a block that begins in IT state `it`: lists of what the book lacks, and of what is watched.
 * `done`: blocks that need no look any more. */
static void survey_around(Pricer *p, Survey *s, AddressSet *done, uint32_t address, uint32_t it, const Ways *ways) {
    uint32_t listed = 0;
    p->found.n_hook_addresses = 0;
    survey_add(s, address);
    for (uint32_t k = 0; k < s->n; k++) {
        uint32_t start = s->starts[k], size_bytes = survey_block(s, start);
        if (addresses_have(done, start)) continue;
        const uint8_t *code = s->host + (start - s->first);
        if (!survey_read(p, start, code, size_bytes, k ? 0 : it, &listed)) continue;
        addresses_add(done, start);
        if (p->line.n) pricer_plan_line(p, ways);
    }
    p->found.n_missing = listed;
}

#endif
