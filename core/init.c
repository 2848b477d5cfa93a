// SPDX-License-Identifier: MIT
#include "aha/aha.h"

#include "core/blas.h"
#include "core/kernel/kernel.h"
#include "core/vision/decoder.h"

enum aha_status aha_init(const char *argv0, struct aha_error *err)
{
    enum aha_status status = blas_init(err);

    if (status != AHA_OK) {
        return status;
    }
    kernel_init(CPU_BEST);
    return decoder_init(argv0, err);
}

void aha_fini(void)
{
    decoder_fini();
}

void aha_thread_fini(void)
{
    decoder_thread_fini();
}

struct aha_build_info aha_build_info(void)
{
    return (struct aha_build_info){
        .version = AHA_VERSION,
        .blas_core = blas_core_name(),
        .kernels = kernel_table()->isa,
        .vips = decoder_version(),
        .compiler = __VERSION__,
    };
}
