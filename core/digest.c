// SPDX-License-Identifier: MIT
#include "aha/digest.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

void aha_sha256_hex(const void *bytes, size_t n, char out[AHA_SHA256_HEX])
{
    char *text = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, n);

    assert(text != NULL && strlen(text) == AHA_SHA256_HEX - 1);
    memcpy(out, text, AHA_SHA256_HEX);
    g_free(text);
}

bool aha_equal_secret(const void *a, const void *b, size_t n)
{
    /* volatile: the compiler may not leave the loop at the first difference */
    const volatile unsigned char *left = a;
    const volatile unsigned char *right = b;
    unsigned char difference = 0;

    for (size_t i = 0; i < n; i++) {
        difference |= left[i] ^ right[i];
    }
    return difference == 0;
}
