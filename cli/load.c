// SPDX-License-Identifier: MIT
#include "cli/load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "server/thread.h"

enum { MAX_WAIT_MS = 1000 };

/* One connection's worth: a request under way, or none. */
struct client {
    CURL *easy;
    double due_ms;
    struct client *next_idle;
};

struct load {
    const struct load_plan *plan;
    CURLM *multi;
    CURLU *url;
    struct curl_slist **headers; /* [n_photos] */
    struct client *clients;      /* [n_connections] */
    struct client *idle;
    struct progress *progress;
    struct load_result result;
    int capacity; /* of result.samples */
    int n_begun;
    double start_ms;
};

int load_n_requests(const struct load_plan *plan)
{
    double n = round(plan->rate * plan->duration_s);

    return n < 1 ? 1 : n > LOAD_MAX_REQUESTS ? LOAD_MAX_REQUESTS : (int)n;
}

/* ---- set up */

/* Whether a part of the address is one of two texts. */
static bool part_is(CURLU *url, CURLUPart part, const char *one,
                    const char *other)
{
    char *text = NULL;
    bool is_so;

    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) {
        return false;
    }
    is_so = strcmp(text, one) == 0 || strcmp(text, other) == 0;
    curl_free(text);
    return is_so;
}

static enum aha_status parse_url(struct load *load, struct aha_error *err)
{
    bool is_fine;

    load->url = curl_url();
    if (load->url == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    is_fine = curl_url_set(load->url, CURLUPART_URL, load->plan->url, 0) ==
                  CURLUE_OK &&
              part_is(load->url, CURLUPART_SCHEME, "http", "https");
    if (is_fine && part_is(load->url, CURLUPART_PATH, "/", "")) {
        is_fine = curl_url_set(load->url, CURLUPART_PATH, "/v1/analyze", 0) ==
                  CURLUE_OK;
    }
    return is_fine ? AHA_OK
                   : aha_error_set(err, AHA_ERR_ARG,
                                   "%.80s is no address like "
                                   "http://localhost:8080",
                                   load->plan->url);
}

/* Another line of the list, which stays the caller's to free; false when out
 * of memory. */
static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer != NULL) {
        *list = longer;
    }
    return longer != NULL;
}

static bool make_headers(struct load *load)
{
    const struct load_plan *plan = load->plan;
    char line[64];

    load->headers = calloc((size_t)plan->n_photos,
                           sizeof(struct curl_slist *)); /* NOLINT */
    if (load->headers == NULL) {
        return false;
    }
    for (int i = 0; i < plan->n_photos; i++) {
        (void)snprintf(line, sizeof line, "Content-Type: %s",
                       plan->photos[i].media_type);
        /* No question first whether a large body is welcome. */
        if (!append(&load->headers[i], line) ||
            !append(&load->headers[i], "Expect:") ||
            (plan->header != NULL &&
             !append(&load->headers[i], plan->header))) {
            return false;
        }
    }
    return true;
}

static size_t drop(char *bytes, size_t size, size_t n, void *user)
{
    (void)bytes;
    (void)user;
    return size * n;
}

static bool make_client(struct load *load, struct client *client)
{
    client->easy = curl_easy_init();
    if (client->easy == NULL ||
        curl_easy_setopt(client->easy, CURLOPT_PRIVATE, client) != CURLE_OK ||
        curl_easy_setopt(client->easy, CURLOPT_CURLU, load->url) != CURLE_OK ||
        curl_easy_setopt(client->easy, CURLOPT_NOPROXY, "*") != CURLE_OK ||
        curl_easy_setopt(client->easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
        curl_easy_setopt(client->easy, CURLOPT_POST, 1L) != CURLE_OK ||
        curl_easy_setopt(client->easy, CURLOPT_WRITEFUNCTION, drop) !=
            CURLE_OK) {
        return false;
    }
    client->next_idle = load->idle;
    load->idle = client;
    return true;
}

static enum aha_status set_up(struct load *load, struct aha_error *err)
{
    const struct load_plan *plan = load->plan;
    enum aha_status status = parse_url(load, err);

    if (status != AHA_OK) {
        return status;
    }
    load->capacity = plan->rate > 0 ? load_n_requests(plan) : LOAD_MAX_REQUESTS;
    load->result.samples =
        calloc((size_t)load->capacity, sizeof *load->result.samples);
    load->clients = calloc((size_t)plan->n_connections, sizeof *load->clients);
    load->multi = curl_multi_init();
    if (load->result.samples == NULL || load->clients == NULL ||
        load->multi == NULL || !make_headers(load) ||
        curl_multi_setopt(load->multi, CURLMOPT_MAXCONNECTS,
                          (long)plan->n_connections) != CURLM_OK) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    for (int i = 0; i < plan->n_connections; i++) {
        if (!make_client(load, &load->clients[i])) {
            return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
        }
    }
    return AHA_OK;
}

static void tear_down(struct load *load)
{
    for (int i = 0; load->clients != NULL && i < load->plan->n_connections;
         i++) {
        curl_easy_cleanup(load->clients[i].easy);
    }
    for (int i = 0; load->headers != NULL && i < load->plan->n_photos; i++) {
        curl_slist_free_all(load->headers[i]);
    }
    (void)curl_multi_cleanup(load->multi);
    curl_url_cleanup(load->url);
    free(load->headers);
    free(load->clients);
    free(load->result.samples);
}

/* ---- under way */

static void note(struct load *load, double due_ms, int outcome)
{
    load->result.samples[load->result.n_samples++] =
        (struct sample){thread_now_ms() - due_ms, outcome};
    progress_step(load->progress, load->result.n_samples);
}

/* When the next request is due; HUGE_VAL after the last. */
static double next_due_ms(const struct load *load, double now_ms)
{
    const struct load_plan *plan = load->plan;

    if (load->n_begun == load->capacity) {
        return HUGE_VAL;
    }
    if (plan->rate > 0) {
        return load->start_ms + load->n_begun * 1e3 / plan->rate;
    }
    return now_ms < load->start_ms + plan->duration_s * 1e3 ? now_ms : HUGE_VAL;
}

/* Send the next request on an idle client, or say that its time is over. */
static void begin(struct load *load, double due_ms, double now_ms)
{
    const struct load_plan *plan = load->plan;
    int which = load->n_begun++ % plan->n_photos;
    const struct load_photo *photo = &plan->photos[which];
    double left_ms = due_ms + plan->timeout_ms - now_ms;
    struct client *client = load->idle;
    CURL *easy = client->easy;

    load->result.lateness_ms = fmax(load->result.lateness_ms, now_ms - due_ms);
    if (left_ms < 1) {
        note(load, due_ms, FAILURE_TIMEOUT);
        return;
    }
    if (curl_easy_setopt(easy, CURLOPT_POSTFIELDS, photo->bytes) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)photo->n_bytes) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, load->headers[which]) !=
            CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms) != CURLE_OK ||
        curl_multi_add_handle(load->multi, easy) != CURLM_OK) {
        note(load, due_ms, FAILURE_BROKEN);
        return;
    }
    load->idle = client->next_idle;
    client->due_ms = due_ms;
}

static int outcome_of(CURL *easy, CURLcode code)
{
    long status = 0;

    switch (code) {
    case CURLE_OK:
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        return status >= 100 && status < N_OUTCOMES ? (int)status
                                                    : FAILURE_BROKEN;
    case CURLE_OPERATION_TIMEDOUT:
        return FAILURE_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return FAILURE_CONNECT;
    default:
        return FAILURE_BROKEN;
    }
}

static void take_answers(struct load *load)
{
    CURLMsg *message;
    int n_left;

    while ((message = curl_multi_info_read(load->multi, &n_left)) != NULL) {
        struct client *client = NULL;
        CURL *easy = message->easy_handle;
        int outcome = outcome_of(easy, message->data.result);

        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &client);
        (void)curl_multi_remove_handle(load->multi, easy);
        note(load, client->due_ms, outcome);
        client->next_idle = load->idle;
        load->idle = client;
    }
}

/* Rounded up to the millisecond that can be waited for: rather a request late
 * by less than that, which its time tells, than a processor taken. */
static int wait_ms(const struct load *load, double now_ms)
{
    double due_ms = next_due_ms(load, now_ms);

    return load->idle == NULL || due_ms - now_ms > MAX_WAIT_MS
               ? MAX_WAIT_MS
               : (int)fmax(ceil(due_ms - now_ms), 0);
}

static void work(struct load *load)
{
    load->start_ms = thread_now_ms();
    for (;;) {
        double now_ms = thread_now_ms();
        double due_ms = next_due_ms(load, now_ms);
        int n_running = 0;

        while (due_ms <= now_ms && load->idle != NULL) {
            begin(load, due_ms, now_ms);
            due_ms = next_due_ms(load, now_ms);
        }
        (void)curl_multi_perform(load->multi, &n_running);
        take_answers(load);
        if (load->result.n_samples == load->n_begun && due_ms == HUGE_VAL) {
            break;
        }
        (void)curl_multi_poll(load->multi, NULL, 0,
                              wait_ms(load, thread_now_ms()), NULL);
    }
    load->result.elapsed_s = (thread_now_ms() - load->start_ms) / 1e3;
}

enum aha_status load_run(const struct load_plan *plan,
                         struct progress *progress, struct load_result *out,
                         struct aha_error *err)
{
    struct load load = {.plan = plan, .progress = progress};
    enum aha_status status;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return aha_error_set(err, AHA_ERR_ENVIRONMENT,
                             "libcurl cannot be started");
    }
    status = set_up(&load, err);
    if (status == AHA_OK) {
        work(&load);
        *out = load.result;
        load.result.samples = NULL; /* moved to the caller */
    }
    tear_down(&load);
    curl_global_cleanup();
    return status;
}
