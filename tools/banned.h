// SPDX-License-Identifier: MIT
/* banned.h - force-included: functions without a bound are compile errors. */
#ifndef AHA_BANNED_H
#define AHA_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atof gets

#endif
