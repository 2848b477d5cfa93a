// SPDX-License-Identifier: MIT
#include "core/model/expression.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/model/expression_parts.h"

/* Faces whose maps stay in second-level cache while a graph runs on all. */
enum { GROUP = 4 };

/*
 * A view is a face as it is or its mirror image; of a network that looks at
 * both, the views of a face are neighbours, which share the weights' reading.
 *
 * parts holds, view after view and region after region, what each adds to x:
 * h^{b_k} with the two-step fusion, z^{b_k} with concatenation.
 */
struct expression_session {
    const struct expression *net;
    struct graph_plan *plans[AHA_MAX_REGIONS];
    float *workspace; /* for the graph that needs most */
    float *z;         /* [C] of one region and view */
    float *parts;     /* n_parts a view */
    size_t n_parts;
    size_t part_offsets[AHA_MAX_REGIONS];
    float *x;
    float *cells; /* LSTM's c, n_hidden a view */
    size_t n_hidden;
    float *gates;                     /* four times D */
    struct aha_face_result *mirrored; /* of the mirror images; NULL for none */
    float *mirrored_maps;             /* theirs */
};

/* One view, and where its answer goes. */
struct view {
    const float *crops;
    bool is_mirrored;
    float *maps;
    struct aha_face_result *out;
};

static int views_a_face(const struct expression *net)
{
    return net->is_mirrored ? 2 : 1;
}

static struct view view_of(const struct expression_session *session,
                           const struct expression_face *faces, int i)
{
    const struct expression *net = session->net;
    int face = i / views_a_face(net);

    if (i % views_a_face(net) == 0) {
        return (struct view){faces[face].crops, false, faces[face].maps,
                             faces[face].out};
    }
    return (struct view){faces[face].crops, true,
                         session->mirrored_maps +
                             (size_t)face * net->map_floats,
                         &session->mirrored[face]};
}

void expression_destroy(struct expression *net)
{
    if (net == NULL) {
        return;
    }
    for (int k = 0; k < AHA_MAX_REGIONS; k++) {
        graph_destroy(net->regions[k].graph);
        free(net->regions[k].head_weight);
        free(net->regions[k].head_bias);
    }
    for (int b = 0; b < AHA_N_BRANCHES; b++) {
        free(net->branches[b].weight_ih);
        free(net->branches[b].weight_hh);
        free(net->branches[b].bias);
    }
    free(net->classifier_weight);
    free(net->classifier_bias);
    free(net);
}

const struct aha_model_info *expression_info(const struct expression *net)
{
    return &net->info;
}

struct expression_pixel expression_pixel(const struct expression *net)
{
    return net->pixel;
}

size_t expression_crop_floats(const struct expression *net)
{
    return net->crop_floats;
}

size_t expression_crop_offset(const struct expression *net, int region)
{
    return net->regions[region].crop_offset;
}

size_t expression_map_floats(const struct expression *net)
{
    return net->map_floats;
}

static enum aha_status plan_regions(struct expression_session *session)
{
    const struct expression *net = session->net;
    size_t most = 0;
    size_t features = 0;

    for (int k = 0; k < net->info.n_regions; k++) {
        const struct graph *graph = net->regions[k].graph;
        struct graph_shape in = graph_input(graph);
        enum aha_status status =
            graph_plan_create(&session->plans[k], graph, GROUP);

        if (status == AHA_OK) {
            status = graph_plan_resize(session->plans[k], in.h, in.w);
        }
        if (status != AHA_OK) {
            return status;
        }
        if (graph_plan_floats(session->plans[k]) > most) {
            most = graph_plan_floats(session->plans[k]);
        }
        if ((size_t)net->regions[k].features > features) {
            features = (size_t)net->regions[k].features;
        }
    }
    session->workspace = alloc_floats(most);
    session->z = alloc_floats(features);
    return session->workspace == NULL || session->z == NULL ? AHA_ERR_MEMORY
                                                            : AHA_OK;
}

static bool make_room_for_mirrored(struct expression_session *session)
{
    if (!session->net->is_mirrored) {
        return true;
    }
    session->mirrored =
        alloc_array(EXPRESSION_BATCH, sizeof *session->mirrored);
    session->mirrored_maps =
        alloc_floats(EXPRESSION_BATCH * session->net->map_floats);
    return session->mirrored != NULL && session->mirrored_maps != NULL;
}

enum aha_status expression_session_create(struct expression_session **out,
                                          const struct expression *net)
{
    struct expression_session *session = alloc_array(1, sizeof *session);
    size_t n_views = EXPRESSION_BATCH * (size_t)views_a_face(net);
    enum aha_status status = AHA_ERR_MEMORY;

    if (session == NULL) {
        return AHA_ERR_MEMORY;
    }
    session->net = net;
    for (int k = 0; k < net->info.n_regions; k++) {
        session->part_offsets[k] = session->n_parts;
        session->n_parts += (size_t)net->regions[k].n_part;
    }
    for (int b = 0; b < AHA_N_BRANCHES; b++) {
        if ((size_t)net->branches[b].lstm.hidden > session->n_hidden) {
            session->n_hidden = (size_t)net->branches[b].lstm.hidden;
        }
    }
    session->parts = alloc_floats(n_views * session->n_parts);
    session->x = alloc_floats((size_t)net->features);
    session->cells = alloc_floats(n_views * session->n_hidden);
    session->gates = alloc_floats(4 * session->n_hidden);
    if (session->parts != NULL && session->x != NULL &&
        session->cells != NULL && session->gates != NULL &&
        make_room_for_mirrored(session)) {
        status = plan_regions(session);
    }
    if (status != AHA_OK) {
        expression_session_destroy(session);
        return status;
    }
    *out = session;
    return AHA_OK;
}

void expression_session_destroy(struct expression_session *session)
{
    if (session == NULL) {
        return;
    }
    for (int k = 0; k < AHA_MAX_REGIONS; k++) {
        graph_plan_destroy(session->plans[k]);
    }
    free(session->workspace);
    free(session->z);
    free(session->parts);
    free(session->x);
    free(session->cells);
    free(session->gates);
    free(session->mirrored);
    free(session->mirrored_maps);
    free(session);
}

/* One view's z (left in the session), region k's own answer, its map. */
static void read_region(struct expression_session *session, int k, int i,
                        const struct view *view)
{
    const struct expression *net = session->net;
    const struct expression_region *region = &net->regions[k];
    const struct aha_region_info *info = &net->info.regions[k];
    const struct graph_plan *plan = session->plans[k];
    struct aha_region_result *out = &view->out->regions[k];
    float logits[AHA_MAX_LABELS];

    graph_plan_read(plan, session->workspace, i, region->z, session->z);
    classifier_run(&region->head, session->z, logits);
    softmax_run(logits, net->info.n_labels, net->info.temperature,
                out->probabilities);
    out->map = NULL;
    if (region->attention >= 0) {
        float *map = view->maps + region->map_offset;

        memcpy(map,
               graph_plan_attention(plan, session->workspace, i,
                                    region->attention),
               (size_t)info->map_width * (size_t)info->map_height *
                   sizeof *map);
        out->map = map;
    }
}

/*
 * Step one: h^{b_k} = LSTM(z^{b_k}, h^{b_{k-1}}); h and c start at zero with
 * the first region of a branch.
 */
static void fuse_region(struct expression_session *session, int k, int view)
{
    const float *z = session->z;
    const struct expression *net = session->net;
    const struct aha_region_info *info = net->info.regions;
    const struct lstm *lstm = &net->branches[info[k].branch].lstm;
    size_t bytes = (size_t)net->regions[k].n_part * sizeof *z;
    float *parts = session->parts + (size_t)view * session->n_parts;
    float *part = parts + session->part_offsets[k];
    float *cell = session->cells + (size_t)view * session->n_hidden;

    if (!net->has_lstm) {
        memcpy(part, z, bytes);
        return;
    }
    if (k == 0 || info[k - 1].branch != info[k].branch) {
        memset(part, 0, bytes);
        memset(cell, 0, bytes);
    } else {
        memcpy(part, parts + session->part_offsets[k - 1], bytes);
    }
    lstm_step(lstm, z, part, cell, session->gates);
}

/* Step two: h^b = sum_k h^{b_k}, x = the branches side by side. */
static void gather_x(struct expression_session *session, const float *parts)
{
    const struct expression *net = session->net;

    memset(session->x, 0, (size_t)net->features * sizeof *session->x);
    for (int k = 0; k < net->info.n_regions; k++) {
        const struct expression_region *region = &net->regions[k];
        const float *part = parts + session->part_offsets[k];

        for (int i = 0; i < region->n_part; i++) {
            session->x[region->first + i] += part[i];
        }
    }
}

/* Both shares are linear in the parts, so they add up exactly (MODEL.md 5). */
static void share_out(const struct expression_session *session,
                      const float *parts, struct aha_face_result *out)
{
    const struct expression *net = session->net;
    const struct classifier *classifier = &net->classifier;
    double divisor = classifier_divisor(classifier, session->x);
    double logits[AHA_MAX_LABELS] = {0};
    double squares = 0;

    for (int i = 0; i < net->features; i++) {
        squares += (double)session->x[i] * (double)session->x[i];
    }
    for (int k = 0; k < net->info.n_regions; k++) {
        const struct expression_region *region = &net->regions[k];
        const float *part = parts + session->part_offsets[k];
        double scores[AHA_MAX_LABELS];
        double product = 0;
        double weight;

        for (int i = 0; i < region->n_part; i++) {
            product += (double)part[i] * (double)session->x[region->first + i];
        }
        weight = squares > 0 ? product / squares : 1.0 / net->info.n_regions;
        out->regions[k].weight = (float)weight;
        classifier_scores(classifier, region->first, region->n_part, part,
                          scores);
        for (int c = 0; c < net->info.n_labels; c++) {
            double evidence = scores[c] / divisor;

            if (classifier->bias != NULL) {
                evidence += (double)classifier->bias[c] / net->info.n_regions;
            }
            out->regions[k].evidence[c] = (float)evidence;
            logits[c] += evidence;
        }
    }
    for (int c = 0; c < net->info.n_labels; c++) {
        out->logits[c] = (float)logits[c];
    }
}

static void decide(const struct expression *net, struct aha_face_result *out)
{
    const struct aha_model_info *info = &net->info;

    softmax_run(out->logits, info->n_labels, info->temperature,
                out->probabilities);
    out->label = 0;
    for (int c = 1; c < info->n_labels; c++) {
        if (out->probabilities[c] > out->probabilities[out->label]) {
            out->label = c;
        }
    }
    out->uncertain = out->probabilities[out->label] < info->uncertain_below;
}

static void put_crop(const struct expression *net, int k,
                     const struct view *view, float *to)
{
    const struct aha_region_info *info = &net->info.regions[k];
    const struct expression_region *region = &net->regions[k];

    if (view->is_mirrored) {
        mirror_plane(view->crops + net->regions[region->twin].crop_offset,
                     info->width, info->height, to);
    } else {
        memcpy(to, view->crops + region->crop_offset,
               (size_t)info->width * (size_t)info->height * sizeof *to);
    }
}

/* Sub-network k over n views, at most GROUP, numbered from `first`. */
static void run_group(struct expression_session *session, int k,
                      const struct expression_face *faces, int first, int n)
{
    const struct graph_plan *plan = session->plans[k];

    for (int i = 0; i < n; i++) {
        struct view view = view_of(session, faces, first + i);

        put_crop(session->net, k, &view,
                 graph_plan_input(plan, session->workspace, i));
    }
    graph_run(plan, session->workspace, n);
    for (int i = 0; i < n; i++) {
        struct view view = view_of(session, faces, first + i);

        read_region(session, k, i, &view);
        fuse_region(session, k, first + i);
    }
}

void expression_run(struct expression_session *session,
                    const struct expression_face *faces, int n)
{
    const struct expression *net = session->net;
    int n_views = n * views_a_face(net);

    for (int k = 0; k < net->info.n_regions; k++) {
        for (int i = 0; i < n_views; i += GROUP) {
            run_group(session, k, faces, i,
                      n_views - i < GROUP ? n_views - i : GROUP);
        }
    }
    for (int i = 0; i < n_views; i++) {
        const float *parts = session->parts + (size_t)i * session->n_parts;
        struct view view = view_of(session, faces, i);

        gather_x(session, parts);
        share_out(session, parts, view.out);
    }
    for (int i = 0; i < n; i++) {
        if (net->is_mirrored) {
            mirror_merge(net, &session->mirrored[i], faces[i].maps,
                         faces[i].out);
        }
        decide(net, faces[i].out);
    }
}
