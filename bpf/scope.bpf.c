// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* No program: the maps that all sensors share, made once. */
#include "scope.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
