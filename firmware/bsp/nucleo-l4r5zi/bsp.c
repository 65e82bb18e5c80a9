/* ST NUCLEO-L4R5ZI.
 *
 * Clock: MSI 4 MHz -> PLL (x60, /2) -> 120 MHz, voltage range 1 boost, 5 wait states, both
 * flash caches, as the vendor's start-up code sets it. Console: LPUART1 at PG7/PG8 (the
 * ST-LINK's virtual port). Time: TIM5 at 1 MHz. Time-stamp pin: PF13 (Arduino D7).
 */
#include "bsp/bsp.h"

#include "bsp/nucleo-l4r5zi/stm32l4r5.h"
#include "startup/cortex_m.h"

#define CORE_HZ 120000000u
#define FLASH_WAIT_STATES 5u
#define CONSOLE_TX_PIN 7u /* of port G */
#define CONSOLE_RX_PIN 8u
#define CONSOLE_ALTERNATE_FUNCTION 8u
#define TIMESTAMP_PIN 13u /* of port F */

/* LPUART_BRR has 20 bits and counts 256ths: a slow console divides its clock first (LPUART_PRESC). */
#define LPUART_BRR_MOST 0xFFFFF
#if 256 * CORE_HZ / CONSOLE_BAUD <= LPUART_BRR_MOST
#define CONSOLE_PRESCALER 1u
#elif 256 * CORE_HZ / 16 / CONSOLE_BAUD <= LPUART_BRR_MOST
#define CONSOLE_PRESCALER 16u
#define CONSOLE_PRESC LPUART_PRESC_DIV16
#else
#define CONSOLE_PRESCALER 256u
#define CONSOLE_PRESC LPUART_PRESC_DIV256
#endif
#define CONSOLE_CLOCK_HZ (CORE_HZ / CONSOLE_PRESCALER)

void unexpected_interrupt(void);

static volatile uint32_t timer_wraps;

static void console_interrupt(void)
{
    while (LPUART1->isr & LPUART_ISR_RXNE) {
        console_received((uint8_t)LPUART1->rdr);
    }
    LPUART1->icr = LPUART_ICR_PECF_FECF_NCF_ORECF;
}

static void timer_interrupt(void)
{
    TIM5->sr = ~TIM_SR_UIF;
    timer_wraps++;
}

__attribute__((section(".vectors.external"), used)) static void (
    *const external_vectors[BSP_INTERRUPTS])(void) = {
    [0 ... BSP_INTERRUPTS - 1] = unexpected_interrupt,
    [TIM5_INTERRUPT] = timer_interrupt,
    [LPUART1_INTERRUPT] = console_interrupt,
};

static void set_voltage(void)
{
    RCC->apb1enr1 |= RCC_APB1ENR1_PWR;
    (void)RCC->apb1enr1;
    PWR->cr1 = (PWR->cr1 & ~PWR_CR1_VOS_MASK) | PWR_CR1_VOS_RANGE1;
    while (PWR->sr2 & PWR_SR2_VOSF) {
    }
    PWR->cr5 &= ~PWR_CR5_R1MODE; /* boost: needed above 80 MHz */
    PWR->cr2 |= PWR_CR2_IOSV;    /* supply of port G */
}

static void set_flash_speed(void)
{
    FLASH->acr = FLASH_WAIT_STATES | FLASH_ACR_INSTRUCTION_CACHE | FLASH_ACR_DATA_CACHE;
    while ((FLASH->acr & FLASH_ACR_LATENCY_MASK) != FLASH_WAIT_STATES) {
    }
}

static void set_clock(void)
{
    RCC->cr |= RCC_CR_MSION;
    while (!(RCC->cr & RCC_CR_MSIRDY)) {
    }
    RCC->cr = (RCC->cr & ~RCC_CR_MSIRANGE_MASK) | RCC_CR_MSIRANGE_4MHZ | RCC_CR_MSIRGSEL;
    RCC->cr &= ~RCC_CR_PLLON;
    while (RCC->cr & RCC_CR_PLLRDY) {
    }
    RCC->pllcfgr = RCC_PLLCFGR_SRC_MSI | RCC_PLLCFGR_M(1u) | RCC_PLLCFGR_N(60u) | RCC_PLLCFGR_R_DIV2;
    RCC->cr |= RCC_CR_PLLON;
    RCC->pllcfgr |= RCC_PLLCFGR_REN;
    while (!(RCC->cr & RCC_CR_PLLRDY)) {
    }
    /* Above 80 MHz the AHB must start at half speed and stay there for a microsecond (RM0432 6.2.9). */
    RCC->cfgr = (RCC->cfgr & ~RCC_CFGR_HPRE_MASK) | RCC_CFGR_HPRE_DIV2;
    RCC->cfgr = (RCC->cfgr & ~RCC_CFGR_SW_MASK) | RCC_CFGR_SW_PLL;
    while ((RCC->cfgr & RCC_CFGR_SWS_MASK) != RCC_CFGR_SWS_PLL) {
    }
    for (uint32_t wait = 0; wait < CORE_HZ / 2 / 1000000u; wait++) {
        __asm__ volatile("nop");
    }
    RCC->cfgr &= ~RCC_CFGR_HPRE_MASK;
}

static void set_alternate_function(struct gpio *port, uint32_t pin, uint32_t function)
{
    volatile uint32_t *selector = pin < 8 ? &port->afrl : &port->afrh;
    const uint32_t shift = 4u * (pin % 8u);
    *selector = (*selector & ~(0xFu << shift)) | function << shift;
    port->moder = (port->moder & ~(3u << (2u * pin))) | 2u << (2u * pin);
}

static void start_console(void)
{
    RCC->ahb2enr |= RCC_AHB2ENR_GPIOG;
    RCC->apb1enr2 |= RCC_APB1ENR2_LPUART1;
    (void)RCC->apb1enr2;
    set_alternate_function(GPIOG, CONSOLE_TX_PIN, CONSOLE_ALTERNATE_FUNCTION);
    set_alternate_function(GPIOG, CONSOLE_RX_PIN, CONSOLE_ALTERNATE_FUNCTION);
#ifdef CONSOLE_PRESC
    LPUART1->presc = CONSOLE_PRESC;
#endif
    LPUART1->brr = (uint32_t)((256ull * CONSOLE_CLOCK_HZ + CONSOLE_BAUD / 2) / CONSOLE_BAUD);
    LPUART1->cr1 = LPUART_CR1_RE | LPUART_CR1_TE | LPUART_CR1_RXNEIE;
    LPUART1->cr1 |= LPUART_CR1_UE;
    interrupt_enable(LPUART1_INTERRUPT);
}

static void start_timer(void)
{
    RCC->apb1enr1 |= RCC_APB1ENR1_TIM5;
    (void)RCC->apb1enr1;
    TIM5->psc = CORE_HZ / 1000000u - 1;
    TIM5->arr = UINT32_MAX;
    TIM5->cr1 = TIM_CR1_URS; /* the next line loads the prescaler and raises no interrupt */
    TIM5->egr = TIM_EGR_UG;
    TIM5->dier = TIM_DIER_UIE;
    TIM5->cr1 |= TIM_CR1_CEN;
    interrupt_enable(TIM5_INTERRUPT);
}

static void start_timestamp_pin(void)
{
#if ENERGY_MODE
    RCC->ahb2enr |= RCC_AHB2ENR_GPIOF;
    (void)RCC->ahb2enr;
    GPIOF->bsrr = 1u << TIMESTAMP_PIN;
    GPIOF->moder = (GPIOF->moder & ~(3u << (2 * TIMESTAMP_PIN))) | 1u << (2 * TIMESTAMP_PIN);
#endif
}

void bsp_start(void)
{
    set_voltage();
    set_flash_speed();
    set_clock();
    start_timer();
    start_timestamp_pin();
    start_console();
}

void bsp_send(uint8_t byte)
{
    while (!(LPUART1->isr & LPUART_ISR_TXE)) {
    }
    LPUART1->tdr = byte;
}

uint64_t bsp_microseconds(void)
{
    const uint32_t primask = interrupts_mask();
    uint32_t wraps = timer_wraps;
    uint32_t count = TIM5->cnt;
    if (TIM5->sr & TIM_SR_UIF) { /* and its interrupt has not been taken yet */
        wraps++;
        count = TIM5->cnt;
    }
    interrupts_restore(primask);
    return (uint64_t)wraps << 32 | count;
}

void bsp_timestamp_pulse(void)
{
#if ENERGY_MODE
    const uint32_t start = TIM5->cnt;
    GPIOF->brr = 1u << TIMESTAMP_PIN;
    while (TIM5->cnt - start < 2u) {
    }
    GPIOF->bsrr = 1u << TIMESTAMP_PIN;
#endif
}
