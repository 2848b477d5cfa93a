// SPDX-License-Identifier: MIT
/*
 * accept.h - which media type to answer in (RFC 9110, section 12.5.1).
 *
 * Pure; safe from any thread.
 */
#ifndef AHA_SERVER_ACCEPT_H
#define AHA_SERVER_ACCEPT_H

enum media {
    MEDIA_JSON,
    MEDIA_NDJSON,
    MEDIA_PNG,
    MEDIA_WEBP,
    MEDIA_SVG,
    MEDIA_OCTETS, /* what no Accept can choose */
    N_MEDIA,
};

/** "application/json"; static storage. */
const char *media_name(enum media media);

/**
 * The best of what is offered.
 *
 * @param header   of Accept; NULL or empty takes the first offer
 * @param offered  bits `1 << enum media`; with equal quality the lower wins
 *
 * @return -1 when nothing that is offered is acceptable
 */
int accept_choose(const char *header, unsigned offered);

#endif
