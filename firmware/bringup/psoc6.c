/* PSoC 6, the Cortex-M4's application: 150 MHz from IMO through PLL 0, SCB5, TCPWM0 counter 0.
   The cycle counter is read without TRCENA: the board's debug probe has set it. */
#include "board.h"

#define SRSS 0x40260000u
#define BACKUP 0x40270000u
#define CPUSS 0x40200000u
#define PERI 0x40000000u
#define FLASHC 0x40240000u
#define IPC 0x40220000u
#define HSIOM 0x40300000u
#define GPIO 0x40310000u
#define SCB5 0x40650000u
#define TCPWM0 0x40380000u

#define ROOT0 (SRSS + 0x380)
#define PLL0 (SRSS + 0x600)

void clock_up(void)
{
    REG(SRSS + 0x180) = BIT(30); /* unlock and stop the watchdog */
    REG(SRSS + 0x180) = BIT(31);
    REG(SRSS + 0x180) &= ~BIT(0);
    REG(SRSS + 0x180) = 3u << 30;
    REG(BACKUP + 0x48) = BIT(31);
    while (REG(BACKUP + 0x48) & BIT(31)) {
    }
    while (!(REG(IPC + 0x20 * 7) & BIT(31))) { /* take and give back a lock */
    }
    REG(IPC + 0x20 * 7 + 4) = 0;
    change(FLASHC, 0xF, 4);
    REG(CPUSS + 0x1008) = 1u << 24; /* peripherals at half */
    REG(PLL0) = 75u | 1u << 8 | 4u << 16;
    REG(PLL0) |= BIT(31);
    wait_set(SRSS + 0x640, BIT(0));
    change(ROOT0, 0xF, 1);
}

static void divider(uint32_t register_offset, uint32_t value, uint32_t number, uint32_t type, uint32_t pclk)
{
    uint32_t select = type << 8 | number;
    REG(PERI + 0x400) = BIT(30) | 0x3FF0000u | select;
    REG(PERI + register_offset + 4 * number) = value;
    REG(PERI + 0x400) = BIT(31) | 0x3FF0000u | select;
    while (REG(PERI + 0x400) & BIT(31)) {
    }
    REG(PERI + 0xC00 + 4 * pclk) = select;
}

void console_open(void)
{
    change(HSIOM + 0x50, 0x1F1F, 0x1212);              /* P5.0, P5.1: SCB */
    change(GPIO + 0x80 * 5 + 0x44, 0xFF, 0x68);        /* input, strong output */
    divider(0x1400, (75000000u / (10 * CONSOLE_BAUD) - 1) << 8, 1, 1, 5); /* 75 MHz / 65 = 10 * 115385 */
    REG(SCB5 + 0x40) = 0;
    REG(SCB5 + 0x44) = 1;
    REG(SCB5 + 0x48) = 1;
    REG(SCB5 + 0x200) = 0x107;
    REG(SCB5 + 0x300) = 0x107;
    REG(SCB5) = 9u | BIT(11) | 2u << 24;
    REG(SCB5) |= BIT(31);
}

void console_put(char c)
{
    while ((REG(SCB5 + 0x208) & 0x1FF) >= 128) {
    }
    REG(SCB5 + 0x240) = (uint8_t)c;
}

void console_listen(void)
{
    REG(SCB5 + 0xFC0) = BIT(2); /* INTR_RX.NOT_EMPTY */
    REG(SCB5 + 0xFC8) = BIT(2);
}

void console_take(void (*received)(uint8_t byte))
{
    while (REG(SCB5 + 0x308) & 0x1FF) { /* RX_FIFO_STATUS.USED */
        received((uint8_t)REG(SCB5 + 0x340));
    }
    REG(SCB5 + 0xFC0) = BIT(2);
    (void)REG(SCB5 + 0xFC0);
}

void timer_open(void)
{
    divider(0x1400, 74u << 8, 0, 1, 15); /* 75 MHz / 75 */
    REG(TCPWM0 + 0x100) = BIT(18);       /* one-shot, up */
    REG(TCPWM0 + 0x114) = 1000 - 1;
    REG(TCPWM0 + 0x08) = 1;
}

void timer_wait_1ms(void)
{
    REG(TCPWM0 + 0x130) = 3;
    REG(TCPWM0 + 0x10) = 1; /* reload and start */
    wait_set(TCPWM0 + 0x130, BIT(0));
}

void time_open(void)
{
    divider(0x1400, 74u << 8, 0, 1, 15);
    REG(TCPWM0 + 0x100) = 0; /* up */
    REG(TCPWM0 + 0x114) = 0xFFFFFFFF;
    REG(TCPWM0 + 0x138) = BIT(0); /* INTR_MASK.TC */
    REG(TCPWM0 + 0x08) = 1;
    REG(TCPWM0 + 0x10) = 1; /* reload and start */
}

uint32_t time_count(void)
{
    return REG(TCPWM0 + 0x108);
}

int time_wrapped(void)
{
    return (REG(TCPWM0 + 0x130) & BIT(0)) != 0;
}

void time_acknowledge(void)
{
    REG(TCPWM0 + 0x130) = BIT(0);
    (void)REG(TCPWM0 + 0x130);
}

void cycles_open(void)
{
    REG(0xE0001004) = 0;
    REG(0xE0001000) |= BIT(0);
}

uint32_t cycles(void)
{
    return REG(0xE0001004);
}
