// SPDX-License-Identifier: MIT
/*
 * tls_visit.h - a client that asks an HTTPS server once, trusting anybody.
 */
#ifndef AHA_TESTS_UNIT_TLS_VISIT_H
#define AHA_TESTS_UNIT_TLS_VISIT_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

struct tls_visit {
    bool is_answered;
    int serial; /* of the certificate that was shown */
    int second_serial;
    unsigned n_chain; /* certificates that were sent */
    gnutls_protocol_t version;
};

/**
 * Connect to this port of 127.0.0.1, shake hands, GET /.
 *
 * @param priorities  what the client accepts, in GnuTLS's words
 *
 * @return a failed handshake is a visit that was not answered
 */
struct tls_visit tls_visit(int port, const char *priorities);

#endif
