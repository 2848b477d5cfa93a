// SPDX-License-Identifier: MIT
/*
 * scene.h - an analysis as a picture: heat, boxes, landmarks, plates.
 *
 * One thread a pen.
 */
#ifndef AHA_PICTURE_SCENE_H
#define AHA_PICTURE_SCENE_H

#include "aha/pipeline.h"

#include "core/picture/pen.h"

/**
 * Draw everything.
 *
 * @param scale         picture px per photo px, for sizes that are read
 * @param has_outlines  also the outline of every region, titled
 */
void scene_draw(struct pen *pen, const struct aha_analysis *analysis,
                const struct aha_model_info *info, float scale,
                bool has_outlines);

#endif
