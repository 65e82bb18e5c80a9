/* Measures this chip's memories and prints what it finds, line by line, again and again.
 *
 *   calibration begin VERSION core=CORE counter=NAME image=CHECKSUM
 *   count KERNEL memory=NAME mode=N KEY=VALUE... repeats=N cycles=SUM spread=MOST-LEAST
 *   calibration end rows=N sum=SUM
 *
 * Everything is measured first, interrupts masked, and printed then: calibration_measured() lies between.
 */
#include "bsp/bsp.h"
#include "calibration/calibration.h"
#include "protocol/print.h"
#include "runtime/memory.h"
#include "startup/cortex_m.h"

#define PROTOCOL_VERSION 1u
#define FREE_ALIGNMENT 1024u
#define LARGEST_WALK_BYTES 65536u
#define EVICTING_BYTES 65536u /* the largest data cache of a Cortex-M7 (Arm DDI 0489) */

#if defined(__ARM_ARCH_6M__)
#define COUNTER_NAME "systick"
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define SYST_MASK 0xFFFFFFu
#define COUNTER (&SYST_CVR)
#else
#define COUNTER_NAME "cyccnt"
#define DEMCR REGISTER(0xE000EDFCu)
#define DWT_CTRL REGISTER(0xE0001000u)
#define DWT_CYCCNT REGISTER(0xE0001004u)
#define DWT_LAR REGISTER(0xE0001FB0u)
#define COUNTER (&DWT_CYCCNT)
#endif

extern uint8_t data_start[], data_end[], data_load[], bss_end[];

struct row {
    const char *kernel, *memory, *other;
    const char *keys; /* of the values, with spaces between them */
    uint32_t mode, values[3];
    uint32_t cycles, spread;
};

/* Tools read these. */
static struct row rows[MOST_ROWS]; /* the build says how many; what has no room is not measured */
static uint32_t row_count;
static uint32_t image;
static const volatile uint32_t repeats = 2;

static uint32_t mode;

static void start_counter(void)
{
#if defined(__ARM_ARCH_6M__)
    SYST_RVR = SYST_MASK;
    SYST_CVR = 0;
    SYST_CSR = 5u; /* the core's clock, no interrupt */
#else
    DEMCR |= 1u << 24;
    DWT_LAR = 0xC5ACCE55u; /* a Cortex-M7's is locked */
    DWT_CYCCNT = 0;
    DWT_CTRL |= 1u;
#endif
}

static uint32_t cycles_of(const uint32_t arguments[4], kernel code)
{
    const uint32_t counted = timed(arguments, code, COUNTER);
#if defined(__ARM_ARCH_6M__)
    return (0u - counted) & SYST_MASK;
#else
    return counted;
#endif
}

/* Where a memory is free: behind the firmware in its own two, from the beginning of the others. */
static uint32_t free_from(uint32_t number)
{
    uint32_t used = memories[number].base;
    if (number == 0) {
        used = (uint32_t)data_load + (uint32_t)(data_end - data_start);
    } else if (number == 1) {
        used = (uint32_t)bss_end;
    }
    return (used + FREE_ALIGNMENT - 1) / FREE_ALIGNMENT * FREE_ALIGNMENT;
}

static uint32_t free_bytes(uint32_t number)
{
    return memories[number].base + memories[number].size_bytes - free_from(number);
}

/* Fill the caches with other data. */
static void evict_data(void)
{
    uint32_t bytes = free_bytes(0);
    if (bytes > EVICTING_BYTES) {
        bytes = EVICTING_BYTES;
    }
    kernel_evict(bytes / 128, free_from(0), 0, 0);
}

/* And with other code: every second line of the shortest, so that sets are missed of a cache for both. */
static void evict_code(void)
{
    kernel_call(1, LANDING_BYTES / 32, (uint32_t)landing, 32);
    evict_data();
}

/* Before each time that counts: once for nothing, so that it is in the caches, or something else. */
enum temperature { WARM, COLD_CODE, COLD_DATA };

static struct row *measure(const char *name, kernel code, enum temperature temperature,
                           const uint32_t arguments[4])
{
    static struct row no_room;
    struct row *row = row_count < MOST_ROWS ? &rows[row_count++] : &no_room;
    uint32_t most = 0, least = UINT32_MAX;
    row->kernel = name;
    row->mode = mode;
    if (temperature == WARM) {
        cycles_of(arguments, code);
    }
    for (uint32_t repeat = 0; repeat < repeats; repeat++) {
        if (temperature == COLD_CODE) {
            evict_code();
        } else if (temperature == COLD_DATA) {
            evict_data();
        }
        const uint32_t cycles = cycles_of(arguments, code);
        row->cycles += cycles;
        most = cycles > most ? cycles : most;
        least = cycles < least ? cycles : least;
    }
    row->spread = most - least;
    return row;
}

static void turns(const char *name, kernel code, enum temperature temperature, uint32_t count)
{
    const uint32_t arguments[4] = {count, free_from(1), 0, 0};
    struct row *row = measure(name, code, temperature, arguments);
    row->memory = memories[0].name;
    row->keys = "turns";
    row->values[0] = count;
}

/* Calls or data: `times` over `count` places, `stride` bytes apart. */
static void walk(const char *name, kernel code, enum temperature temperature, uint32_t number, uint32_t from,
                 uint32_t times, uint32_t count, uint32_t stride)
{
    const uint32_t arguments[4] = {times, count, from, stride};
    struct row *row = measure(name, code, temperature, arguments);
    row->memory = memories[number].name;
    row->keys = "times count stride";
    row->values[0] = times;
    row->values[1] = count;
    row->values[2] = stride;
}

static void data(const char *name, kernel code, enum temperature temperature, uint32_t number, uint32_t times,
                 uint32_t count, uint32_t stride)
{
    if (free_bytes(number) >= count * stride + 4) {
        walk(name, code, temperature, number, free_from(number), times, count, stride);
    }
}

static void calls(enum temperature temperature, uint32_t times, uint32_t count, uint32_t stride)
{
    const char *name = temperature == COLD_CODE ? "cold-call" : "call";
    if (count * stride <= LANDING_BYTES) {
        walk(name, kernel_call, temperature, 0, (uint32_t)landing, times, count, stride);
    }
}

static void measure_core(void)
{
    turns("empty", kernel_empty, WARM, 1);
    turns("taken", kernel_taken, WARM, 64);
    turns("not-taken", kernel_not_taken, WARM, 16);
    turns("multiply", kernel_multiply, WARM, 4);
#if !defined(__ARM_ARCH_6M__)
    turns("indexed-load", kernel_indexed_load, WARM, 8);
#endif
}

static void measure_code(void)
{
    turns("straight", kernel_straight, WARM, 2);
    turns("cold-straight", kernel_straight, COLD_CODE, 1);
    for (uint32_t count = 1; count <= 12; count++) { /* line buffers: how many lines stay */
        calls(WARM, 4, count, 64);
    }
    for (uint32_t bytes = 512; bytes <= LANDING_BYTES; bytes *= 2) { /* a cache's size */
        calls(WARM, 1, bytes / 32, 32);
    }
    for (uint32_t stride = 512; stride <= LANDING_BYTES / 2; stride *= 2) { /* its ways */
        for (uint32_t count = 2; count <= 9; count = count < 3 ? count + 1 : 2 * count - 1) {
            calls(WARM, 4, count, stride);
        }
    }
    for (uint32_t stride = 4; stride <= 128; stride *= 2) { /* its lines */
        calls(COLD_CODE, 1, 16, stride);
    }
}

static void measure_loads(uint32_t number)
{
    for (uint32_t stride = 4; stride <= 128; stride *= 2) {
        data("cold-load", kernel_load, COLD_DATA, number, 1, 32, stride);
    }
    data("cold-spaced-load", kernel_spaced_load, COLD_DATA, number, 1, 64, 4);
    data("cold-spaced-load", kernel_spaced_load, COLD_DATA, number, 1, 32, 32);
    for (uint32_t count = 1; count <= 16; count *= 2) {
        data("load", kernel_load, WARM, number, 4, count, 32);
    }
    for (uint32_t bytes = 1024; bytes <= LARGEST_WALK_BYTES; bytes *= 2) {
        data("load", kernel_load, WARM, number, 1, bytes / 32, 32);
    }
    for (uint32_t stride = 512; stride <= 8192; stride *= 2) {
        for (uint32_t count = 2; count <= 9; count = count < 3 ? count + 1 : 2 * count - 1) {
            data("load", kernel_load, WARM, number, 4, count, stride);
        }
    }
#if !defined(__ARM_ARCH_6M__)
    if (free_bytes(number) >= 256) {
        walk("unaligned-load", kernel_load, WARM, number, free_from(number) + 2, 4, 8, 4);
    }
#endif
}

static void measure_pattern(uint32_t number)
{
    if (free_bytes(number) >= 4096) {
        const uint32_t anywhere[4] = {64, 0, free_from(number), 4095};
        struct row *row = measure("random-load", kernel_random, COLD_DATA, anywhere);
        row->memory = memories[number].name;
        row->keys = "count bytes";
        row->values[0] = 64;
        row->values[1] = 4096;
        const uint32_t burst[4] = {32, free_from(1), free_from(number), 0};
        row = measure("burst", kernel_burst, COLD_DATA, burst);
        row->memory = memories[number].name;
        row->keys = "turns";
        row->values[0] = 32;
    }
    if (memories[number].writable) {
        data("store", kernel_store, WARM, number, 1, 64, 4);
        data("cold-store", kernel_store, COLD_DATA, number, 1, 64, 32);
    }
}

/* From one memory to another and back; within one, two places of it. */
static void measure_pair(uint32_t number, uint32_t other)
{
    if (free_bytes(number) < 4096 || free_bytes(other) < 4096) {
        return;
    }
    const uint32_t near[4] = {32, free_from(number), free_from(other) + 2048, 0};
    struct row *row = measure("alternate", kernel_alternate, WARM, near);
    row->memory = memories[number].name;
    row->other = memories[other].name;
    row->keys = "count stride";
    row->values[0] = 32;
    row = measure("alternate-alone", kernel_alternate_alone, WARM, near);
    row->memory = memories[number].name;
    row->other = memories[other].name;
    row->keys = "count";
    row->values[0] = 32;
    const uint32_t streams[4] = {64, free_from(number), free_from(other) + 2048, 4};
    row = measure("cold-alternate", kernel_alternate, COLD_DATA, streams);
    row->memory = memories[number].name;
    row->other = memories[other].name;
    row->keys = "count stride";
    row->values[0] = 64;
    row->values[1] = 4;
}

static void measure_all(void)
{
    row_count = 0;
    memset(rows, 0, sizeof rows);
    for (mode = 0; bsp_memory_mode(mode); mode++) {
        measure_core();
        measure_code();
        for (uint32_t number = 0; number < memory_count; number++) {
            measure_loads(number);
            measure_pattern(number);
            for (uint32_t other = 0; other <= number; other++) {
                measure_pair(number, other);
            }
        }
    }
}

static void print_value(const char *key, uint32_t value)
{
    print_text(" ");
    print_text(key);
    print_text("=");
    print_unsigned(value);
}

static void print_keys(const struct row *row)
{
    const char *key = row->keys;
    for (uint32_t number = 0; *key != '\0'; number++) {
        print_text(" ");
        while (*key != '\0' && *key != ' ') {
            bsp_send((uint8_t)*key++);
        }
        print_text("=");
        print_unsigned(row->values[number]);
        while (*key == ' ') {
            key++;
        }
    }
}

static void print_row(const struct row *row)
{
    print_text("count ");
    print_text(row->kernel);
    print_text(" memory=");
    print_text(row->memory);
    if (row->other != 0) {
        print_text(" other=");
        print_text(row->other);
    }
    print_value("mode", row->mode);
    print_keys(row);
    print_value("repeats", repeats);
    print_value("cycles", row->cycles);
    print_value("spread", row->spread);
    print_text("\r\n");
}

static void print_all(void)
{
    uint32_t sum = 0;
    print_text("calibration begin ");
    print_unsigned(PROTOCOL_VERSION);
    print_text(" core=" CALIBRATED_CORE " counter=" COUNTER_NAME " image=");
    print_hex_word(image);
    print_text("\r\n");
    for (uint32_t number = 0; number < row_count; number++) {
        print_row(&rows[number]);
        sum += rows[number].cycles;
    }
    print_text("calibration end");
    print_value("rows", row_count);
    print_value("sum", sum);
    print_text("\r\n");
}

/* Counts are compared with those of the same image alone. */
static uint32_t image_checksum(void)
{
    const word_alias *word = (const word_alias *)memories[0].base;
    const word_alias *end = (const word_alias *)(data_load + (data_end - data_start));
    uint32_t sum = 0;
    while (word < end) {
        sum = (sum << 5 | sum >> 27) + *word++;
    }
    return sum;
}

/* Tools stop here: rows and row_count are complete. */
__attribute__((noinline)) void calibration_measured(void)
{
    __asm__ volatile("" : : : "memory");
}

void console_received(uint8_t byte)
{
    (void)byte;
}

int main(void)
{
    bsp_start();
    image = image_checksum();
    for (;;) {
        const uint32_t primask = interrupts_mask();
        start_counter();
        measure_all();
        interrupts_restore(primask);
        calibration_measured();
        print_all();
    }
}
