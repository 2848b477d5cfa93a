// SPDX-License-Identifier: MIT
/*
 * pipeline.h - photo in, faces and expressions out: the call most users need.
 *
 * A pipeline holds the three networks, immutable and shared by all threads. A
 * session is one thread's working memory: one call at a time. An analysis owns
 * its arrays until aha_analysis_fini().
 */
#ifndef AHA_PIPELINE_H
#define AHA_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aha/error.h"
#include "aha/face.h"
#include "aha/image.h"
#include "aha/model.h"

struct aha_pipeline;
struct aha_session;

/** Weight files; every path is required. Borrowed during the call only. */
struct aha_pipeline_files {
    const char *detector;
    const char *landmarks;
    const char *expression;
};

/** How to look at one photo. Start from aha_options_default(). */
struct aha_options {
    int64_t max_pixels;        /* refuse larger photos; 50 000 000 */
    unsigned formats;          /* accepted ones; AHA_FORMATS_DEFAULT */
    int max_faces;             /* keep the largest; 1..AHA_MAX_FACES; 64 */
    float min_face_size;       /* shorter side of the box, px; 16 */
    float detection_threshold; /* (0, 1); 0.2 */
    bool is_aligned; /* the photo is one aligned face: nothing is searched */
    bool is_cropped; /* the photo is one face, cut out: only its landmarks are
                        searched; it is taken as aligned where there are none */
    bool has_no_expression; /* stop after the faces are found */
};

enum { AHA_MAX_FACES = 64 };

struct aha_options aha_options_default(void);

/** What one region said of one face. */
struct aha_region_result {
    float weight;                   /* share of the decision; all sum to 1 */
    float evidence[AHA_MAX_LABELS]; /* sums over regions to the logits */
    float probabilities[AHA_MAX_LABELS]; /* of the region's own head */
    float quad[4][2]; /* corners in the photo, px: tl, tr, br, bl */
    const float *map; /* [map_height, map_width] in (0, 1), or NULL; owned by
                         the analysis */
};

struct aha_face_result {
    struct aha_face face;
    int label;      /* index of the most probable label */
    bool uncertain; /* its probability is below the model's threshold */
    float probabilities[AHA_MAX_LABELS]; /* sum to 1 */
    float logits[AHA_MAX_LABELS];
    struct aha_region_result regions[AHA_MAX_REGIONS];
};

enum aha_skip_reason {
    AHA_SKIP_TOO_SMALL,
    AHA_SKIP_NO_LANDMARKS, /* the landmark network saw no face there */
    AHA_SKIP_MAX_FACES,
    AHA_N_SKIP_REASONS,
};

/** "too_small", "no_landmarks" or "exceeds_max_faces". */
const char *aha_skip_reason_name(enum aha_skip_reason reason);

/** A face that was found and not answered, and why. */
struct aha_skipped {
    struct aha_box box;
    enum aha_skip_reason reason;
};

/** Milliseconds spent in each stage of one photo. */
struct aha_timing {
    double decode_ms;
    double detect_ms; /* detector and landmarks */
    double align_ms;
    double infer_ms;
};

struct aha_analysis {
    struct aha_image_info image;
    int n_faces;
    struct aha_face_result *faces; /* largest first */
    int n_skipped;
    struct aha_skipped skipped[AHA_MAX_FACES];
    struct aha_timing timing;
    float *maps;  /* storage behind the regions' maps */
    float *crops; /* network input of all faces until aha_infer, else NULL */
    size_t n_crop_bytes;
};

/**
 * Load the three networks.
 *
 * @param out  written on success only; release with aha_pipeline_destroy
 *
 * @return AHA_ERR_IO or AHA_ERR_WEIGHTS with a text naming file and tensor.
 */
enum aha_status aha_pipeline_create(struct aha_pipeline **out,
                                    const struct aha_pipeline_files *files,
                                    struct aha_error *err) AHA_MUST_CHECK;

/**
 * The same from a folder that holds detector.safetensors,
 * landmarks.safetensors and expression.safetensors.
 *
 * @param path  the folder, or another expression file in such a folder; NULL:
 *              as aha_models_folder says
 */
enum aha_status aha_pipeline_open(struct aha_pipeline **out, const char *path,
                                  struct aha_error *err) AHA_MUST_CHECK;

/**
 * Where the weights usually are: the first that is there of `models` in the
 * working directory and `../share/aha/models` beside the program.
 *
 * @param out  its path, written on success only
 *
 * @return AHA_ERR_IO when there is neither, or the path is too long
 */
enum aha_status aha_models_folder(char *out, size_t capacity,
                                  struct aha_error *err) AHA_MUST_CHECK;

/** NULL is fine. Every session of it must be gone. */
void aha_pipeline_destroy(struct aha_pipeline *pipeline);

/** Lives as long as the pipeline. */
const struct aha_model_info *aha_pipeline_model_info(
    const struct aha_pipeline *pipeline);

/** Take all the working memory a thread will need, once. */
enum aha_status aha_session_create(struct aha_session **out,
                                   const struct aha_pipeline *pipeline,
                                   struct aha_error *err) AHA_MUST_CHECK;

void aha_session_destroy(struct aha_session *session);

/**
 * Decode, detect, align and classify one photo.
 *
 * A photo without a face is AHA_OK with n_faces 0. The same bytes give the
 * same numbers to the last bit on a given machine, whatever came before.
 *
 * @param out  written on success only; release with aha_analysis_fini
 *
 * @return as aha_image_probe and aha_image_decode; AHA_ERR_MEMORY.
 */
enum aha_status aha_analyze(struct aha_session *session, const void *bytes,
                            size_t n_bytes, const struct aha_options *options,
                            struct aha_analysis *out,
                            struct aha_error *err) AHA_MUST_CHECK;

/**
 * The first half of aha_analyze: everything but the expression network.
 *
 * The faces have no label, probabilities or regions' results yet, only the
 * regions' quads; the analysis owns its crops, so that it may be finished on
 * another thread by a session of the same pipeline. With has_no_expression
 * there are no crops and nothing to finish. Arguments and result are those of
 * aha_analyze.
 */
enum aha_status aha_prepare(struct aha_session *session, const void *bytes,
                            size_t n_bytes, const struct aha_options *options,
                            struct aha_analysis *out,
                            struct aha_error *err) AHA_MUST_CHECK;

/**
 * The same for faces that are aligned already, as grey planes.
 *
 * The plane is the face frame of MODEL.md, section 1. `out->image` has the
 * plane's size and format AHA_IMAGE_UNKNOWN; box and quads are in its pixels.
 *
 * @param luma    [n, height, width], 0 black to 1 white; clamped, and rounded
 *                to 8 bits as every photo is
 * @param n       1..AHA_MAX_FACES
 * @param height  16..1024, as width
 */
enum aha_status aha_prepare_crops(struct aha_session *session,
                                  const float *luma, int n, int height,
                                  int width, struct aha_analysis *out,
                                  struct aha_error *err) AHA_MUST_CHECK;

/**
 * The second half: one batch over the faces of several prepared analyses.
 *
 * Every face's numbers are the same to the last bit as alone. Sets each
 * analysis's infer_ms to the whole batch's, wipes and releases its crops.
 * Does not allocate and cannot fail.
 *
 * @param analyses  n of them, each prepared with the session's pipeline and
 *                  not inferred yet; all stay the caller's
 */
void aha_infer(struct aha_session *session,
               struct aha_analysis *const analyses[], int n);

/** Release what an analysis owns; NULL and zeroed are fine. */
void aha_analysis_fini(struct aha_analysis *analysis);

/**
 * The pictures behind an analysis, for looking at: the whole photo, and every
 * region as the network saw it.
 */
struct aha_inspection {
    struct aha_image photo;
    float photo_scale; /* photo pixels per full-size pixel */
    int n_crops;       /* n_faces * n_regions of the analysis, face-major */
    struct aha_image *crops;
};

/**
 * As aha_analyze, and keep the pictures.
 *
 * @param max_side  longest side of `photo`, px, 64..8192
 * @param pictures  release with aha_inspection_fini; written on success only
 */
enum aha_status aha_inspect(struct aha_session *session, const void *bytes,
                            size_t n_bytes, const struct aha_options *options,
                            int max_side, struct aha_analysis *out,
                            struct aha_inspection *pictures,
                            struct aha_error *err) AHA_MUST_CHECK;

void aha_inspection_fini(struct aha_inspection *pictures);

#endif
