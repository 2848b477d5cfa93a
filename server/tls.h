// SPDX-License-Identifier: MIT
/*
 * tls.h - the certificate that HTTPS is served with, which may be replaced
 * while connections are being made.
 *
 * The only file that knows GnuTLS, by which libmicrohttpd does TLS. To start:
 *
 *   MHD_USE_TLS,
 *   MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
 *   MHD_OPTION_HTTPS_CERT_CALLBACK2, tls_serve(tls),
 *
 * Any thread may load or ask; each handshake gets its own copy of certificate
 * and key, so a reload pulls nothing away from one that is under way.
 */
#ifndef AHA_SERVER_TLS_H
#define AHA_SERVER_TLS_H

#include <stdbool.h>

#include "aha/error.h"

/** TLS 1.2 and 1.3, forward secret key exchange and authenticated ciphers. */
#define TLS_PRIORITIES                                                         \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:"         \
    "+ECDHE-RSA:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"     \
    "-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

enum {
    TLS_MAX_FILE = 262144, /* bytes of either file */
    TLS_MAX_CHAIN = 16,    /* certificates, the server's own first */
    TLS_MAX_WARNING = 200,
};

struct tls;

/** A function of GnuTLS's type, of which only libmicrohttpd makes use. */
typedef void (*tls_callback_fn)(void);

/**
 * Read a certificate, with what leads to its authority, and its key.
 *
 * @param cert_path  PEM, the server's own certificate first, then those that
 *                   signed it
 * @param key_path   PEM, RSA, EC or Ed25519, not encrypted
 * @param out        release with tls_destroy; written on success only
 *
 * @return an error with a sentence that names the file when either cannot be
 *         read or they do not belong together
 */
enum aha_status tls_load(const char *cert_path, const char *key_path,
                         struct tls **out,
                         struct aha_error *err) AHA_MUST_CHECK;

/** Read both again; on an error what was there stays in use. */
enum aha_status tls_reload(struct tls *tls,
                           struct aha_error *err) AHA_MUST_CHECK;

/** NULL is fine; the listener that serves it has stopped. */
void tls_destroy(struct tls *tls);

/**
 * Whether clients will refuse the certificate by its dates, as of now.
 *
 * @param out  if so: a sentence for the log
 */
bool tls_warning(struct tls *tls, char out[TLS_MAX_WARNING]);

/**
 * Make this the certificate of the process's listeners, of which libmicrohttpd
 * tells the callback nothing: hence one certificate a process, until
 * tls_destroy.
 *
 * @return for MHD_OPTION_HTTPS_CERT_CALLBACK2
 */
tls_callback_fn tls_serve(struct tls *tls);

#endif
