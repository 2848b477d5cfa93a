// SPDX-License-Identifier: MIT
/*
 * tensor.h - what an Open Inference Protocol request asks for.
 */
#ifndef AHA_SERVER_TENSOR_H
#define AHA_SERVER_TENSOR_H

#include <stdbool.h>

enum tensor_output {
    OUTPUT_PROBABILITIES,
    OUTPUT_LOGITS,
    OUTPUT_ATTENTION,
    N_OUTPUTS,
};

/** The protocol's name of an output; static storage. */
const char *tensor_output_name(enum tensor_output output);

enum { TENSOR_MAX_ID = 128 };

struct tensor_request {
    char id[TENSOR_MAX_ID]; /* "" when there is none */
    int n_outputs;
    enum tensor_output outputs[N_OUTPUTS]; /* in the order asked for */
    bool is_binary[N_OUTPUTS];             /* of outputs[], same place */
};

#endif
