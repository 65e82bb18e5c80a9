/* The boot ROM's functions of single and double precision (RP2040 datasheet 2.8.3.2 and 2.8.3.3): sums, products
 * and the like are the compiler's own support functions, conversions round towards minus infinity and clamp, the
 * rest is series in double precision. */
#include <stdint.h>

typedef union {
    double value;
    uint64_t bits;
} Double;

typedef union {
    float value;
    uint32_t bits;
} Single;

#define FRACTION_BITS 52
#define BIAS 1023
#define INFINITE 0x7FF0000000000000u
#define HALF_PI 1.5707963267948966
#define HALF_PI_HIGH 1.5707963267341256 /* of 33 bits: its products with whole numbers are exact */
#define HALF_PI_LOW 6.0771005065061922e-11
#define LN2_HIGH 0.69314718036912382
#define LN2_LOW 1.9082149292705877e-10
#define MOST_EXPONENT 1024
#define LEAST_EXPONENT (-1080)

static const double inverse_factorial[] = {
    1.0, 1.0, 0.5, 1.6666666666666666e-1, 4.1666666666666664e-2, 8.3333333333333332e-3, 1.3888888888888889e-3,
    1.9841269841269841e-4, 2.4801587301587302e-5, 2.7557319223985893e-6, 2.7557319223985888e-7,
    2.5052108385441720e-8, 2.0876756987868100e-9, 1.6059043836821613e-10, 1.1470745597729725e-11,
    7.6471637318198164e-13, 4.7794773323873853e-14,
};

/* -- steps of powers of two -------------------------------------------------------------------------- */
static double power_of_two(int exponent)
{
    Double result;
    result.bits = (uint64_t)(exponent + BIAS) << FRACTION_BITS;
    return result.value;
}

static double scaled(double value, int exponent)
{
    for (; exponent > 1000; exponent -= 1000) {
        value *= power_of_two(1000);
    }
    for (; exponent < -1000; exponent += 1000) {
        value *= power_of_two(-1000);
    }
    return value * power_of_two(exponent);
}

/* The largest whole number up to a value, as one of 64 bits with its sign; beyond `most` and `least` those. */
static int64_t whole(double value, int64_t least, int64_t most)
{
    Double of;
    of.value = value;
    const int exponent = (int)(of.bits >> FRACTION_BITS & 0x7FF) - BIAS;
    const int negative = of.bits >> 63 != 0;
    const uint64_t fraction = (of.bits & ((UINT64_C(1) << FRACTION_BITS) - 1)) | UINT64_C(1) << FRACTION_BITS;
    int64_t result;
    if (exponent >= 63) {
        return negative ? least : most;
    }
    if (exponent < 0) {
        result = negative && of.bits << 1 ? -1 : 0;
    } else if (exponent >= FRACTION_BITS) {
        result = (int64_t)(fraction << (exponent - FRACTION_BITS));
        result = negative ? -result : result;
    } else {
        const uint64_t rest = fraction & ((UINT64_C(1) << (FRACTION_BITS - exponent)) - 1);
        result = (int64_t)(fraction >> (FRACTION_BITS - exponent));
        result = negative ? -result - (rest != 0) : result;
    }
    return result < least ? least : result > most ? most : result;
}

static uint64_t whole_unsigned(double value)
{
    Double of;
    of.value = value;
    if (of.bits >> 63) {
        return 0;
    }
    if ((of.bits >> FRACTION_BITS) >= BIAS + 64) {
        return UINT64_MAX;
    }
    if ((of.bits >> FRACTION_BITS) == BIAS + 63) {
        return (of.bits << 11) | UINT64_C(1) << 63;
    }
    return (uint64_t)whole(value, 0, INT64_MAX);
}

/* -- double precision --------------------------------------------------------------------------------- */
double double_add(double a, double b) { return a + b; }
double double_multiply(double a, double b) { return a * b; }
double double_divide(double a, double b) { return a / b; }
int double_compare(double a, double b) { return a < b ? -1 : a > b; }

double double_subtract(double a, double b)
{
    Double minus;
    minus.value = b;
    minus.bits ^= UINT64_C(1) << 63;
    return a + minus.value;
}

double double_sqrt(double value)
{
    Double of;
    of.value = value;
    int exponent = (int)(of.bits >> FRACTION_BITS & 0x7FF);
    if (exponent == 0 || of.bits >> 63) { /* as the chip: nothing below 0, no subnormal numbers */
        return 0;
    }
    if (exponent == 0x7FF) {
        return value;
    }
    uint64_t fraction = (of.bits & ((UINT64_C(1) << FRACTION_BITS) - 1)) | UINT64_C(1) << FRACTION_BITS;
    exponent -= BIAS;
    fraction <<= 10 + (exponent & 1); /* the point stands before bit 62 */
    uint64_t root = 0, rest = 0;
    for (int n = 0; n < FRACTION_BITS + 2; n++) {
        rest = rest << 2 | fraction >> 62;
        fraction <<= 2;
        root <<= 1;
        if (rest > root << 1) {
            rest -= (root << 1) + 1;
            root++;
        }
    }
    root = (root + 1) >> 1;
    of.bits = root + ((uint64_t)((exponent >> 1) + BIAS - 1) << FRACTION_BITS);
    return of.value;
}

/* A sum of every second term of the exponential series, with alternating signs, from `first` on. */
static double alternating(double square, int first)
{
    double sum = 0;
    for (int n = first + 14; n >= first; n -= 2) {
        sum = inverse_factorial[n] - square * sum;
    }
    return sum;
}

static double quarter(double angle, unsigned turns)
{
    const int64_t count = whole(angle * (1 / HALF_PI) + 0.5, -(INT64_C(1) << 31), INT64_C(1) << 31);
    const double turned = (double)(int32_t)count;
    const double rest = (angle - turned * HALF_PI_HIGH) - turned * HALF_PI_LOW;
    const double square = rest * rest;
    double result;
    turns += (unsigned)count;
    result = turns & 1 ? alternating(square, 0) : rest * alternating(square, 1);
    return turns & 2 ? -result : result;
}

double double_sin(double angle) { return quarter(angle, 0); }
double double_cos(double angle) { return quarter(angle, 1); }
double double_tan(double angle) { return quarter(angle, 0) / quarter(angle, 1); }

double double_exp(double value)
{
    const int64_t twos = whole(value * 1.4426950408889634 + 0.5, LEAST_EXPONENT, MOST_EXPONENT);
    const double count = (double)(int32_t)twos;
    const double rest = (value - count * LN2_HIGH) - count * LN2_LOW;
    double sum = 0;
    Double infinite;
    infinite.bits = INFINITE;
    if (twos >= MOST_EXPONENT) {
        return infinite.value;
    }
    if (twos <= LEAST_EXPONENT) {
        return 0;
    }
    for (int n = 14; n >= 0; n--) {
        sum = inverse_factorial[n] + rest * sum;
    }
    return scaled(sum, (int)twos);
}

/* s + s^3 / 3 + s^5 / 5 ... or with alternating signs. */
static double odd_series(double value, int sign)
{
    const double square = value * value * sign;
    double sum = 0;
    for (int n = 23; n > 0; n -= 2) {
        sum = 1.0 / n + square * sum;
    }
    return value * sum;
}

double double_ln(double value)
{
    Double of;
    of.value = value;
    int exponent = (int)(of.bits >> FRACTION_BITS & 0x7FF) - BIAS;
    if (of.bits >> 63 || exponent == -BIAS) {
        of.bits = INFINITE | UINT64_C(1) << 63;
        return of.value;
    }
    if (exponent > BIAS) {
        return value;
    }
    of.bits = (of.bits & ((UINT64_C(1) << FRACTION_BITS) - 1)) | (uint64_t)BIAS << FRACTION_BITS;
    if (of.value > 1.4142135623730951) {
        of.value *= 0.5;
        exponent++;
    }
    const double series = 2 * odd_series((of.value - 1) / (of.value + 1), 1);
    return exponent * LN2_HIGH + (exponent * LN2_LOW + series);
}

/* The angle of a tangent from 0 to 1, through the tangent of its quarter. */
static double angle_of(double tangent)
{
    tangent /= 1 + double_sqrt(1 + tangent * tangent);
    tangent /= 1 + double_sqrt(1 + tangent * tangent);
    return 4 * odd_series(tangent, -1);
}

double double_atan2(double y, double x)
{
    Double up, right;
    up.value = y;
    right.value = x;
    const int below = up.bits >> 63 != 0, left = right.bits >> 63 != 0;
    up.bits &= UINT64_MAX >> 1;
    right.bits &= UINT64_MAX >> 1;
    double angle;
    if (up.bits <= right.bits) {
        angle = right.bits ? angle_of(up.value / right.value) : 0;
    } else {
        angle = HALF_PI - angle_of(right.value / up.value);
    }
    angle = left ? 2 * HALF_PI - angle : angle;
    return below ? -angle : angle;
}

int32_t double_to_int(double a) { return (int32_t)whole(a, INT32_MIN, INT32_MAX); }
int32_t double_to_fix(double a, int bits) { return double_to_int(scaled(a, bits)); }
int64_t double_to_int64(double a) { return whole(a, INT64_MIN, INT64_MAX); }
int64_t double_to_fix64(double a, int bits) { return double_to_int64(scaled(a, bits)); }
uint64_t double_to_uint64(double a) { return whole_unsigned(a); }
uint64_t double_to_ufix64(double a, int bits) { return whole_unsigned(scaled(a, bits)); }

uint32_t double_to_uint(double a)
{
    const uint64_t value = whole_unsigned(a);
    return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

uint32_t double_to_ufix(double a, int bits) { return double_to_uint(scaled(a, bits)); }
double int_to_double(int32_t a) { return a; }
double uint_to_double(uint32_t a) { return a; }
double fix_to_double(int32_t a, int bits) { return scaled(a, -bits); }
double ufix_to_double(uint32_t a, int bits) { return scaled(a, -bits); }
double int64_to_double(int64_t a) { return (double)a; }
double uint64_to_double(uint64_t a) { return (double)a; }
double fix64_to_double(int64_t a, int bits) { return scaled((double)a, -bits); }
double ufix64_to_double(uint64_t a, int bits) { return scaled((double)a, -bits); }
float double_to_single(double a) { return (float)a; }

/* -- single precision --------------------------------------------------------------------------------- */
float single_add(float a, float b) { return a + b; }
float single_multiply(float a, float b) { return a * b; }
float single_divide(float a, float b) { return a / b; }
int single_compare(float a, float b) { return a < b ? -1 : a > b; }

float single_subtract(float a, float b)
{
    Single minus;
    minus.value = b;
    minus.bits ^= UINT32_C(1) << 31;
    return a + minus.value;
}

float single_sqrt(float a) { return (float)double_sqrt(a); }
float single_sin(float a) { return (float)double_sin(a); }
float single_cos(float a) { return (float)double_cos(a); }
float single_tan(float a) { return (float)double_tan(a); }
float single_exp(float a) { return (float)double_exp(a); }
float single_ln(float a) { return (float)double_ln(a); }
float single_atan2(float y, float x) { return (float)double_atan2(y, x); }

uint64_t single_sincos(float a) /* the sine in r0, the cosine in r1 */
{
    Single sine, cosine;
    sine.value = single_sin(a);
    cosine.value = single_cos(a);
    return sine.bits | (uint64_t)cosine.bits << 32;
}

int32_t single_to_int(float a) { return double_to_int(a); }
int32_t single_to_fix(float a, int bits) { return double_to_fix(a, bits); }
uint32_t single_to_uint(float a) { return double_to_uint(a); }
uint32_t single_to_ufix(float a, int bits) { return double_to_ufix(a, bits); }
int64_t single_to_int64(float a) { return double_to_int64(a); }
int64_t single_to_fix64(float a, int bits) { return double_to_fix64(a, bits); }
uint64_t single_to_uint64(float a) { return whole_unsigned(a); }
uint64_t single_to_ufix64(float a, int bits) { return double_to_ufix64(a, bits); }
float int_to_single(int32_t a) { return (float)a; }
float uint_to_single(uint32_t a) { return (float)a; }
float fix_to_single(int32_t a, int bits) { return (float)fix_to_double(a, bits); }
float ufix_to_single(uint32_t a, int bits) { return (float)ufix_to_double(a, bits); }
float int64_to_single(int64_t a) { return (float)a; }
float uint64_to_single(uint64_t a) { return (float)a; }
float fix64_to_single(int64_t a, int bits) { return (float)fix64_to_double(a, bits); }
float ufix64_to_single(uint64_t a, int bits) { return (float)ufix64_to_double(a, bits); }
double single_to_double(float a) { return a; }
