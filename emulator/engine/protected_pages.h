/* What the TLB holds of each page while a Memory Protection Unit is on. Twin: protected_pages.py.
 *
 * A page of which all is treated alike has an entry with what may be done there. A page of which some
 * is treated otherwise is redirected: its data accesses come to redirected_load and redirected_store, which
 * look at each address. An entry that allows more than the rights of today is filled again, by asking
 * for a kind of access that it lacks.
 */
#ifndef BOARDLESS_PROTECTED_PAGES_H
#define BOARDLESS_PROTECTED_PAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "data_rights.h"

enum { PAGE_READ = 1, PAGE_WRITE = 2, PAGE_EXECUTE = 4, PAGE_REDIRECTED = 8, PAGE_SEEN = 16 };
#define PAGE_BITS 12
#define PAGE_BYTES (1u << PAGE_BITS)
#define MOST_PLACES 4096   /* pages that are redirected; Python empties them in time */
#define USER_SHIFT 2       /* in a segment's rights: the user's above the privileged ones */

typedef struct { uint32_t base, last; } Stretch;

typedef struct {           /* shared with Python: keep in step with protected_pages.py */
    uint32_t user;         /* the running code is unprivileged */
    uint32_t user_pc;      /* the instruction there makes an unprivileged access; 0: none does */
    uint32_t n_segments;
    uint32_t n_flash;      /* memories that no store changes */
    uint32_t n_places;
    uint32_t is_forced;    /* fill with what is asked for alone, whatever the rights */
    uint32_t is_refused, refused_address, refused_is_store, refused_user;
    uint32_t n_guarded[2]; /* pages of which the block hook keeps a part */
    uint32_t n_pages[2];   /* with an entry, of privileged and of user's accesses */
    const uint32_t *starts;  /* of the segments, ascending from 0 */
    const uint8_t *rights;   /* of the segments */
    const Stretch *flash;
    const uint32_t *guarded[2];
    uint64_t redirected;   /* physical address of the first place */
    uint8_t *entries[2];   /* by page number: what the entry allows */
    uint32_t *pages[2];
    uint16_t *place_of;    /* by page number: 1 + its place */
    uint32_t *place_page;
    uint8_t **place_host;  /* its bytes; NULL: a device's, or memory with code in it */
    void (*refuse)(uint32_t address, uint32_t is_store);
    uint32_t (*load)(uint32_t address, uint32_t size);
    void (*store)(uint32_t address, uint32_t size, uint32_t value);
    uint8_t *(*host_of)(uint32_t page);
} Protected;

static void forget_entries(Protected *p) {
    for (uint32_t user = 0; user < 2; user++) {
        for (uint32_t i = 0; i < p->n_pages[user]; i++) p->entries[user][p->pages[user][i] >> PAGE_BITS] = 0;
        p->n_pages[user] = 0;
    }
}

static void forget_places(Protected *p) {
    for (uint32_t i = 0; i < p->n_places; i++) p->place_of[p->place_page[i] >> PAGE_BITS] = 0;
    p->n_places = 0;
}

/* The segment that holds an address. */
static uint32_t segment_at(const Protected *p, uint32_t address) {
    return segment_among(p->starts, p->n_segments, address);
}

static uint32_t rights_in(const Protected *p, uint32_t segment, uint32_t user) {
    return p->rights[segment] >> (user ? USER_SHIFT : 0) & (PAGE_READ | PAGE_WRITE);
}

static bool is_guarded(const Protected *p, uint32_t page, uint32_t user) {
    for (uint32_t i = 0; i < p->n_guarded[user]; i++)
        if (p->guarded[user][i] == page) return true;
    return false;
}

/* What an entry of the page may allow. */
static uint32_t page_rights(const Protected *p, uint32_t page, uint32_t user) {
    uint32_t segment = segment_at(p, page), rights = rights_in(p, segment, user), last = page + (PAGE_BYTES - 1);
    while (++segment < p->n_segments && p->starts[segment] <= last)
        if (rights_in(p, segment, user) != rights)
            return PAGE_READ | PAGE_WRITE | (is_guarded(p, page, user) ? 0 : PAGE_REDIRECTED);
    return rights;
}

static bool is_flash(const Protected *p, uint32_t page) {
    for (uint32_t i = 0; i < p->n_flash; i++)
        if (page >= p->flash[i].base && page <= p->flash[i].last) return true;
    return false;
}

/* Where a page is redirected to. */
static uint64_t place_of_page(Protected *p, uint32_t page, uint32_t user) {
    uint32_t number = page >> PAGE_BITS, place = p->place_of[number];
    if (!place) {
        p->place_page[p->n_places] = page;
        p->place_host[p->n_places] = p->host_of(page);
        place = p->place_of[number] = (uint16_t)++p->n_places;
    }
    return p->redirected + ((uint64_t)(place - 1 + (user ? MOST_PLACES : 0)) << PAGE_BITS);
}

static void note_entry(Protected *p, uint32_t page, uint32_t user, uint32_t allows) {
    uint32_t number = page >> PAGE_BITS;
    if (!p->entries[user][number]) p->pages[user][p->n_pages[user]++] = page;
    p->entries[user][number] = (uint8_t)(allows | PAGE_SEEN);
}

static void refuse(Protected *p, uint32_t address, uint32_t is_store, uint32_t user) {
    p->is_refused = 1;
    p->refused_address = address;
    p->refused_is_store = is_store;
    p->refused_user = user;
}

/* Fill a page's entry. False: the access is refused. `code`: the page may hold some. */
static bool fill_protected(Protected *p, uint32_t page, uint32_t asked, bool code, uint32_t user, uint64_t *physical,
                           uint32_t *allows) {
    uint32_t rights = page_rights(p, page, user);
    if (p->is_forced) rights = asked;
    else if (asked == PAGE_EXECUTE) {
        rights = PAGE_EXECUTE | (rights & PAGE_REDIRECTED ? 0 : rights);
        if (is_flash(p, page)) rights &= ~(uint32_t)PAGE_WRITE; /* so that it lacks one: see fill_again */
    } else if (code && !(rights & PAGE_REDIRECTED)) rights |= PAGE_EXECUTE;
    if (!(rights & asked)) {
        refuse(p, page, asked == PAGE_WRITE, user);
        return false;
    }
    if (rights & PAGE_REDIRECTED) *physical = place_of_page(p, page, user);
    note_entry(p, page, user, rights);
    *allows = rights & (PAGE_READ | PAGE_WRITE | PAGE_EXECUTE);
    return true;
}

/* ---- other rights than before ---- */

typedef int (*translate_fn)(void *uc, uint64_t address, int permission, uint64_t *physical); /* fills */

/* Take all data accesses from a page's entry. False: it lacks nothing that could be asked for. */
static bool fill_again(void *uc, translate_fn translate, Protected *p, uint32_t page, uint32_t allowed) {
    uint64_t physical;
    int lacks = PAGE_EXECUTE;
    if (allowed & PAGE_EXECUTE) {
        if ((allowed & PAGE_WRITE) || !is_flash(p, page)) return false;
        lacks = PAGE_WRITE; /* which the memory refuses */
    }
    p->is_forced = 1;
    translate(uc, page, lacks, &physical);
    p->is_forced = 0;
    return true;
}

/* Bring the entries of the running code's kind of accesses to the rights of today. False: flush all. */
static bool update_entries(void *uc, translate_fn translate, Protected *p) {
    uint32_t user = p->user;
    for (uint32_t i = 0; i < p->n_pages[user]; i++) {
        uint32_t page = p->pages[user][i], allowed = p->entries[user][page >> PAGE_BITS];
        uint32_t data = allowed & (PAGE_READ | PAGE_WRITE);
        if (!data) continue;
        uint32_t rights = page_rights(p, page, user);
        if (!(data & ~rights) && !((allowed ^ rights) & PAGE_REDIRECTED)) continue;
        if (!fill_again(uc, translate, p, page, allowed)) return false;
    }
    return true;
}

/* ---- accesses to redirected pages ---- */

static bool allows_here(Protected *p, uint64_t offset, uint32_t needed, uint32_t *place, uint32_t *address) {
    uint32_t number = (uint32_t)(offset >> PAGE_BITS), user = number >= MOST_PLACES;
    *place = number % MOST_PLACES;
    *address = p->place_page[*place] + ((uint32_t)offset & (PAGE_BYTES - 1));
    if (rights_in(p, segment_at(p, *address), user) & needed) return true;
    if (!p->is_refused) {
        refuse(p, *address, needed == PAGE_WRITE, user);
        p->refuse(*address, needed == PAGE_WRITE);
    }
    return false;
}

static uint64_t redirected_load(Protected *p, uint64_t offset, uint32_t size) {
    uint32_t place, address, value = 0;
    if (!allows_here(p, offset, PAGE_READ, &place, &address)) return 0;
    if (!p->place_host[place]) return p->load(address, size);
    memcpy(&value, p->place_host[place] + (address & (PAGE_BYTES - 1)), size);
    return value;
}

static void redirected_store(Protected *p, uint64_t offset, uint32_t size, uint32_t value) {
    uint32_t place, address;
    if (!allows_here(p, offset, PAGE_WRITE, &place, &address)) return;
    if (!p->place_host[place] || is_flash(p, address)) p->store(address, size, value);
    else memcpy(p->place_host[place] + (address & (PAGE_BYTES - 1)), &value, size);
}

#endif
