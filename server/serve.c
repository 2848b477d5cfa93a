// SPDX-License-Identifier: MIT
/*
 * DESIGN. Start: configuration, weights, workers, listeners, ready. Main then
 * waits for signals, which are blocked in every thread of ours: SIGHUP reads
 * weights, keys and certificate again; SIGTERM and SIGINT stop. Stop: unready
 * for --shutdown-delay-s, then no new work; what was accepted is answered
 * within --grace-period-s; then whatever still waits is refused, the workers
 * end, the listeners end, the platform's last. A second signal skips the
 * waiting; /admin/drain is none of the two. While it waits, main cuts the
 * connections of slow clients. Lock order: no two locks of ours are ever held
 * at once.
 */
#include "server/serve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "aha/aha.h"
#include "aha/image.h"

#include "server/access.h"
#include "server/cpus.h"
#include "server/handlers/asset.h"
#include "server/handlers/platform.h"
#include "server/http.h"
#include "server/jansson_guard.h"
#include "server/listen.h"
#include "server/notify.h"
#include "server/seal.h"
#include "server/server.h"
#include "server/thread.h"
#include "server/tls.h"
#include "server/worker.h"

enum {
    EXIT_STOPPED = 0,
    EXIT_NO_START = 1,
    EXIT_WRONG_OPTION = 2,
    EXIT_NO_DECODERS = 3,
    FREED_BYTE = 0xff,     /* and its complement, 0, what is allocated */
    LARGE_BYTES = 4 << 20, /* allocations from here on are mapped */
    LOOK_MS = 50,          /* how often a draining daemon looks at itself */
    WATCH_MS = 250,        /* how often slow clients and late photos are
                              looked for */
    LAST_WORK_MS = 20000,  /* for a photo under way when the grace is over */
    LEAST_DECODER_BYTES = 512 << 20, /* for a photo of any size, and for */
    PIXEL_BYTES = 32,                /* each of the pixels that it may have */
    OTHER_FILES = 256,    /* open at once, beside the public connections */
    LAST_BYTES_MS = 1000, /* for refused jobs' answers to be written */
};

/* What only main needs. */
struct life {
    struct server *server;
    struct workers *workers;
    struct http *listeners[N_LISTENERS];
    struct notify notify;
    sigset_t signals; /* all that are waited for */
    sigset_t stops;   /* those that stop */
    bool is_told;     /* one of them has come */
    int exit_status;
};

/*
 * A thread that a library started before us does not block signals, and gets
 * those that come while main is not waiting. The main thread's id is the
 * process's.
 */
static void pass_to_main(int signal)
{
    int error = errno;

    (void)tgkill(getpid(), getpid(), signal);
    errno = error;
}

static void block_signals(struct life *life)
{
    struct sigaction pass = {.sa_handler = pass_to_main,
                             .sa_flags = SA_RESTART};

    (void)sigemptyset(&life->stops);
    (void)sigaddset(&life->stops, SIGTERM);
    (void)sigaddset(&life->stops, SIGINT);
    life->signals = life->stops;
    (void)sigaddset(&life->signals, SIGHUP);
    (void)sigaddset(&life->signals, CONTROL_DRAIN);
    THREAD_CHECK(pthread_sigmask(SIG_BLOCK, &life->signals, NULL));
    (void)sigfillset(&pass.sa_mask);
    (void)sigaction(SIGTERM, &pass, NULL);
    (void)sigaction(SIGINT, &pass, NULL);
    (void)sigaction(SIGHUP, &pass, NULL);
    (void)sigaction(CONTROL_DRAIN, &pass, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* @return the signal that came within the time, or -1 */
static int wait_signal(const sigset_t *set, double ms)
{
    struct timespec limit = {(time_t)(ms / 1e3),
                             (long)(ms * 1e6) % 1000000000L};

    return sigtimedwait(set, NULL, &limit);
}

/* What nobody else may see in time: slow clients, and photos that wait past
 * their deadline while all workers are busy. */
static void watch(struct life *life)
{
    int n = http_cut_slow(life->listeners[LISTENER_PUBLIC]) +
            http_cut_slow(life->listeners[LISTENER_ADMIN]);

    workers_refuse(life->server);
    if (n > 0) {
        log_event(&life->server->log, "warn",
                  "%d connection(s) cut: a head, a body or the taking of an "
                  "answer took longer than 2 x body-timeout-s",
                  n);
    }
}

/* Wait while the daemon stops; whether a signal came that hurries it. */
static bool is_hurried(struct life *life, double ms)
{
    bool was_told = life->is_told;

    if (wait_signal(&life->stops, ms) <= 0) {
        return false;
    }
    life->is_told = true;
    return was_told;
}

static void wait_draining(struct life *life, double ms)
{
    double end_ms = thread_now_ms() + ms;
    double left_ms;

    while ((left_ms = end_ms - thread_now_ms()) > 0) {
        if (is_hurried(life, left_ms < WATCH_MS ? left_ms : WATCH_MS)) {
            return;
        }
        watch(life);
    }
}

static void greet(const struct life *life)
{
    const struct server *server = life->server;
    struct aha_build_info build = aha_build_info();
    struct model *model = models_acquire(server->models);
    const struct aha_model_info *info = model_info(model);
    const char *url = http_url(life->listeners[LISTENER_PUBLIC]);
    unsigned seals = atomic_load(&server->seals);
    char held[SEAL_MAX_TEXT];
    char missing[SEAL_MAX_TEXT];

    log_event(&server->log, "info",
              "aha %s, %s %s (%.12s), %d worker(s), kernels %s, OpenBLAS %s",
              build.version, info->name, info->version, info->sha256,
              server->n_workers, build.kernels, build.blas_core);
    model_release(model);
    seal_list(seals, held);
    seal_list(~seals, missing);
    log_event(&server->log, "info", "sealed: %s; not sealed: %s", held,
              missing);
    log_event(&server->log, "info", "admin on %s",
              http_url(life->listeners[LISTENER_ADMIN]));
    log_event(&server->log, "info", "listening on %s", url);
    if (!server->log.is_json) {
        bool is_unix = strncmp(url, "unix:", 5) == 0;

        (void)fprintf(stderr,
                      "\n  %s%s%s\n\n  curl --data-binary @photo.jpg -H "
                      "'Content-Type: image/jpeg' %s%s%s/v1/analyze\n\n",
                      is_unix ? "" : "Open ", is_unix ? "Try" : url,
                      is_unix ? ":" : "/ in a browser, or:",
                      is_unix ? "--unix-socket " : "", is_unix ? url + 5 : url,
                      is_unix ? " http://localhost" : "");
    }
}

static void note_reload(const struct server *server, const char *what,
                        enum aha_status status, const struct aha_error *err)
{
    metrics_reload(server->metrics, status == AHA_OK);
    if (status == AHA_OK) {
        log_event(&server->log, "info", "%s: read again", what);
    } else {
        log_event(&server->log, "error", "%s: the old stay: %s", what,
                  err->text);
    }
}

static void warn_of_dates(const struct server *server)
{
    char warning[TLS_MAX_WARNING];

    if (tls_warning(server->tls, warning)) {
        log_event(&server->log, "warn", "%s", warning);
    }
}

/* Each on its own: one that is bad does not keep the others from changing. */
static void reload(struct life *life)
{
    struct server *server = life->server;
    struct job *job = control_take(&server->control);
    struct aha_error err = {AHA_OK, ""};
    struct aha_error key_err = {AHA_OK, ""};
    struct aha_error tls_err = {AHA_OK, ""};
    enum aha_status status;

    notify_reloading(&life->notify);
    status = models_reload(server->models, &err);
    note_reload(server, "weights", status, &err);
    if (server->access != NULL) {
        note_reload(server, "keys", access_reload(server->access, &key_err),
                    &key_err);
    }
    if (server->tls != NULL) {
        note_reload(server, "certificate", tls_reload(server->tls, &tls_err),
                    &tls_err);
        warn_of_dates(server);
    }
    if (job != NULL) {
        platform_reloaded(job, status != AHA_OK           ? &err
                               : key_err.status != AHA_OK ? &key_err
                                                          : &tls_err);
    }
    notify_ready(&life->notify, "ready");
}

/* Wait until no request is left, for so long, or until a signal hurries. */
static void wait_idle(struct life *life, double ms)
{
    double end_ms = thread_now_ms() + ms;

    while (metrics_active(life->server->metrics) > 0 &&
           thread_now_ms() < end_ms) {
        if (is_hurried(life, LOOK_MS)) {
            return;
        }
        workers_refuse(life->server);
    }
}

static void refuse_reload(struct server *server)
{
    struct job *job = control_close(&server->control);
    struct aha_error err = {AHA_ERR_ENVIRONMENT, "the service stops"};

    if (job != NULL) {
        platform_reloaded(job, &err);
    }
}

static void stop(struct life *life)
{
    struct server *server = life->server;
    const struct config *config = &server->config;

    atomic_store(&server->state, SERVER_DRAINING);
    notify_stopping(&life->notify);
    refuse_reload(server); /* nobody would take it any more */
    log_event(&server->log, "info", "stopping: %ld request(s) to finish",
              metrics_active(server->metrics));
    if (life->exit_status == EXIT_STOPPED) {
        wait_draining(life, (double)config->shutdown_delay_s * 1e3);
    }
    atomic_store(&server->state, SERVER_STOPPING);
    http_quiesce(life->listeners[LISTENER_PUBLIC]);
    wait_idle(life, (double)config->grace_period_s * 1e3);
    atomic_store(&server->is_hurried, true);
    pool_close(server->pool);
    workers_refuse(server);
    if (!workers_join(life->workers, LAST_WORK_MS)) {
        log_event(&server->log, "error",
                  "stopped in the middle of a photo that takes too long");
        _exit(life->exit_status);
    }
    wait_idle(life, LAST_BYTES_MS);
    http_stop(life->listeners[LISTENER_PUBLIC]);
    http_stop(life->listeners[LISTENER_ADMIN]);
    log_event(&server->log, "info", "stopped");
}

/* What a request starts from. */
static void read_limits(struct server *server)
{
    struct config *config = &server->config;
    char names[CONFIG_MAX_TEXT];
    char *rest = names;
    const char *name;

    /* A batch is let in whole, so it must fit into the queue. */
    if (config->max_batch_images > config->max_queue_size) {
        config->max_batch_images = config->max_queue_size;
    }
    server->limits = aha_options_default();
    server->limits.max_pixels = config->max_source_pixels;
    server->limits.max_faces = (int)config->max_faces;
    server->limits.formats = 0;
    memcpy(names, config->formats, sizeof names);
    while ((name = strsep(&rest, ",")) != NULL) {
        enum aha_image_format format = AHA_IMAGE_UNKNOWN;

        if (aha_image_format_parse(name, &format)) {
            server->limits.formats |= 1U << format;
        }
    }
}

static enum aha_status open_access(struct server *server, struct aha_error *err)
{
    const struct config *config = &server->config;
    enum aha_status status;

    if (config->api_key_file[0] == '\0') {
        return AHA_OK;
    }
    status = access_create(&server->access, config->api_key_file,
                           (int)config->rate_limit, err);
    if (status == AHA_OK && access_is_exposed(server->access)) {
        log_event(&server->log, "warn",
                  "every user of this machine can read %s; chmod 640 it",
                  config->api_key_file);
    }
    return status;
}

static enum aha_status open_tls(struct server *server, struct aha_error *err)
{
    const struct config *config = &server->config;
    enum aha_status status = AHA_OK;

    if (config->tls_cert[0] != '\0') {
        status = tls_load(config->tls_cert, config->tls_key, &server->tls, err);
    }
    if (server->tls != NULL) {
        warn_of_dates(server);
    }
    return status;
}

static enum aha_status prepare(struct server *server, struct aha_error *err)
{
    struct config *config = &server->config;
    enum aha_status status;

    server->n_workers =
        config->workers > 0 ? (int)config->workers : cpus_available();
    server->uploads.max_bytes = (size_t)config->max_buffered_bytes;
    pace_init(&server->pace);
    jansson_guard_init();
    read_limits(server);
    status =
        config->models[0] != '\0'
            ? AHA_OK
            : aha_models_folder(config->models, sizeof config->models, err);
    if (status == AHA_OK) {
        status = models_create(&server->models,
                               &(struct models_source){
                                   .folder = config->models,
                                   .wanted_sha256 = config->model_sha256,
                                   .n_sessions = server->n_workers,
                               },
                               err);
    }
    if (status == AHA_OK) {
        status = open_access(server, err);
    }
    if (status == AHA_OK) {
        status = open_tls(server, err);
    }
    if (status != AHA_OK) {
        return status;
    }
    server->pool = pool_create(&(struct pool_limits){
        .max_waiting = (size_t)config->max_queue_size,
        .max_batch_faces = (int)config->max_batch_size,
        .max_delay_ms = (double)config->max_queue_delay_us * 1e-3,
    });
    server->metrics = metrics_create();
    server->assets = assets_create();
    return server->pool == NULL || server->metrics == NULL ||
                   server->assets == NULL
               ? aha_error_set(err, AHA_ERR_MEMORY, "out of memory")
               : AHA_OK;
}

/* A shell allows few open files, and each connection is one. */
static void allow_files(const struct server *server)
{
    rlim_t wanted = (rlim_t)server->config.max_connections + OTHER_FILES;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= wanted) {
        return;
    }
    files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < wanted) {
        log_event(&server->log, "warn",
                  "max-connections wants %llu open files, of which the limit "
                  "allows %llu",
                  (unsigned long long)wanted,
                  (unsigned long long)files.rlim_cur);
    }
}

/* Before anything is read, so that decoders know nothing.
 * @param seals  of the processes beside this one */
static enum aha_status isolate(struct server *server, bool is_sealed,
                               unsigned *seals, struct aha_error *err)
{
    const struct config *config = &server->config;
    size_t pixels = (size_t)config->max_source_pixels;
    struct aha_isolation how = {.limit_ms = (double)config->request_timeout_ms};
    enum aha_status status;

    if (is_sealed) {
        /* The file, and what is left of it without a PNG's texts. */
        how.max_bytes = LEAST_DECODER_BYTES + pixels * PIXEL_BYTES +
                        2 * (size_t)config->max_source_bytes;
        how.seal_nursery = seal_nursery;
        how.seal_decoder = seal_decoder;
    }
    status = aha_image_isolate(&how, seals, err);
    if (status == AHA_OK) {
        atomic_fetch_or(&server->seals, 1U << SEAL_DECODERS);
    }
    return status;
}

static enum aha_status start(struct life *life, struct aha_error *err)
{
    struct server *server = life->server;
    const struct config *config = &server->config;
    bool is_sealed = strcmp(config->sandbox, "off") != 0;
    bool has_nursery = strcmp(config->isolate_decoders, "on") == 0;
    const struct seal_needs needs = {
        .read = {config->models, config->api_key_file, config->tls_cert,
                 config->tls_key},
        .sockets = {listen_path(config->bind), listen_path(config->admin_bind)},
        .notes = life->notify.fd,
        .has_nursery = has_nursery,
    };
    unsigned elsewhere = ~0U; /* a seal is one that holds everywhere */
    enum aha_status status =
        has_nursery ? isolate(server, is_sealed, &elsewhere, err) : AHA_OK;

    if (status == AHA_OK) {
        status = prepare(server, err);
    }
    if (status == AHA_OK && is_sealed) {
        atomic_fetch_or(&server->seals, seal_process(&needs) & elsewhere);
    }
    if (status == AHA_OK) {
        status = workers_start(&life->workers, server, err);
    }
    for (int i = N_LISTENERS - 1; status == AHA_OK && i >= 0; i--) {
        status = http_start(&life->listeners[i], server, (enum route_listener)i,
                            err);
    }
    if (status == AHA_OK && is_sealed) {
        atomic_fetch_or(&server->seals, seal_calls(&needs) & elsewhere);
    }
    if (status != AHA_OK && life->workers != NULL) {
        refuse_reload(server);
        http_stop(life->listeners[LISTENER_ADMIN]);
        pool_close(server->pool);
        (void)workers_join(life->workers, LAST_WORK_MS);
    }
    return status;
}

static void live(struct life *life)
{
    double watchdog_ms = notify_watchdog_ms(&life->notify);
    double look_ms =
        watchdog_ms > 0 && watchdog_ms < WATCH_MS ? watchdog_ms : WATCH_MS;
    int signal = 0;

    while (signal != SIGTERM && signal != SIGINT && signal != CONTROL_DRAIN) {
        signal = wait_signal(&life->signals, look_ms);
        if (watchdog_ms > 0) {
            notify_watchdog(&life->notify);
        }
        if (signal == SIGHUP) {
            reload(life);
        }
        if (aha_image_is_nursery_lost()) {
            log_event(&life->server->log, "error",
                      "the process that starts decoders has ended");
            life->exit_status = EXIT_NO_DECODERS;
            return;
        }
        watch(life);
    }
    life->is_told = signal != CONTROL_DRAIN;
}

/* While there is one thread. */
static void tell_allocator(void)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe) */
    /* What is freed is overwritten, by libraries too; see docs/privacy.md. */
    (void)mallopt(M_PERTURB, FREED_BYTE);
    /* Or it rises at the first reload, and weights come to lie in the heap, in
     * holes that photos leave: memory then grows for hours. */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    /* NOLINTEND(concurrency-mt-unsafe) */
}

static int run(struct server *server)
{
    struct life life = {.server = server};
    struct aha_error err = {AHA_OK, ""};

    tell_allocator();
    notify_init(&life.notify);
    block_signals(&life);
    allow_files(server);
    if (start(&life, &err) != AHA_OK) {
        (void)fprintf(stderr, "aha serve: %s\n", err.text);
        notify_fini(&life.notify);
        return EXIT_NO_START;
    }
    atomic_store(&server->state, SERVER_READY);
    greet(&life);
    notify_ready(&life.notify, "ready");
    live(&life);
    stop(&life);
    notify_fini(&life.notify);
    return life.exit_status;
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
    control_init(&server.control);
    exit_status = run(&server);
    control_fini(&server.control);
    assets_destroy(server.assets);
    pool_destroy(server.pool);
    metrics_destroy(server.metrics);
    access_destroy(server.access);
    tls_destroy(server.tls);
    models_destroy(server.models);
    return exit_status;
}
