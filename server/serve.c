// SPDX-License-Identifier: MIT
/*
 * DESIGN. Start: configuration, weights, workers, listener, ready. Stop, on
 * SIGTERM or SIGINT: unready for --shutdown-delay-s, then no new work; what was
 * accepted is answered within --grace-period-s; then whatever still waits is
 * refused, the workers end, the listener ends. A second signal skips the
 * waiting. Signals are blocked in every thread; main takes them with
 * sigtimedwait. Lock order: there is none, no two locks are ever held at once.
 */
#include "server/serve.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "aha/aha.h"

#include "server/cpus.h"
#include "server/http.h"
#include "server/server.h"
#include "server/thread.h"
#include "server/worker.h"

enum {
    EXIT_STOPPED = 0,
    EXIT_NO_START = 1,
    EXIT_WRONG_OPTION = 2,
    FIRST_JOB_US = 50000, /* a guess until the first photo is measured */
    LOOK_MS = 50,         /* how often a draining daemon looks at itself */
    LAST_BYTES_MS = 1000, /* for refused jobs' answers to be written */
};

static void block_signals(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    THREAD_CHECK(pthread_sigmask(SIG_BLOCK, set, NULL));
    (void)signal(SIGPIPE, SIG_IGN);
}

/* @return whether a signal came within the time */
static bool wait_signal(const sigset_t *set, double ms)
{
    struct timespec limit = {(time_t)(ms / 1e3),
                             (long)(ms * 1e6) % 1000000000L};

    return sigtimedwait(set, NULL, &limit) > 0;
}

static void greet(const struct server *server, int port)
{
    struct aha_build_info build = aha_build_info();
    const char *host = strcmp(server->config.bind, "0.0.0.0") == 0 ||
                               strcmp(server->config.bind, "::") == 0
                           ? "localhost"
                           : server->config.bind;

    log_event(&server->log, "info",
              "aha %s, %s %s, %d worker(s), kernels %s, OpenBLAS %s",
              build.version, server->model->name, server->model->version,
              server->n_workers, build.kernels, build.blas_core);
    log_event(&server->log, "info", "listening on http://%s:%d", host, port);
    if (!server->log.is_json) {
        (void)fprintf(stderr,
                      "\n  curl --data-binary @photo.jpg -H 'Content-Type: "
                      "image/jpeg' http://%s:%d/v1/analyze\n\n",
                      host, port);
    }
}

/* Wait until no request is left, for so long, or until a signal hurries. */
static void wait_idle(const struct server *server, const sigset_t *set,
                      double ms)
{
    double end_ms = thread_now_ms() + ms;

    while (metrics_active(server->metrics) > 0 && thread_now_ms() < end_ms) {
        if (wait_signal(set, LOOK_MS)) {
            return;
        }
    }
}

static void stop(struct server *server, struct http *http,
                 struct workers *workers, const sigset_t *set)
{
    atomic_store(&server->state, SERVER_DRAINING);
    log_event(&server->log, "info", "stopping: %ld request(s) to finish",
              metrics_active(server->metrics));
    if (server->config.shutdown_delay_s > 0) {
        (void)wait_signal(set, (double)server->config.shutdown_delay_s * 1e3);
    }
    atomic_store(&server->state, SERVER_STOPPING);
    http_quiesce(http);
    wait_idle(server, set, (double)server->config.grace_period_s * 1e3);
    atomic_store(&server->is_hurried, true);
    queue_close(server->queue);
    workers_join(workers);
    wait_idle(server, set, LAST_BYTES_MS);
    http_stop(http);
    log_event(&server->log, "info", "stopped");
}

static enum aha_status prepare(struct server *server, struct aha_error *err)
{
    const char *models =
        server->config.models[0] == '\0' ? NULL : server->config.models;
    enum aha_status status = aha_pipeline_open(&server->pipeline, models, err);

    if (status != AHA_OK) {
        return status;
    }
    server->model = aha_pipeline_model_info(server->pipeline);
    server->n_workers = server->config.workers > 0 ? (int)server->config.workers
                                                   : cpus_available();
    server->queue = queue_create((size_t)server->config.max_queue_size);
    server->metrics = metrics_create();
    atomic_store(&server->job_us, FIRST_JOB_US);
    if (server->queue == NULL || server->metrics == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    return AHA_OK;
}

static int run(struct server *server)
{
    struct aha_error err = {AHA_OK, ""};
    struct workers *workers = NULL;
    struct http *http = NULL;
    sigset_t signals;
    enum aha_status status;

    block_signals(&signals);
    status = prepare(server, &err);
    if (status == AHA_OK) {
        status = workers_start(&workers, server, &err);
    }
    if (status == AHA_OK) {
        status = http_start(&http, server, &err);
    }
    if (status != AHA_OK) {
        (void)fprintf(stderr, "aha serve: %s\n", err.text);
        if (workers != NULL) {
            queue_close(server->queue);
            workers_join(workers);
        }
        return EXIT_NO_START;
    }
    atomic_store(&server->state, SERVER_READY);
    greet(server, http_port(http));
    while (sigwaitinfo(&signals, NULL) < 0) {
        /* interrupted by a debugger or the like */
    }
    stop(server, http, workers, &signals);
    return EXIT_STOPPED;
}

int serve_main(int argc, char **argv)
{
    struct server server = {.state = SERVER_STARTING};
    int exit_status;

    switch (config_parse(argc, argv, &server.config, stdout, stderr)) {
    case CONFIG_HELP:
        return EXIT_STOPPED;
    case CONFIG_BAD:
        return EXIT_WRONG_OPTION;
    case CONFIG_RUN:
        break;
    }
    server.log = log_create(server.config.log_format);
    exit_status = run(&server);
    queue_destroy(server.queue);
    metrics_destroy(server.metrics);
    aha_pipeline_destroy(server.pipeline);
    return exit_status;
}
