// SPDX-License-Identifier: MIT
#include "tests/unit/tls_visit.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "server/listen.h"

enum { PATIENCE_S = 60 };

static int serial_of(const gnutls_datum_t *der)
{
    unsigned char serial[32] = {0};
    size_t n = sizeof serial;
    gnutls_x509_crt_t cert;

    ck_assert_int_eq(gnutls_x509_crt_init(&cert), 0);
    ck_assert_int_eq(gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER), 0);
    ck_assert_int_eq(gnutls_x509_crt_get_serial(cert, serial, &n), 0);
    gnutls_x509_crt_deinit(cert);
    return serial[0];
}

static void look(gnutls_session_t session, struct tls_visit *visit)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const gnutls_datum_t *chain;
    char answer[512];
    ssize_t n;

    chain = gnutls_certificate_get_peers(session, &visit->n_chain);
    ck_assert_ptr_nonnull(chain);
    visit->serial = serial_of(&chain[0]);
    visit->second_serial = visit->n_chain > 1 ? serial_of(&chain[1]) : 0;
    visit->version = gnutls_protocol_get_version(session);
    ck_assert_int_eq(gnutls_record_send(session, request, sizeof request - 1),
                     sizeof request - 1);
    do {
        n = gnutls_record_recv(session, answer, sizeof answer - 1);
    } while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
    answer[n > 0 ? n : 0] = '\0';
    visit->is_answered = strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static int dial(int port)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_storage address;
    socklen_t n = listen_address("127.0.0.1", port, &address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)(void *)&address, n), 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

struct tls_visit tls_visit(int port, const char *priorities)
{
    struct tls_visit visit = {0};
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    int fd = dial(port);
    int result;

    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&credentials), 0);
    ck_assert_int_eq(gnutls_init(&session, GNUTLS_CLIENT), 0);
    ck_assert_int_eq(gnutls_priority_set_direct(session, priorities, NULL), 0);
    ck_assert_int_eq(
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials),
        0);
    gnutls_transport_set_int(session, fd);
    do {
        result = gnutls_handshake(session);
    } while (result < 0 && gnutls_error_is_fatal(result) == 0);
    if (result == 0) {
        look(session, &visit);
    }
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    (void)close(fd);
    return visit;
}
