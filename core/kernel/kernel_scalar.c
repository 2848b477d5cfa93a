// SPDX-License-Identifier: MIT
#define ISA scalar
#include "core/kernel/kernel_impl.h"
