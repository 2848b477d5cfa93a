// SPDX-License-Identifier: MIT
#include "core/vision/format.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    FTYP_BYTES = 64, /* of an ISO base media file's first box, at most */
    BRAND = 4,
    MAX_LIST = 64,
};

static const struct {
    const char *name;
    const char *title;
} texts[AHA_N_IMAGE_FORMATS] = {
    [AHA_IMAGE_UNKNOWN] = {"unknown", "unknown"},
    [AHA_IMAGE_JPEG] = {"jpeg", "JPEG"},
    [AHA_IMAGE_PNG] = {"png", "PNG"},
    [AHA_IMAGE_WEBP] = {"webp", "WebP"},
    [AHA_IMAGE_GIF] = {"gif", "GIF"},
    [AHA_IMAGE_TIFF] = {"tiff", "TIFF"},
    [AHA_IMAGE_HEIF] = {"heif", "HEIF"},
    [AHA_IMAGE_AVIF] = {"avif", "AVIF"},
};

/* What a file begins with; an ISO base media file is told by its brands. */
static const struct {
    enum aha_image_format format;
    size_t n;
    char bytes[8];
} heads[] = {
    {AHA_IMAGE_JPEG, 3, {'\xff', '\xd8', '\xff'}},
    {AHA_IMAGE_PNG, 8, {'\x89', 'P', 'N', 'G', '\r', '\n', '\x1a', '\n'}},
    {AHA_IMAGE_GIF, 6, {'G', 'I', 'F', '8', '7', 'a'}},
    {AHA_IMAGE_GIF, 6, {'G', 'I', 'F', '8', '9', 'a'}},
    {AHA_IMAGE_TIFF, 4, {'I', 'I', '*', '\0'}},
    {AHA_IMAGE_TIFF, 4, {'M', 'M', '\0', '*'}},
};

const char *aha_image_format_name(enum aha_image_format format)
{
    return texts[format].name;
}

const char *format_title(enum aha_image_format format)
{
    return texts[format].title;
}

bool aha_image_format_parse(const char *name, enum aha_image_format *out)
{
    for (int i = AHA_IMAGE_UNKNOWN + 1; i < AHA_N_IMAGE_FORMATS; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *out = (enum aha_image_format)i;
            return true;
        }
    }
    return false;
}

static enum aha_image_format brand_format(const unsigned char *brand)
{
    static const char heif[][BRAND + 1] = {"heic", "heix", "mif1"};
    static const char avif[][BRAND + 1] = {"avif", "avis"};

    for (size_t i = 0; i < sizeof heif / sizeof *heif; i++) {
        if (memcmp(brand, heif[i], BRAND) == 0) {
            return AHA_IMAGE_HEIF;
        }
    }
    for (size_t i = 0; i < sizeof avif / sizeof *avif; i++) {
        if (memcmp(brand, avif[i], BRAND) == 0) {
            return AHA_IMAGE_AVIF;
        }
    }
    return AHA_IMAGE_UNKNOWN;
}

/*
 * The major brand decides, but for `mif1`, which says no more than that there
 * is a picture: then a compatible brand of AVIF's does.
 *
 * Source: ISO/IEC 14496-12, 4.3; ISO/IEC 23008-12, 10.2.
 */
static enum aha_image_format sniff_ftyp(const unsigned char *head, size_t n)
{
    size_t box = (size_t)head[2] << 8 | head[3];
    enum aha_image_format format = brand_format(head + 8);
    size_t end = n < FTYP_BYTES ? n : FTYP_BYTES;

    if (memcmp(head + 8, "mif1", BRAND) != 0) {
        return format;
    }
    end = box < end ? box : end;
    for (size_t at = 16; at + BRAND <= end; at += BRAND) {
        if (brand_format(head + at) == AHA_IMAGE_AVIF) {
            return AHA_IMAGE_AVIF;
        }
    }
    return format;
}

enum aha_image_format aha_image_sniff(const void *bytes, size_t n_bytes)
{
    const unsigned char *head = bytes;

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        if (n_bytes >= heads[i].n &&
            memcmp(head, heads[i].bytes, heads[i].n) == 0) {
            return heads[i].format;
        }
    }
    if (n_bytes < 12) {
        return AHA_IMAGE_UNKNOWN;
    }
    if (memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0) {
        return AHA_IMAGE_WEBP;
    }
    if (memcmp(head, "\0\0", 2) == 0 && memcmp(head + 4, "ftyp", 4) == 0) {
        return sniff_ftyp(head, n_bytes);
    }
    return AHA_IMAGE_UNKNOWN;
}

uint32_t format_little(const unsigned char *bytes, int n)
{
    uint32_t value = 0;

    for (int i = 0; i < n; i++) {
        value |= (uint32_t)bytes[i] << (8 * i);
    }
    return value;
}

bool format_webp_size(const void *bytes, size_t n_bytes, int *width,
                      int *height)
{
    enum { RIFF = 12, LEAST = 30, SIDE = (1 << 14) - 1 };
    const unsigned char *chunk = (const unsigned char *)bytes + RIFF;

    if (n_bytes < LEAST) {
        return false;
    }
    if (memcmp(chunk, "VP8X", 4) == 0) {
        *width = (int)format_little(chunk + 12, 3) + 1;
        *height = (int)format_little(chunk + 15, 3) + 1;
        return true;
    }
    if (memcmp(chunk, "VP8L", 4) == 0) {
        *width = (int)(format_little(chunk + 9, 4) & SIDE) + 1;
        *height = (int)(format_little(chunk + 9, 4) >> 14 & SIDE) + 1;
        return true;
    }
    if (memcmp(chunk, "VP8 ", 4) == 0) {
        *width = (int)format_little(chunk + 14, 2) & SIDE;
        *height = (int)format_little(chunk + 16, 2) & SIDE;
        return true;
    }
    return false;
}

/* "JPEG, PNG or WebP". */
static void list(unsigned formats, char out[MAX_LIST])
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = AHA_IMAGE_UNKNOWN + 1; i < AHA_N_IMAGE_FORMATS; i++) {
        const char *link = formats >> i == 1U ? " or " : ", ";

        if ((formats >> i & 1U) != 0) {
            n += (size_t)snprintf(out + n, MAX_LIST - n, "%s%s",
                                  n == 0 ? "" : link, texts[i].title);
        }
    }
}

enum aha_status format_check(enum aha_image_format format, unsigned formats,
                             struct aha_error *err)
{
    char accepted[MAX_LIST];

    formats &= AHA_FORMATS_ALL;
    if (formats == 0) {
        return aha_error_set(err, AHA_ERR_ARG, "No image format is accepted.");
    }
    if ((formats >> format & 1U) != 0) {
        return AHA_OK;
    }
    list(formats, accepted);
    if (format == AHA_IMAGE_UNKNOWN) {
        return aha_error_set(err, AHA_ERR_UNSUPPORTED,
                             "This is no image that is accepted here; send %s.",
                             accepted);
    }
    return aha_error_set(err, AHA_ERR_UNSUPPORTED,
                         "%s is not accepted here; send %s.",
                         format_title(format), accepted);
}
