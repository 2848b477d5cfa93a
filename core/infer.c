// SPDX-License-Identifier: MIT
/*
 * The second half of an analysis: the expression network over the faces of
 * many photos, in batches of EXPRESSION_BATCH.
 */
#include <stdlib.h>

#include "aha/pipeline.h"

#include "core/alloc.h"
#include "core/pipeline_parts.h"

/* Faces waiting to go through the network together. */
struct batch {
    struct expression_session *session;
    int n;
    struct expression_face faces[EXPRESSION_BATCH];
};

static void flush(struct batch *batch)
{
    expression_run(batch->session, batch->faces, batch->n);
    batch->n = 0;
}

static void drop_crops(struct aha_analysis *analysis)
{
    if (analysis->crops != NULL) {
        alloc_wipe(analysis->crops, analysis->n_crop_bytes);
    }
    free(analysis->crops);
    analysis->crops = NULL;
}

void aha_infer(struct aha_session *session,
               struct aha_analysis *const analyses[], int n)
{
    const struct expression *net = session->pipeline->expression;
    struct batch batch = {.session = session->expression};
    double start = clock_now_ms();
    double duration_ms;

    for (int a = 0; a < n; a++) {
        for (int i = 0; i < analyses[a]->n_faces; i++) {
            batch.faces[batch.n++] = (struct expression_face){
                .crops = analyses[a]->crops +
                         (size_t)i * expression_crop_floats(net),
                .maps =
                    analyses[a]->maps + (size_t)i * expression_map_floats(net),
                .out = &analyses[a]->faces[i],
            };
            if (batch.n == EXPRESSION_BATCH) {
                flush(&batch);
            }
        }
    }
    flush(&batch);
    duration_ms = clock_now_ms() - start;
    for (int a = 0; a < n; a++) {
        analyses[a]->timing.infer_ms = duration_ms;
        drop_crops(analyses[a]);
    }
}

void aha_analysis_fini(struct aha_analysis *analysis)
{
    if (analysis != NULL) {
        drop_crops(analysis);
        free(analysis->faces);
        free(analysis->maps);
        *analysis = (struct aha_analysis){0};
    }
}
