// SPDX-License-Identifier: MIT
/*
 * reply_tensor.h - Open Inference Protocol answers. As reply.h.
 */
#ifndef AHA_SERVER_REPLY_TENSOR_H
#define AHA_SERVER_REPLY_TENSOR_H

#include <stddef.h>

#include "aha/pipeline.h"

#include "server/tensor.h"

/**
 * The answer to an inference: JSON, then the binary tensors in their order.
 *
 * @param n_json   bytes of JSON when tensors follow, else 0
 * @param n_bytes  of all
 *
 * @return heap bytes that the caller frees, or NULL
 */
char *reply_tensors(const struct aha_analysis *analysis,
                    const struct aha_model_info *model,
                    const struct tensor_request *request, size_t *n_json,
                    size_t *n_bytes);

#endif
