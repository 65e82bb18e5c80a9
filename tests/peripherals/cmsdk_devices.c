/* Reads and drives the CMSDK devices of an MPS2 image and prints what it sees. QEMU's machine and
 * the emulator's boards must print the same. Interrupts, identification words, widths of the dual
 * timer, the semihosting exit. Values that depend on how long code takes are not printed.
 */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_DATA REGISTER(UART)
#define UART_STATE REGISTER(UART + 0x04)
#define UART_CTRL REGISTER(UART + 0x08)
#define UART_INTERRUPT REGISTER(UART + 0x0C)
#define UART_BAUDDIV REGISTER(UART + 0x10)
#define TIMER_CTRL REGISTER(TIMER)
#define TIMER_VALUE REGISTER(TIMER + 0x04)
#define TIMER_RELOAD REGISTER(TIMER + 0x08)
#define TIMER_INTERRUPT REGISTER(TIMER + 0x0C)
#define DUAL(offset) REGISTER(TIMER + 0x2000 + (offset))
#define NVIC_ISER(number) REGISTER(0xE000E100u + 4u * ((number) / 32u))

extern uint32_t stack_top;
void reset(void);
void received(void);
void ticked(void);
void unexpected(void);

__attribute__((section(".vectors"), used)) static const void *const vectors[16 + 48] = {
    &stack_top,
    reset,
    [2 ... 63] = unexpected,
    [16 + RECEIVE_INTERRUPT] = received,
    [16 + TIMER_INTERRUPT_NUMBER] = ticked,
};

static volatile uint32_t ticks, count;
static volatile char input[64];

static void send(char c)
{
    while (UART_STATE & 1u) {
    }
    UART_DATA = (uint8_t)c;
}

static void print(const char *text)
{
    while (*text) {
        send(*text++);
    }
}

static void print_word(uint32_t word)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        send("0123456789abcdef"[word >> shift & 15u]);
    }
    send(' ');
}

static void stop(void)
{
    /* The last characters are still on the wire, and nothing tells when they have left. */
    for (uint32_t i = 0; i < CLOCK_HZ / 4000u; i++) {
        __asm volatile("nop");
    }
    register uint32_t operation __asm("r0") = 0x18; /* SYS_EXIT */
    register uint32_t reason __asm("r1") = 0x20026; /* ADP_Stopped_ApplicationExit */
    __asm volatile("bkpt 0xAB" : : "r"(operation), "r"(reason) : "memory");
}

void unexpected(void)
{
    print("unexpected interrupt\n");
    stop();
}

void received(void)
{
    UART_INTERRUPT = 2u;
    while (UART_STATE & 2u) {
        input[count++ & 63u] = (char)UART_DATA;
    }
}

void ticked(void)
{
    TIMER_INTERRUPT = 1u;
    ticks++;
}

static void identify(uint32_t base)
{
    for (uint32_t offset = 0xFD0u; offset < 0x1000u; offset += 4u) {
        print_word(REGISTER(base + offset));
    }
    print("identity\n");
}

static void try_dual_timer(void)
{
    print_word(DUAL(0x08));
    print_word(DUAL(0x04));
    DUAL(0x00) = 0x12345u;
    print_word(DUAL(0x04));
    DUAL(0x08) = 2u;
    print_word(DUAL(0x04));
    DUAL(0x18) = 7u;
    print_word(DUAL(0x00));
    print_word(DUAL(0x04));
    DUAL(0x08) = 0x42u;
    print_word(DUAL(0x00));
    DUAL(0x00) = 100u;
    DUAL(0x08) = 0xE3u; /* one-shot, 32 bits */
    while (!(DUAL(0x10) & 1u)) {
    }
    print_word(DUAL(0x04));
    print_word(DUAL(0x14));
    DUAL(0x0C) = 1u;
    print_word(DUAL(0x10));
    print("dual timer\n");
}

void reset(void)
{
    NVIC_ISER(RECEIVE_INTERRUPT) = 1u << RECEIVE_INTERRUPT % 32u;
    UART_BAUDDIV = CLOCK_HZ / 115200u;
    UART_CTRL = 1u | 2u | 8u;
    identify(UART);
    identify(TIMER);
    identify(TIMER + 0x2000u);
    NVIC_ISER(TIMER_INTERRUPT_NUMBER) = 1u << TIMER_INTERRUPT_NUMBER % 32u;
    TIMER_RELOAD = CLOCK_HZ / 1000u - 1u;
    TIMER_CTRL = 1u | 8u;
    while (ticks < 5u) {
        __asm volatile("wfi");
    }
    TIMER_CTRL = 0u;
    print("five ticks\n");
    TIMER_RELOAD = 1000u;
    print_word(TIMER_VALUE);
    TIMER_VALUE = 5u;
    print_word(TIMER_VALUE);
    print_word(TIMER_RELOAD);
    print("timer\n");
    try_dual_timer();
    while (count < 5u) {
        __asm volatile("wfi");
    }
    for (uint32_t i = 0; i < 5u; i++) {
        send(input[i]);
    }
    print(" received\n");
    stop();
}
