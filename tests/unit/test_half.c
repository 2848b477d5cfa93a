// SPDX-License-Identifier: MIT
#include <check.h>
#include <math.h>

#include "core/half.h"
#include "tests/unit/suites.h"

/* IEEE 754-2008, 3.4: binary16, from its definition. */
static float value_of(unsigned bits)
{
    int exponent = (int)(bits >> 10 & 31);
    float fraction = (float)(bits & 1023);
    float sign = bits >> 15 ? -1.0F : 1.0F;

    if (exponent == 31) {
        return fraction > 0 ? NAN : sign * INFINITY;
    }
    if (exponent == 0) {
        return sign * ldexpf(fraction, -24);
    }
    return sign * ldexpf(1024 + fraction, exponent - 25);
}

START_TEST(every_half)
{
    for (unsigned bits = 0; bits < 65536; bits++) {
        unsigned char bytes[3] = {0, (unsigned char)(bits & 255),
                                  (unsigned char)(bits >> 8)};
        float wanted = value_of(bits);
        float got = 77;

        half_to_float(bytes + 1, 1, &got);
        ck_assert(isnan(wanted)
                      ? isnan(got)
                      : wanted == got && signbit(wanted) == signbit(got));
    }
}
END_TEST

Suite *half_suite(void)
{
    Suite *suite = suite_create("half");
    TCase *tests = tcase_create("half");

    tcase_add_test(tests, every_half);
    suite_add_tcase(suite, tests);
    return suite;
}
