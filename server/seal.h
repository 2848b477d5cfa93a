// SPDX-License-Identifier: MIT
/*
 * seal.h - what the daemon gives up once it has started, so that whoever takes
 * it over through a photo finds little to do: nothing can be written, run or
 * connected to, and nothing read but what a reload reads.
 *
 * A seal cannot be broken, not by the daemon either. A kernel that does not
 * know one leaves it out, and the others hold.
 */
#ifndef AHA_SERVER_SEAL_H
#define AHA_SERVER_SEAL_H

#include <stdbool.h>

/** Bits `1 << enum seal` of a set. */
enum seal {
    SEAL_PRIVILEGES, /* no program gives new ones */
    SEAL_MEMORY,     /* no core, no debugger of the same user */
    SEAL_FILES,      /* Landlock */
    SEAL_CALLS,      /* seccomp */
    SEAL_DECODERS,   /* each photo is decoded in a process of its own */
    N_SEALS,
};

/** As `GET /v1/info` and the log call it. */
const char *seal_name(enum seal seal);

enum {
    SEAL_MAX_TEXT = 80,
    SEAL_MAX_READ = 4,
    SEAL_MAX_SOCKETS = 2,
};

/** Their names with commas between, or "none". */
void seal_list(unsigned seals, char out[SEAL_MAX_TEXT]);

/** What is needed after the start; borrowed, NULL or "" for none. */
struct seal_needs {
    /* Folders, and files that others may be put in the place of: all of their
     * folder may be read, and of the one that a link leads to. */
    const char *read[SEAL_MAX_READ];
    const char *sockets[SEAL_MAX_SOCKETS]; /* files made now, unlinked later */
    int notes; /* a datagram socket, which must not send elsewhere; -1: none */
    bool has_nursery; /* decoders' processes are asked of one */
    bool is_nursery;  /* it starts them, each of which is sealed further */
};

/**
 * Seal this thread, which has to be the only one, and all that it will start:
 * privileges, memory and files.
 *
 * @return which seals hold
 */
unsigned seal_process(const struct seal_needs *needs);

/**
 * Seal the system calls of all threads there are; after seal_process, when
 * listeners and workers are up. What is not listed in seal_calls.c fails with
 * EPERM.
 *
 * @return the seal, if it holds, as a set
 */
unsigned seal_calls(const struct seal_needs *needs);

/** Seal the process that starts decoders, as struct aha_isolation wants it: it
 * and they read no file and write no line. @return which seals hold */
unsigned seal_nursery(void);

/** Seal a decoder's process, which inherits the nursery's seals. @return false
 * if that fails */
bool seal_decoder(int fd);

/** What of system calls a decoder has less than its nursery. @return whether it
 * is sealed */
bool seal_decoder_calls(void);

#endif
