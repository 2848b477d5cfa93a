// SPDX-License-Identifier: MIT
/*
 * nursery.h - the process that starts decoders, and theirs.
 */
#ifndef AHA_VISION_NURSERY_H
#define AHA_VISION_NURSERY_H

#include "aha/image.h"

/**
 * Start it, as aha_image_isolate says.
 *
 * @param askers  a packet socket: each stream socket that is sent over it (one
 *                byte and SCM_RIGHTS) is a new decoder's, which talks as talk.h
 *                says. When its last copy is closed the nursery ends.
 * @param seals   what how->seal_nursery returned
 */
enum aha_status nursery_start(const struct aha_isolation *how, int *askers,
                              unsigned *seals,
                              struct aha_error *err) AHA_MUST_CHECK;

#endif
