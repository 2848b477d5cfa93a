// SPDX-License-Identifier: MIT
/*
 * DESIGN. A pair of certificates and key is immutable once read. tls_reload
 * reads a new one without the lock, then swaps the two under it. A handshake
 * copies the pair under the lock and hands the copies to GnuTLS to free, which
 * costs some microseconds beside the signature's many and leaves nothing to
 * count or to retire.
 */
#include "server/tls.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "server/file.h"
#include "server/thread.h"

enum { KEY_ID_BYTES = 32 };

struct pair {
    gnutls_x509_crt_t *chain; /* the server's own first */
    unsigned n_chain;
    gnutls_x509_privkey_t key;
};

struct tls {
    char *cert_path;
    char *key_path;
    pthread_mutex_t lock; /* guards pair */
    struct pair pair;
};

/* What the callback serves, since nothing else reaches it; see tls_serve. */
static _Atomic(struct tls *) served;

static void pair_fini(struct pair *pair)
{
    for (unsigned i = 0; i < pair->n_chain; i++) {
        gnutls_x509_crt_deinit(pair->chain[i]);
    }
    gnutls_free(pair->chain);
    gnutls_x509_privkey_deinit(pair->key);
    *pair = (struct pair){0};
}

static enum aha_status read_chain(struct pair *pair, const char *path,
                                  struct aha_error *err)
{
    struct file file = {0};
    enum aha_status status = file_load(path, TLS_MAX_FILE, &file, err);
    gnutls_datum_t text;
    int result;

    if (status != AHA_OK) {
        return status;
    }
    text = (gnutls_datum_t){(unsigned char *)file.text, (unsigned)file.n};
    result = gnutls_x509_crt_list_import2(&pair->chain, &pair->n_chain, &text,
                                          GNUTLS_X509_FMT_PEM,
                                          GNUTLS_X509_CRT_LIST_SORT);
    file_wipe(&file);
    if (result < 0) {
        return aha_error_set(err, AHA_ERR_ARG,
                             "%.80s holds no chain of certificates in PEM form",
                             path);
    }
    if (pair->n_chain > TLS_MAX_CHAIN) {
        return aha_error_set(err, AHA_ERR_TOO_LARGE,
                             "%.80s holds more than %d certificates", path,
                             TLS_MAX_CHAIN);
    }
    return AHA_OK;
}

static enum aha_status read_key(struct pair *pair, const char *path,
                                struct aha_error *err)
{
    struct file file = {0};
    enum aha_status status = file_load(path, TLS_MAX_FILE, &file, err);
    gnutls_datum_t text;
    int result;

    if (status != AHA_OK) {
        return status;
    }
    text = (gnutls_datum_t){(unsigned char *)file.text, (unsigned)file.n};
    result = gnutls_x509_privkey_init(&pair->key);
    if (result >= 0) {
        result = gnutls_x509_privkey_import2(pair->key, &text,
                                             GNUTLS_X509_FMT_PEM, NULL, 0);
    }
    file_wipe(&file);
    if (result < 0) {
        return aha_error_set(err, AHA_ERR_ARG,
                             "%.80s holds no private key in PEM form, or an "
                             "encrypted one",
                             path);
    }
    return AHA_OK;
}

/* Whether the key is the one of the certificate. */
static bool belongs(const struct pair *pair)
{
    unsigned char of_cert[KEY_ID_BYTES];
    unsigned char of_key[KEY_ID_BYTES];
    size_t n_cert = sizeof of_cert;
    size_t n_key = sizeof of_key;

    return gnutls_x509_crt_get_key_id(pair->chain[0], GNUTLS_KEYID_USE_SHA256,
                                      of_cert, &n_cert) >= 0 &&
           gnutls_x509_privkey_get_key_id(pair->key, GNUTLS_KEYID_USE_SHA256,
                                          of_key, &n_key) >= 0 &&
           n_cert == n_key && memcmp(of_cert, of_key, n_cert) == 0;
}

static enum aha_status pair_read(struct pair *out, const char *cert_path,
                                 const char *key_path, struct aha_error *err)
{
    struct pair pair = {0};
    enum aha_status status = read_chain(&pair, cert_path, err);

    if (status == AHA_OK) {
        status = read_key(&pair, key_path, err);
    }
    if (status == AHA_OK && !belongs(&pair)) {
        status = aha_error_set(err, AHA_ERR_ARG,
                               "%.60s is not the key of the certificate %.60s",
                               key_path, cert_path);
    }
    if (status != AHA_OK) {
        pair_fini(&pair);
        return status;
    }
    *out = pair;
    return AHA_OK;
}

static char *copy_text(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);

    return copy == NULL ? NULL : memcpy(copy, text, n);
}

enum aha_status tls_load(const char *cert_path, const char *key_path,
                         struct tls **out, struct aha_error *err)
{
    struct tls *tls = calloc(1, sizeof *tls);
    enum aha_status status;

    if (tls == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    THREAD_CHECK(pthread_mutex_init(&tls->lock, NULL));
    tls->cert_path = copy_text(cert_path);
    tls->key_path = copy_text(key_path);
    status = tls->cert_path == NULL || tls->key_path == NULL
                 ? aha_error_set(err, AHA_ERR_MEMORY, "out of memory")
                 : pair_read(&tls->pair, cert_path, key_path, err);
    if (status != AHA_OK) {
        tls_destroy(tls);
        return status;
    }
    *out = tls;
    return AHA_OK;
}

enum aha_status tls_reload(struct tls *tls, struct aha_error *err)
{
    struct pair pair = {0};
    struct pair old;
    enum aha_status status =
        pair_read(&pair, tls->cert_path, tls->key_path, err);

    if (status != AHA_OK) {
        return status;
    }
    THREAD_CHECK(pthread_mutex_lock(&tls->lock));
    old = tls->pair;
    tls->pair = pair;
    THREAD_CHECK(pthread_mutex_unlock(&tls->lock));
    pair_fini(&old);
    return AHA_OK;
}

void tls_destroy(struct tls *tls)
{
    struct tls *mine = tls;

    if (tls == NULL) {
        return;
    }
    (void)atomic_compare_exchange_strong(&served, &mine, NULL);
    pair_fini(&tls->pair);
    THREAD_CHECK(pthread_mutex_destroy(&tls->lock));
    free(tls->cert_path);
    free(tls->key_path);
    free(tls);
}

bool tls_warning(struct tls *tls, char out[TLS_MAX_WARNING])
{
    time_t now = time(NULL);
    time_t begin;
    time_t end;
    struct tm date;
    char day[16];

    THREAD_CHECK(pthread_mutex_lock(&tls->lock));
    begin = gnutls_x509_crt_get_activation_time(tls->pair.chain[0]);
    end = gnutls_x509_crt_get_expiration_time(tls->pair.chain[0]);
    THREAD_CHECK(pthread_mutex_unlock(&tls->lock));
    if (now >= begin && now <= end) {
        return false;
    }
    if (gmtime_r(now < begin ? &begin : &end, &date) == NULL ||
        strftime(day, sizeof day, "%Y-%m-%d", &date) == 0) {
        (void)snprintf(day, sizeof day, "some time");
    }
    (void)snprintf(out, TLS_MAX_WARNING,
                   now < begin ? "the certificate %.120s is not valid before %s"
                               : "the certificate %.120s expired on %s",
                   tls->cert_path, day);
    return true;
}

/* ---- handshakes */

/* A list that GnuTLS may free; @return NULL when memory ran out */
static gnutls_pcert_st *copy_chain(const struct pair *pair)
{
    gnutls_pcert_st *chain = gnutls_calloc(pair->n_chain, sizeof *chain);

    for (unsigned i = 0; chain != NULL && i < pair->n_chain; i++) {
        if (gnutls_pcert_import_x509(&chain[i], pair->chain[i], 0) < 0) {
            while (i > 0) {
                gnutls_pcert_deinit(&chain[--i]);
            }
            gnutls_free(chain);
            return NULL;
        }
    }
    return chain;
}

static gnutls_privkey_t copy_key(const struct pair *pair)
{
    gnutls_privkey_t key = NULL;

    if (gnutls_privkey_init(&key) < 0) {
        return NULL;
    }
    if (gnutls_privkey_import_x509(key, pair->key, GNUTLS_PRIVKEY_IMPORT_COPY) <
        0) {
        gnutls_privkey_deinit(key);
        return NULL;
    }
    return key;
}

static int retrieve(gnutls_session_t session,
                    const struct gnutls_cert_retr_st *info,
                    gnutls_pcert_st **certs, unsigned *n_certs,
                    gnutls_ocsp_data_st **ocsp, unsigned *n_ocsp,
                    gnutls_privkey_t *key, unsigned *flags)
{
    struct tls *tls = atomic_load(&served);
    unsigned n_chain;
    gnutls_pcert_st *chain;

    (void)session;
    (void)info;
    THREAD_CHECK(pthread_mutex_lock(&tls->lock));
    n_chain = tls->pair.n_chain;
    chain = copy_chain(&tls->pair);
    *key = chain == NULL ? NULL : copy_key(&tls->pair);
    THREAD_CHECK(pthread_mutex_unlock(&tls->lock));
    if (*key == NULL) {
        for (unsigned i = 0; chain != NULL && i < n_chain; i++) {
            gnutls_pcert_deinit(&chain[i]);
        }
        gnutls_free(chain);
        return -1;
    }
    *certs = chain;
    *n_certs = n_chain;
    *ocsp = NULL;
    *n_ocsp = 0;
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    return 0;
}

tls_callback_fn tls_serve(struct tls *tls)
{
    struct tls *none = NULL;
    bool is_first = atomic_compare_exchange_strong(&served, &none, tls);

    assert(is_first || none == tls);
    return (tls_callback_fn)retrieve;
}
