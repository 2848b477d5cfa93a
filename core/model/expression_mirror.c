// SPDX-License-Identifier: MIT
#include "core/model/expression_parts.h"

static enum aha_anchor mirrored_anchor(enum aha_anchor anchor)
{
    switch (anchor) {
    case AHA_ANCHOR_LEFT_EYE:
        return AHA_ANCHOR_RIGHT_EYE;
    case AHA_ANCHOR_RIGHT_EYE:
        return AHA_ANCHOR_LEFT_EYE;
    default:
        return anchor;
    }
}

static bool are_twins(const struct aha_region_info *a,
                      const struct aha_region_info *b)
{
    return b->branch == a->branch && b->anchor == mirrored_anchor(a->anchor) &&
           b->offset.x == -a->offset.x && b->offset.y == a->offset.y &&
           b->size.x == a->size.x && b->size.y == a->size.y &&
           b->width == a->width && b->height == a->height &&
           b->map_width == a->map_width && b->map_height == a->map_height;
}

enum aha_status mirror_find_twins(const struct loader *loader)
{
    struct expression *net = loader->net;
    const struct aha_region_info *info = net->info.regions;

    for (int k = 0; k < net->info.n_regions; k++) {
        int twin = 0;

        while (twin < net->info.n_regions &&
               !are_twins(&info[k], &info[twin])) {
            twin++;
        }
        if (twin == net->info.n_regions) {
            return loader_refuse(loader, "no region is the mirror image of",
                                 info[k].name);
        }
        net->regions[k].twin = twin;
    }
    return AHA_OK;
}

void mirror_plane(const float *from, int w, int h, float *to)
{
    for (int r = 0; r < h; r++, from += w, to += w) {
        for (int c = 0; c < w; c++) {
            to[c] = from[w - 1 - c];
        }
    }
}

static void merge_maps(const struct aha_region_info *info, const float *other,
                       float *map)
{
    int w = info->map_width;

    for (int r = 0; r < info->map_height; r++, other += w, map += w) {
        for (int c = 0; c < w; c++) {
            map[c] = (map[c] + other[w - 1 - c]) / 2;
        }
    }
}

void mirror_merge(const struct expression *net,
                  const struct aha_face_result *mirrored, float *maps,
                  struct aha_face_result *out)
{
    int n = net->info.n_labels;

    for (int k = 0; k < net->info.n_regions; k++) {
        const struct aha_region_result *other =
            &mirrored->regions[net->regions[k].twin];
        struct aha_region_result *mine = &out->regions[k];

        mine->weight = (mine->weight + other->weight) / 2;
        for (int c = 0; c < n; c++) {
            mine->evidence[c] = (mine->evidence[c] + other->evidence[c]) / 2;
            mine->probabilities[c] =
                (mine->probabilities[c] + other->probabilities[c]) / 2;
        }
        if (mine->map != NULL) {
            merge_maps(&net->info.regions[k], other->map,
                       maps + net->regions[k].map_offset);
        }
    }
    for (int c = 0; c < n; c++) {
        out->logits[c] = (out->logits[c] + mirrored->logits[c]) / 2;
    }
}
