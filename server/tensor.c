// SPDX-License-Identifier: MIT
#include "server/tensor.h"

const char *tensor_output_name(enum tensor_output output)
{
    static const char *const names[N_OUTPUTS] = {
        [OUTPUT_PROBABILITIES] = "probabilities",
        [OUTPUT_LOGITS] = "logits",
        [OUTPUT_ATTENTION] = "attention",
    };

    return names[output];
}
