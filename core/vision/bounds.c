// SPDX-License-Identifier: MIT
#include "core/vision/bounds.h"

#include <stdint.h>
#include <string.h>

#include "core/vision/format.h"

enum {
    MAX_SEGMENTS = 1024, /* a profile of 10 MB has 160 */
    MAX_SCANS = 64,      /* usual are 1 to 12 */
    MAX_FRAMES = 1024,
    RIFF_HEAD = 12,
    CHUNK_HEAD = 8,
    ANMF_HEAD = 16,
    PNG_TYPE = 12, /* of the first chunk, where IHDR is, or should be */
    PNG_INTERLACE = 28,
    PNG_PIXEL_BYTES = 8,
    /* Of decoders that hold all of an image, as measured with libvips 8.14. */
    GIF_PIXEL_BYTES = 5,
    TIFF_PIXEL_BYTES = 37, /* four floats, a tile in memory twice */
    HEIF_PIXEL_BYTES = 26, /* four channels of 12 bits */
    VP8L_BLOCK = 16,       /* pixels that share their codes, at least */
    VP8L_CODE_BYTES = 21 * 1024,
    VP8L_MAX_CODES = 1 << 16,
    ICC_HEAD = 128,
    ICC_TAG = 12,
    ICC_MAX_TAGS = 100, /* as Little CMS */
};

/* Samples visited by all scans: twenty of a plane of 50 million. */
static const uint64_t max_visits = 1000000000;

static uint64_t big(const uint8_t *at, int n)
{
    uint64_t value = 0;

    for (int i = 0; i < n; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

/* Of a marker's code: whether a length and so many bytes follow it. Reserved
 * ones below are refused by libjpeg, or passed over within a scan. */
static bool has_length(uint8_t code)
{
    return code >= 0xc0 && (code < 0xd0 || code > 0xd9) && code != 0xff;
}

static bool is_frame_header(uint8_t code)
{
    return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 &&
           code != 0xcc;
}

static bool is_progressive(uint8_t code)
{
    return code == 0xc2 || code == 0xc6;
}

struct jpeg {
    uint64_t n_pixels;
    uint64_t n_components;
    uint64_t n_visits;
    int n_scans;
    int n_segments;
    bool is_arithmetic; /* its zeros after the end may cost 30 decisions each */
    bool is_kept;       /* all coefficients, until the last scan */
};

static bool is_long_jpeg(const struct jpeg *jpeg)
{
    return jpeg->n_segments > MAX_SEGMENTS || jpeg->n_scans > MAX_SCANS ||
           (jpeg->n_scans > 1 && jpeg->n_visits > max_visits);
}

/* @param segment  from its length on, of 8 bytes at least */
static void read_segment(uint8_t code, const uint8_t *segment,
                         struct jpeg *jpeg)
{
    jpeg->n_segments++;
    if (is_frame_header(code)) {
        jpeg->n_pixels = big(segment + 3, 2) * big(segment + 5, 2);
        jpeg->n_components = segment[7];
        jpeg->is_arithmetic |= code > 0xc8;
        jpeg->is_kept |= is_progressive(code);
    } else if (code == 0xda) {
        jpeg->n_scans++;
        jpeg->n_visits += segment[2] * jpeg->n_pixels;
        jpeg->is_kept |= segment[2] < jpeg->n_components;
    }
}

/* Marker by marker as libjpeg does, entropy-coded bytes passed over; no further
 * than it takes to see that it is long. */
static struct jpeg read_jpeg(const uint8_t *at, size_t n_bytes)
{
    const uint8_t *end = at + n_bytes;
    struct jpeg jpeg = {0};

    while (!is_long_jpeg(&jpeg) && at < end &&
           (at = memchr(at, 0xff, (size_t)(end - at))) != NULL &&
           end - at >= 4 && at[1] != 0xd9) {
        uint8_t segment[8] = {0};
        size_t n_left = (size_t)(end - at) - 2;
        uint64_t n;

        at++;
        if (!has_length(*at)) {
            continue;
        }
        memcpy(segment, at + 1,
               n_left < sizeof segment ? n_left : sizeof segment);
        read_segment(*at, segment, &jpeg);
        n = big(segment, 2);
        n = n < 2 ? 2 : n;
        if (n >= n_left) {
            break;
        }
        at += 1 + n;
    }
    return jpeg;
}

struct webp {
    int n_frames;
    bool has_lossless;
};

static struct webp read_webp(const uint8_t *bytes, size_t n_bytes)
{
    struct webp webp = {0};

    for (size_t at = RIFF_HEAD; webp.n_frames <= MAX_FRAMES && at < n_bytes &&
                                n_bytes - at >= CHUNK_HEAD;) {
        const uint8_t *name = bytes + at;
        uint64_t n = format_little(name + 4, 4);

        webp.has_lossless |=
            memcmp(name, "VP8L", 4) == 0 || memcmp(name, "ALPH", 4) == 0;
        n += n % 2;
        if (memcmp(name, "ANMF", 4) == 0) { /* chunks follow its header */
            webp.n_frames++;
            n = ANMF_HEAD;
        }
        if (n > n_bytes - at - CHUNK_HEAD) {
            break;
        }
        at += CHUNK_HEAD + n;
    }
    return webp;
}

enum aha_status bounds_check(enum aha_image_format format, const void *bytes,
                             size_t n_bytes, struct aha_error *err)
{
    if (format == AHA_IMAGE_JPEG) {
        const struct jpeg jpeg = read_jpeg(bytes, n_bytes);

        if (jpeg.is_arithmetic) {
            return aha_error_set(err, AHA_ERR_DECODE,
                                 "The JPEG image is arithmetic-coded; save it "
                                 "with Huffman codes, as is usual.");
        }
        if (is_long_jpeg(&jpeg)) {
            return aha_error_set(err, AHA_ERR_DECODE,
                                 "The JPEG image has more segments or scans "
                                 "than a photo has; save it anew.");
        }
    }
    if (format == AHA_IMAGE_WEBP &&
        read_webp(bytes, n_bytes).n_frames > MAX_FRAMES) {
        return aha_error_set(err, AHA_ERR_DECODE,
                             "The WebP image has more than %d frames.",
                             MAX_FRAMES);
    }
    return AHA_OK;
}

uint64_t bounds_memory(const struct aha_image_info *info, const void *bytes,
                       size_t n_bytes)
{
    uint64_t n_pixels = (uint64_t)info->width * (uint64_t)info->height;
    const uint8_t *png = bytes;
    struct jpeg jpeg;
    uint64_t n_codes;

    switch (info->format) {
    case AHA_IMAGE_JPEG:
        jpeg = read_jpeg(bytes, n_bytes);
        return jpeg.is_kept ? jpeg.n_components * n_pixels * 2 : 0;
    case AHA_IMAGE_PNG:
        if (n_bytes > PNG_INTERLACE && memcmp(png + PNG_TYPE, "IHDR", 4) == 0 &&
            png[PNG_INTERLACE] == 0) {
            return 0;
        }
        return n_pixels * PNG_PIXEL_BYTES;
    case AHA_IMAGE_WEBP:
        n_codes = n_pixels / VP8L_BLOCK + 1;
        return read_webp(bytes, n_bytes).has_lossless
                   ? VP8L_CODE_BYTES *
                         (n_codes < VP8L_MAX_CODES ? n_codes : VP8L_MAX_CODES)
                   : 0;
    case AHA_IMAGE_GIF:
        return n_pixels * GIF_PIXEL_BYTES;
    case AHA_IMAGE_TIFF:
        return n_pixels * TIFF_PIXEL_BYTES;
    case AHA_IMAGE_HEIF:
    case AHA_IMAGE_AVIF:
        return n_pixels * HEIF_PIXEL_BYTES;
    default:
        return 0;
    }
}

bool bounds_profile(const void *bytes, size_t n_bytes)
{
    const uint8_t *from = bytes;
    uint64_t n;

    if (n_bytes < ICC_HEAD + 4) {
        return false;
    }
    n = big(from + ICC_HEAD, 4);
    if (n > ICC_MAX_TAGS || n * ICC_TAG > n_bytes - ICC_HEAD - 4) {
        return false;
    }
    for (uint64_t i = 0; i < n; i++) {
        const uint8_t *tag = from + ICC_HEAD + 4 + ICC_TAG * i;

        if (memcmp(tag, "D2B", 3) == 0 || memcmp(tag, "B2D", 3) == 0) {
            return false;
        }
    }
    return true;
}
