/* Brings a board up and says what it finds: its clock as a timer and the cycle counter see it. */
#include "board.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_end;

static void print(const char *text)
{
    while (*text) {
        console_put(*text++);
    }
}

static void print_number(uint32_t value)
{
    char digits[11];
    char *at = digits + 10;
    *at = 0;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    print(at);
}

static const char *const greeting = "up\r\n"; /* through initialised data */
static const char *volatile greeting_in_ram = "clock up, console open\r\n";

int main(void)
{
    clock_up();
    console_open();
    timer_open();
    cycles_open();
    timer_wait_1ms(); /* warms the caches */
    uint32_t begin = cycles();
    timer_wait_1ms();
    uint32_t measured = cycles() - begin;
    print(greeting);
    print(greeting_in_ram);
    print("1 ms is ");
    print_number(measured);
    print(" cycles\r\n");
    for (;;) {
    }
}

void reset(void)
{
    uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &data_end; to < &bss_end;) {
        *to++ = 0;
    }
    main();
}

static void fault(void)
{
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) const void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault};
