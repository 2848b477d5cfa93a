// SPDX-License-Identifier: MIT
/*
 * asset.h - the pages and the API description, embedded in the program.
 */
#ifndef AHA_SERVER_HANDLERS_ASSET_H
#define AHA_SERVER_HANDLERS_ASSET_H

#include "server/job.h"

/** Every asset with the digest that its ETag is made of; immutable. */
struct assets;

/** @return NULL when memory ran out; release with assets_destroy */
struct assets *assets_create(void);

void assets_destroy(struct assets *assets);

/**
 * Answer at once, on the connection's thread.
 *
 * @return false when the job's route is not that of an asset
 */
bool asset_answer(struct job *job);

#endif
