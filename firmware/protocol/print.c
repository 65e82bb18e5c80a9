#include "protocol/print.h"

#include "bsp/bsp.h"

#define LIMBS 5 /* of nine decimal digits: more than a float or 64 bits can fill */
#define LIMB_BASE 1000000000u
#define LIMB_DIGITS 9
#define FLOAT_FRACTION_BITS 23
#define FLOAT_BIAS 127
#define FLOAT_EXPONENT_ALL_ONES 255

void print_text(const char *text)
{
    while (*text != '\0') {
        bsp_send((uint8_t)*text++);
    }
}

static void print_digits(uint32_t value, int least_digits)
{
    char digits[LIMB_DIGITS + 2];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    for (int missing = least_digits - count; missing > 0; missing--) {
        bsp_send('0');
    }
    while (count > 0) {
        bsp_send((uint8_t)digits[--count]);
    }
}

/* Print value * 2^exponent by doubling in base 10^9: no core needs a 64-bit divider for it. */
static void print_shifted(uint32_t value, int exponent, uint32_t low_bits)
{
    uint32_t limbs[LIMBS] = {value % LIMB_BASE, value / LIMB_BASE};
    for (int step = exponent - 1; step >= 0; step--) {
        uint32_t carry = step < 32 ? (low_bits >> step) & 1u : 0;
        for (int limb = 0; limb < LIMBS; limb++) {
            const uint32_t doubled = 2 * limbs[limb] + carry;
            carry = doubled >= LIMB_BASE;
            limbs[limb] = carry ? doubled - LIMB_BASE : doubled;
        }
    }
    int top = LIMBS - 1;
    while (top > 0 && limbs[top] == 0) {
        top--;
    }
    print_digits(limbs[top], 1);
    while (top > 0) {
        print_digits(limbs[--top], LIMB_DIGITS);
    }
}

void print_unsigned(uint64_t value)
{
    if (value >> 32) {
        print_shifted((uint32_t)(value >> 32), 32, (uint32_t)value);
    } else {
        print_digits((uint32_t)value, 1);
    }
}

static void print_hex_digit(uint32_t digit)
{
    bsp_send((uint8_t)(digit < 10 ? '0' + digit : 'a' + digit - 10));
}

void print_hex_byte(uint8_t value)
{
    print_hex_digit(value >> 4);
    print_hex_digit(value & 15u);
}

void print_hex_word(uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        print_hex_byte((uint8_t)(value >> shift));
    }
}

/* mantissa / 2^places with 1 <= places <= 149, three decimals. */
static void print_fraction(uint32_t mantissa, int places)
{
    uint32_t whole = 0;
    uint32_t thousandths = 0;
    if (places < 40) { /* else less than a half thousandth: mantissa < 2^24 */
        whole = places < 32 ? mantissa >> places : 0;
        const uint64_t one = 1ull << places;
        const uint64_t scaled = (mantissa & (one - 1)) * 1000u;
        const uint64_t rest = scaled & (one - 1);
        thousandths = (uint32_t)(scaled >> places);
        if (rest > one / 2 || (rest == one / 2 && (thousandths & 1))) {
            thousandths++;
        }
        if (thousandths == 1000) {
            whole++;
            thousandths = 0;
        }
    }
    print_digits(whole, 1);
    bsp_send('.');
    print_digits(thousandths, 3);
}

void print_real(float value)
{
    union {
        float real;
        uint32_t bits;
    } view = {.real = value};
    const int exponent = (int)((view.bits >> FLOAT_FRACTION_BITS) & 0xFFu);
    uint32_t mantissa = view.bits & ((1u << FLOAT_FRACTION_BITS) - 1);
    if (exponent == FLOAT_EXPONENT_ALL_ONES && mantissa != 0) {
        print_text("nan");
        return;
    }
    if (view.bits >> 31) {
        bsp_send('-');
    }
    if (exponent == FLOAT_EXPONENT_ALL_ONES) {
        print_text("inf");
        return;
    }
    mantissa |= exponent > 0 ? 1u << FLOAT_FRACTION_BITS : 0;
    const int power = (exponent > 0 ? exponent : 1) - FLOAT_BIAS - FLOAT_FRACTION_BITS;
    if (power < 0) {
        print_fraction(mantissa, -power);
    } else {
        print_shifted(mantissa, power, 0);
        print_text(".000");
    }
}
