// SPDX-License-Identifier: MIT
/*
 * DESIGN. Landlock binds a thread and those it starts, so it comes while there
 * is one; seccomp can be laid on all threads at once, so it comes last and its
 * list need not have what only the start does. Landlock says which files,
 * seccomp that none is opened for writing.
 *
 * Source: landlock(7), and the kernel's userspace-api/landlock.rst for what
 * each version of the interface knows. The constants are spelt out, since
 * Debian 12's headers are older than the kernels this meets.
 */
#include "server/seal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const names[N_SEALS] = {
    [SEAL_PRIVILEGES] = "privileges", [SEAL_MEMORY] = "memory",
    [SEAL_FILES] = "files",           [SEAL_CALLS] = "calls",
    [SEAL_DECODERS] = "decoders",
};

const char *seal_name(enum seal seal)
{
    return names[seal];
}

void seal_list(unsigned seals, char out[SEAL_MAX_TEXT])
{
    size_t n = 0;

    (void)snprintf(out, SEAL_MAX_TEXT, "none");
    for (int i = 0; i < N_SEALS; i++) {
        if ((seals & (1U << i)) != 0) {
            n += (size_t)snprintf(out + n, SEAL_MAX_TEXT - n, "%s%s",
                                  n == 0 ? "" : ", ", names[i]);
        }
    }
}

/* ---- files */

enum {
    READ_FILE = 1 << 2,
    REMOVE_FILE = 1 << 5,
    MAKE_SOCKET = 1 << 9,
    CONNECT_TCP = 1 << 1,
    RULE_PATH_BENEATH = 1,
    VERSION_FLAG = 1,
    LAST_VERSION = 5, /* that brought something of use here */
};

/* All accesses to files that a version of Landlock knows. */
static const uint64_t accesses[LAST_VERSION + 1] = {0,      0x1fff, 0x3fff,
                                                    0x7fff, 0x7fff, 0xffff};

/* As struct landlock_ruleset_attr since version 4. */
struct ruleset {
    uint64_t files;
    uint64_t net;
};

/* As struct landlock_path_beneath_attr. */
struct __attribute__((packed)) rule {
    uint64_t allowed;
    int32_t folder;
};

static void allow(int ruleset, const char *path, uint64_t access)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    struct rule rule = {access, fd};

    if (fd >= 0) {
        /* One that fails leaves less allowed, which is the safe side. */
        (void)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
                      0);
        (void)close(fd);
    }
}

/* By whatever name, or mounted elsewhere; also what is not known. */
static bool is_root(const char *folder)
{
    struct stat at, root;

    return stat(folder, &at) != 0 || stat("/", &root) != 0 ||
           (at.st_dev == root.st_dev && at.st_ino == root.st_ino);
}

/* The file's folder; of what may be read, not where that would be everything.
 */
static void allow_beside(int ruleset, const char *path, uint64_t access)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');

    if (slash != NULL &&
        snprintf(folder, sizeof folder, "%.*s", (int)(slash + 1 - path),
                 path) >= (int)sizeof folder) {
        return;
    }
    allow(ruleset, access == READ_FILE && is_root(folder) ? path : folder,
          access);
}

static void allow_linked(int ruleset, const char *path)
{
    char real[PATH_MAX];

    if (realpath(path, real) != NULL) {
        allow_beside(ruleset, real, READ_FILE);
    }
}

/* The folder, and where its weight files lead, if they are links. */
static void allow_folder(int ruleset, const char *folder)
{
    char path[PATH_MAX];
    DIR *entries = opendir(folder);
    const struct dirent *entry;

    if (!is_root(folder)) {
        allow(ruleset, folder, READ_FILE);
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own */
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (strstr(entry->d_name, ".safetensors") != NULL &&
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) <
                (int)sizeof path) {
            allow_linked(ruleset, path);
        }
    }
    if (entries != NULL) {
        (void)closedir(entries);
    }
}

static void allow_reading(int ruleset, const char *path)
{
    struct stat about;

    if (stat(path, &about) != 0) {
        return;
    }
    if (S_ISDIR(about.st_mode)) {
        allow_folder(ruleset, path);
    } else {
        allow_beside(ruleset, path, READ_FILE);
        allow_linked(ruleset, path);
    }
}

static bool seal_files(const struct seal_needs *needs)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
    struct ruleset all = {0, CONNECT_TCP};
    bool is_sealed;
    int fd;

    if (version < 1) {
        return false;
    }
    all.files = accesses[version < LAST_VERSION ? version : LAST_VERSION];
    fd = (int)syscall(SYS_landlock_create_ruleset, &all,
                      version < 4 ? sizeof all.files : sizeof all, 0);
    if (fd < 0) {
        return false;
    }
    for (int i = 0; i < SEAL_MAX_READ; i++) {
        if (needs->read[i] != NULL) {
            allow_reading(fd, needs->read[i]);
        }
    }
    for (int i = 0; i < SEAL_MAX_SOCKETS; i++) {
        if (needs->sockets[i] != NULL) {
            allow_beside(fd, needs->sockets[i], MAKE_SOCKET | REMOVE_FILE);
        }
    }
    is_sealed = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    (void)close(fd);
    return is_sealed;
}

unsigned seal_process(const struct seal_needs *needs)
{
    const struct rlimit none = {0, 0};
    unsigned seals = 0;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        seals |= 1U << SEAL_PRIVILEGES;
    }
    if (setrlimit(RLIMIT_CORE, &none) == 0 &&
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) {
        seals |= 1U << SEAL_MEMORY;
    }
    if (seal_files(needs)) {
        seals |= 1U << SEAL_FILES;
    }
    return seals;
}

/* ---- decoders */

/* Of the nursery's process, and so of the decoders'. */
static bool are_calls_sealed;

unsigned seal_nursery(void)
{
    const struct seal_needs needs = {.notes = -1, .is_nursery = true};
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    unsigned seals;

    for (int fd = STDIN_FILENO; nothing >= 0 && fd <= STDERR_FILENO; fd++) {
        (void)dup2(nothing, fd);
    }
    if (nothing > STDERR_FILENO) {
        (void)close(nothing);
    }
    seals = seal_process(&needs);
    seals |= seal_calls(&needs);
    are_calls_sealed = (seals & 1U << SEAL_CALLS) != 0;
    return seals;
}

bool seal_decoder(int fd)
{
    (void)fd;
    return !are_calls_sealed || seal_decoder_calls();
}
