// SPDX-License-Identifier: MIT
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>

#include "server/listen.h"
#include "server/tls.h"
#include "tests/unit/suites.h"
#include "tests/unit/support.h"
#include "tests/unit/tls_visit.h"

static const unsigned p256 = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

enum { DAY_S = 86400, MAX_PEM = 16384, PATIENCE_S = 60 };

static char folder[64];
static char cert_path[96];
static char key_path[96];
static struct tls *tls;
static struct aha_error err;

/* ---- certificates */

struct identity {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
};

static void write_file(const char *path, const char *text)
{
    FILE *stream = fopen(path, "w");

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_ge(fputs(text, stream), 0);
    ck_assert_int_eq(fclose(stream), 0);
}

/* Signed by `signer`, or by itself; valid from and to so many days from now. */
static struct identity make(gnutls_pk_algorithm_t algorithm, unsigned bits,
                            unsigned char serial, int from, int to,
                            const struct identity *signer)
{
    struct identity made;
    char name[32];

    ck_assert_int_eq(gnutls_x509_privkey_init(&made.key), 0);
    ck_assert_int_eq(gnutls_x509_privkey_generate(made.key, algorithm, bits, 0),
                     0);
    ck_assert_int_eq(gnutls_x509_crt_init(&made.cert), 0);
    (void)gnutls_x509_crt_set_version(made.cert, 3);
    (void)gnutls_x509_crt_set_serial(made.cert, &serial, 1);
    (void)gnutls_x509_crt_set_activation_time(made.cert,
                                              time(NULL) + from * DAY_S);
    (void)gnutls_x509_crt_set_expiration_time(made.cert,
                                              time(NULL) + to * DAY_S);
    (void)snprintf(name, sizeof name, "CN=number %d", serial);
    (void)gnutls_x509_crt_set_dn(made.cert, name, NULL);
    (void)gnutls_x509_crt_set_basic_constraints(made.cert, signer == NULL, -1);
    ck_assert_int_eq(gnutls_x509_crt_set_key(made.cert, made.key), 0);
    ck_assert_int_eq(gnutls_x509_crt_sign2(
                         made.cert, signer == NULL ? made.cert : signer->cert,
                         signer == NULL ? made.key : signer->key,
                         GNUTLS_DIG_UNKNOWN, 0),
                     0);
    return made;
}

static struct identity make_ec(unsigned char serial)
{
    return make(GNUTLS_PK_ECDSA, p256, serial, -1, 30, NULL);
}

static void release(struct identity *identity)
{
    gnutls_x509_crt_deinit(identity->cert);
    gnutls_x509_privkey_deinit(identity->key);
}

/* Up to three certificates in this order; NULL: no more. */
static void write_chain(const struct identity *const chain[3])
{
    char text[3 * MAX_PEM];
    size_t n = 0;

    for (int i = 0; i < 3 && chain[i] != NULL; i++) {
        size_t n_more = MAX_PEM - 1;

        ck_assert_int_eq(gnutls_x509_crt_export(chain[i]->cert,
                                                GNUTLS_X509_FMT_PEM, text + n,
                                                &n_more),
                         0);
        n += n_more;
    }
    text[n] = '\0';
    write_file(cert_path, text);
}

static void write_cert(const struct identity *identity)
{
    write_chain((const struct identity *[3]){identity});
}

/* Ed25519 has but the newer form; of the others the older one is tested. */
static void write_key(const struct identity *identity)
{
    char text[MAX_PEM];
    size_t n = sizeof text - 1;

    if (gnutls_x509_privkey_get_pk_algorithm(identity->key) ==
        GNUTLS_PK_EDDSA_ED25519) {
        ck_assert_int_eq(
            gnutls_x509_privkey_export_pkcs8(identity->key, GNUTLS_X509_FMT_PEM,
                                             NULL, GNUTLS_PKCS_PLAIN, text, &n),
            0);
    } else {
        ck_assert_int_eq(gnutls_x509_privkey_export(
                             identity->key, GNUTLS_X509_FMT_PEM, text, &n),
                         0);
    }
    text[n] = '\0';
    write_file(key_path, text);
}

static void write_identity(const struct identity *identity)
{
    write_cert(identity);
    write_key(identity);
}

static void must_load(void)
{
    ck_assert_msg(tls_load(cert_path, key_path, &tls, &err) == AHA_OK, "%s",
                  err.text);
}

static void must_not_load(const char *word)
{
    ck_assert_int_ne(tls_load(cert_path, key_path, &tls, &err), AHA_OK);
    ck_assert_msg(strstr(err.text, word) != NULL, "%s", err.text);
    ck_assert_ptr_null(tls);
}

static void begin(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/aha-tls-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(cert_path, sizeof cert_path, "%s/cert.pem", folder);
    (void)snprintf(key_path, sizeof key_path, "%s/key.pem", folder);
    err = (struct aha_error){AHA_OK, ""};
    tls = NULL;
}

static void end(void)
{
    tls_destroy(tls);
    (void)unlink(cert_path);
    (void)unlink(key_path);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* ---- reading */

START_TEST(what_is_no_pair)
{
    struct identity one = make_ec(1);
    struct identity two = make_ec(2);
    char text[MAX_PEM];
    size_t n = sizeof text - 1;

    must_not_load("cert.pem is not there");
    write_identity(&one);
    (void)unlink(key_path);
    must_not_load("key.pem is not there");
    write_key(&two);
    must_not_load("is not the key of the certificate");
    write_file(key_path, "-----BEGIN PRIVATE KEY-----\nAAAA\n");
    must_not_load("key.pem holds no private key");
    ck_assert_int_eq(
        gnutls_x509_privkey_export_pkcs8(one.key, GNUTLS_X509_FMT_PEM, "word",
                                         GNUTLS_PKCS_PBES2_AES_128, text, &n),
        0);
    text[n] = '\0';
    write_file(key_path, text);
    must_not_load("or an encrypted one");
    write_key(&one);
    write_file(cert_path, "");
    must_not_load("cert.pem holds no chain");
    write_file(cert_path, "hello\n");
    must_not_load("cert.pem holds no chain");
    (void)memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    write_file(cert_path, text);
    must_not_load("cert.pem holds no chain");
    release(&one);
    release(&two);
}
END_TEST

START_TEST(dates)
{
    static const struct {
        int from;
        int to;
        const char *word;
    } cases[] = {{-1, 1, NULL},
                 {-20, -10, "cert.pem expired on 2"},
                 {5, 10, "cert.pem is not valid before 2"}};
    struct identity authority = make_ec(1);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct identity made = make(GNUTLS_PK_EDDSA_ED25519, 0, 2,
                                    cases[i].from, cases[i].to, &authority);
        char warning[TLS_MAX_WARNING] = "";

        write_identity(&made);
        must_load();
        ck_assert_int_eq(tls_warning(tls, warning), cases[i].word != NULL);
        ck_assert_msg(cases[i].word == NULL
                          ? warning[0] == '\0'
                          : strstr(warning, cases[i].word) != NULL,
                      "%s", warning);
        tls_destroy(tls);
        tls = NULL;
        release(&made);
    }
    release(&authority);
}
END_TEST

START_TEST(no_memory)
{
    struct identity made = make_ec(1);
    unsigned long n = 1;

    write_identity(&made);
    for (; n < 20; n++) {
        enum aha_status status;

        support_fail_allocation(n);
        status = tls_load(cert_path, key_path, &tls, &err);
        if (!support_fail_allocation(0)) {
            break;
        }
        ck_assert_int_eq(status, AHA_ERR_MEMORY);
        ck_assert_ptr_null(tls);
    }
    ck_assert_ptr_nonnull(tls);
    ck_assert_uint_gt(n, 3);
    release(&made);
}
END_TEST

/* ---- serving */

static enum MHD_Result hello(void *data, struct MHD_Connection *connection,
                             const char *url, const char *method,
                             const char *version, const char *bytes,
                             size_t *n_bytes, void **slot)
{
    static char text[] = "hello";
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)data, (void)url, (void)method, (void)version, (void)bytes;
    (void)n_bytes, (void)slot;
    response = MHD_create_response_from_buffer(sizeof text - 1, text,
                                               MHD_RESPMEM_PERSISTENT);
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static struct MHD_Daemon *serve(int *port)
{
    struct listener listener;
    struct MHD_Daemon *daemon;

    ck_assert_msg(listen_open("127.0.0.1", 0, 64, "", &listener, &err) ==
                      AHA_OK,
                  "%s", err.text);
    *port = listener.port;
    daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TLS,
        0, NULL, NULL, hello, NULL, MHD_OPTION_LISTEN_SOCKET,
        listen_take(&listener), MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
        MHD_OPTION_HTTPS_CERT_CALLBACK2, tls_serve(tls), MHD_OPTION_END);
    ck_assert_ptr_nonnull(daemon);
    return daemon;
}

static void check_versions(const struct identity *identity, int serial)
{
    struct MHD_Daemon *daemon;
    struct tls_visit seen;
    int port;

    write_identity(identity);
    must_load();
    daemon = serve(&port);
    seen = tls_visit(port, "NORMAL:-VERS-ALL:+VERS-TLS1.3");
    ck_assert(seen.is_answered);
    ck_assert_int_eq(seen.serial, serial);
    ck_assert_int_eq(seen.version, GNUTLS_TLS1_3);
    seen = tls_visit(port, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
    ck_assert(seen.is_answered);
    ck_assert_int_eq(seen.serial, serial);
    ck_assert_int_eq(seen.version, GNUTLS_TLS1_2);
    ck_assert(!tls_visit(port, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:"
                               "%VERIFY_ALLOW_SIGN_WITH_SHA1")
                   .is_answered);
    ck_assert(!tls_visit(port, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA")
                   .is_answered);
    ck_assert(!tls_visit(port, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:"
                               "+AES-128-CBC")
                   .is_answered);
    MHD_stop_daemon(daemon);
    tls_destroy(tls);
    tls = NULL;
}

START_TEST(every_kind_of_key)
{
    struct identity ec = make_ec(1);
    struct identity rsa = make(GNUTLS_PK_RSA, 2048, 2, -1, 30, NULL);
    struct identity ed = make(GNUTLS_PK_EDDSA_ED25519, 0, 3, -1, 30, NULL);

    check_versions(&ec, 1);
    check_versions(&rsa, 2);
    check_versions(&ed, 3);
    release(&ec);
    release(&rsa);
    release(&ed);
}
END_TEST

START_TEST(chain_is_sorted)
{
    struct identity root = make_ec(1);
    struct identity middle = make(GNUTLS_PK_ECDSA, p256, 2, -1, 30, &root);
    struct identity own = make(GNUTLS_PK_ECDSA, p256, 3, -1, 30, &middle);
    struct MHD_Daemon *daemon;
    struct tls_visit seen;
    int port;

    write_key(&own);
    write_chain((const struct identity *[3]){&root, &middle, &own});
    must_not_load("is not the key of the certificate");
    write_chain((const struct identity *[3]){&own, &root, &middle});
    must_load();
    daemon = serve(&port);
    seen = tls_visit(port, "NORMAL");
    ck_assert(seen.is_answered);
    ck_assert_int_eq(seen.serial, 3);
    ck_assert_int_eq(seen.second_serial, 2);
    ck_assert_uint_eq(seen.n_chain, 3);
    MHD_stop_daemon(daemon);
    release(&root);
    release(&middle);
    release(&own);
}
END_TEST

START_TEST(reload)
{
    struct identity one = make_ec(1);
    struct identity two = make(GNUTLS_PK_EDDSA_ED25519, 0, 2, -1, 30, NULL);
    struct MHD_Daemon *daemon;
    int port;

    write_identity(&one);
    must_load();
    daemon = serve(&port);
    ck_assert_int_eq(tls_visit(port, "NORMAL").serial, 1);
    write_key(&two); /* half of the change: kept off */
    ck_assert_int_eq(tls_reload(tls, &err), AHA_ERR_ARG);
    ck_assert_ptr_nonnull(strstr(err.text, "is not the key"));
    ck_assert_int_eq(tls_visit(port, "NORMAL").serial, 1);
    write_cert(&two);
    ck_assert_int_eq(tls_reload(tls, &err), AHA_OK);
    ck_assert_int_eq(tls_visit(port, "NORMAL").serial, 2);
    (void)unlink(cert_path);
    ck_assert_int_eq(tls_reload(tls, &err), AHA_ERR_IO);
    ck_assert(tls_visit(port, "NORMAL").is_answered);
    MHD_stop_daemon(daemon);
    release(&one);
    release(&two);
}
END_TEST

struct reloads {
    atomic_bool is_over;
    int n;
};

static void *reload_on(void *data)
{
    struct reloads *reloads = data;

    while (!atomic_load(&reloads->is_over)) {
        if (tls_reload(tls, NULL) == AHA_OK) {
            reloads->n++;
        }
    }
    return NULL;
}

/* A sanitizer sees what a handshake would still hold of an old pair. */
START_TEST(reload_during_handshakes)
{
    struct identity made = make_ec(7);
    struct reloads reloads = {.n = 0};
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int port;

    write_identity(&made);
    must_load();
    daemon = serve(&port);
    ck_assert_int_eq(pthread_create(&thread, NULL, reload_on, &reloads), 0);
    for (int i = 0; i < 100; i++) {
        struct tls_visit seen =
            tls_visit(port, i % 2 == 0 ? "NORMAL:-VERS-ALL:+VERS-TLS1.2"
                                       : "NORMAL:-VERS-ALL:+VERS-TLS1.3");

        ck_assert(seen.is_answered);
        ck_assert_int_eq(seen.serial, 7);
    }
    atomic_store(&reloads.is_over, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_gt(reloads.n, 10);
    MHD_stop_daemon(daemon);
    release(&made);
}
END_TEST

Suite *tls_suite(void)
{
    Suite *suite = suite_create("tls");
    TCase *tests = tcase_create("tls");

    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, PATIENCE_S); /* keys of RSA take their time */
    tcase_add_test(tests, what_is_no_pair);
    tcase_add_test(tests, dates);
    tcase_add_test(tests, no_memory);
    tcase_add_test(tests, every_kind_of_key);
    tcase_add_test(tests, chain_is_sorted);
    tcase_add_test(tests, reload);
    tcase_add_test(tests, reload_during_handshakes);
    suite_add_tcase(suite, tests);
    return suite;
}
