// SPDX-License-Identifier: MIT
/*
 * suites.h - every suite of suites.def.
 */
#ifndef AHA_TESTS_UNIT_SUITES_H
#define AHA_TESTS_UNIT_SUITES_H

#include <check.h>

#define SUITE(name) Suite *name##_suite(void);
#include "tests/unit/suites.def"
#undef SUITE

#endif
