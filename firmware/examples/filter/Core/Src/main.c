#include <stdint.h>

#include "filter.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC 0x40021000u
#define GPIOG 0x48001800u
#define LPUART1 0x40008000u
#define PWR_CR2 0x40007004u

static void SystemClock_Config(void)
{
    /* MSI at 4 MHz, as after reset; clocks of PWR, GPIOG and LPUART1 on */
    REGISTER(RCC + 0x58) |= 1u << 28;
    REGISTER(PWR_CR2) |= 1u << 9; /* VDDIO2 feeds port G */
    REGISTER(RCC + 0x4C) |= 1u << 6;
    REGISTER(RCC + 0x5C) |= 1u;
}

static void MX_LPUART1_UART_Init(void)
{
    REGISTER(GPIOG + 0x00) = (REGISTER(GPIOG + 0x00) & ~(0xFu << 14)) | 0xAu << 14; /* PG7, PG8 */
    REGISTER(GPIOG + 0x20) |= 8u << 28;
    REGISTER(GPIOG + 0x24) |= 8u;
    REGISTER(LPUART1 + 0x0C) = 256u * 4000000u / 115200u;
    REGISTER(LPUART1 + 0x00) = 1u | 1u << 3;
}

static void print(const char *text)
{
    while (*text != '\0') {
        while (!(REGISTER(LPUART1 + 0x1C) & 1u << 7)) {
        }
        REGISTER(LPUART1 + 0x28) = (uint8_t)*text++;
    }
}

static void print_number(uint32_t value)
{
    char digits[11];
    char *at = digits + sizeof digits - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print(at);
}

int main(void)
{
    SystemClock_Config();
    MX_LPUART1_UART_Init();
    print("ready\r\n");
    print_number(energy_of_ramp(256));
    print("\r\ndone\r\n");
    return 0;
}
