// SPDX-License-Identifier: MIT
/*
 * digest.h - SHA-256 of bytes, and a comparison that takes its time.
 *
 * Pure functions of their arguments; safe from any thread.
 */
#ifndef AHA_DIGEST_H
#define AHA_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { AHA_SHA256_HEX = 65 }; /* bytes of the text, with its final NUL */

/**
 * SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits.
 *
 * @param bytes  NULL is fine when n is 0
 */
void aha_sha256_hex(const void *bytes, size_t n, char out[AHA_SHA256_HEX]);

/**
 * Whether n bytes are the same, in a time that does not tell where they
 * differ. For digests of secrets: equal lengths are the caller's business.
 */
bool aha_equal_secret(const void *a, const void *b, size_t n);

#endif
