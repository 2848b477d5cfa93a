// SPDX-License-Identifier: MIT
/*
 * fault.c - a library to preload into the daemon: the n-th call of some kind
 * fails, once, when a test arms it. Or each thread that asks for memory tries
 * once what an intruder would.
 *
 * AHA_FAULTS names a file of one struct control, mapped by the test too. Only
 * calls by the program itself, Jansson's among them, and by libmicrohttpd
 * count: GLib ends the process when it gets no memory, by design. Those that
 * libmicrohttpd ends the process for are left out, see write() and epoll_ctl().
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind {
    KIND_MEMORY = 1 << 0,
    KIND_FILE = 1 << 1,
    KIND_NET = 1 << 2,
    KIND_THREAD = 1 << 3,
    KIND_INTRUDER = 1 << 4,
};

/* The same fields in faults.py. */
struct control {
    atomic_uint kinds;    /* that count; 0: not armed */
    atomic_uint left;     /* the call that makes it 0 fails */
    atomic_uint fired;    /* calls that failed, or threads that tried */
    atomic_uint breaches; /* bits of what an intruder was not denied */
};

static struct control *control;
static char made[PATH_MAX]; /* what an intruder would make */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("AHA_FAULTS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

    if (fd >= 0) {
        void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE,
                          MAP_SHARED, fd, 0);

        control = page == MAP_FAILED ? NULL : page;
        (void)snprintf(made, sizeof made, "%s.made", path);
        (void)close(fd);
    }
}

static int is_ours(const void *caller)
{
    Dl_info info;

    return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
           (strstr(info.dli_fname, "libmicrohttpd") != NULL ||
            strstr(info.dli_fname, ".so") == NULL);
}

/* Whether this call is the one that fails. */
static int must_fail(unsigned kind, const void *caller)
{
    if (control == NULL || (atomic_load(&control->kinds) & kind) == 0 ||
        !is_ours(caller)) {
        return 0;
    }
    if (atomic_fetch_sub(&control->left, 1) != 1) {
        return 0;
    }
    atomic_store(&control->kinds, 0);
    atomic_fetch_add(&control->fired, 1);
    return 1;
}

static void try_call(unsigned bit, long result)
{
    if (result >= 0 || (errno != EPERM && errno != EACCES)) {
        atomic_fetch_or(&control->breaches, bit);
    }
}

/* By system calls, since others in here would fail themselves. */
static void intrude(void)
{
    static
        __attribute__((tls_model("initial-exec"))) _Thread_local int has_tried;
    static const char *const file = "/etc/passwd";
    int error = errno;

    if (control == NULL || has_tried ||
        (atomic_load(&control->kinds) & KIND_INTRUDER) == 0) {
        return;
    }
    has_tried = 1;
    try_call(1 << 0, syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC));
    try_call(1 << 1, syscall(SYS_openat, AT_FDCWD, made,
                             O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    try_call(1 << 2, syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
    try_call(1 << 3, syscall(SYS_connect, -1, NULL, 0));
    try_call(1 << 4, syscall(SYS_execve, "/bin/none", NULL, NULL));
    atomic_fetch_add(&control->fired, 1);
    errno = error;
}

#define FAILS(kind) must_fail((kind), __builtin_return_address(0))

/* glibc's own names spare a search that would allocate. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t n)
{
    intrude();
    return FAILS(KIND_MEMORY) ? no_memory() : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return FAILS(KIND_MEMORY) ? no_memory() : __libc_calloc(n, size);
}

void *realloc(void *old, size_t n)
{
    return FAILS(KIND_MEMORY) ? no_memory() : __libc_realloc(old, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return FAILS(KIND_MEMORY) ? no_memory() : __libc_memalign(alignment, n);
}

/*
 * Any other function: FUNCTION(kind, type, name, parameters, arguments, error)
 * gives -1 and errno instead, or NULL where the type is a pointer.
 */
#define FUNCTION(kind, type, name, parameters, arguments, bad, error)          \
    type name parameters                                                       \
    {                                                                          \
        static type(*real) parameters;                                         \
        if (FAILS(kind)) {                                                     \
            errno = (error);                                                   \
            return bad;                                                        \
        }                                                                      \
        if (real == NULL) {                                                    \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                         \
        }                                                                      \
        return real arguments;                                                 \
    }

FUNCTION(KIND_MEMORY, char *, strdup, (const char *s), (s), NULL, ENOMEM)
FUNCTION(KIND_MEMORY, FILE *, open_memstream, (char **text, size_t *n),
         (text, n), NULL, ENOMEM)
FUNCTION(KIND_FILE, FILE *, fopen, (const char *path, const char *mode),
         (path, mode), NULL, EMFILE)
FUNCTION(KIND_FILE, size_t, fread, (void *to, size_t size, size_t n, FILE *f),
         (to, size, n, f), 0, EIO)
FUNCTION(KIND_FILE, int, fstat, (int fd, struct stat *out), (fd, out), -1, EIO)
FUNCTION(KIND_FILE, void *, mmap,
         (void *at, size_t n, int protection, int flags, int fd, off_t offset),
         (at, n, protection, flags, fd, offset), MAP_FAILED, ENOMEM)
FUNCTION(KIND_FILE, ssize_t, read, (int fd, void *to, size_t n), (fd, to, n),
         -1, EIO)
/* What read is called where sizes are checked. */
FUNCTION(KIND_FILE, ssize_t, __read_chk,
         (int fd, void *to, size_t n, size_t capacity), (fd, to, n, capacity),
         -1, EIO)
FUNCTION(KIND_FILE, ssize_t, pread, (int fd, void *to, size_t n, off_t at),
         (fd, to, n, at), -1, EIO)
FUNCTION(KIND_FILE, DIR *, opendir, (const char *path), (path), NULL, EMFILE)
FUNCTION(KIND_NET, int, socket, (int domain, int type, int protocol),
         (domain, type, protocol), -1, EMFILE)
FUNCTION(KIND_NET, int, socketpair,
         (int domain, int type, int protocol, int ends[2]),
         (domain, type, protocol, ends), -1, EMFILE)
FUNCTION(KIND_NET, ssize_t, recvmsg,
         (int fd, struct msghdr *message, int flags), (fd, message, flags), -1,
         ENOMEM)
FUNCTION(KIND_THREAD, pid_t, fork, (void), (), -1, EAGAIN)
FUNCTION(KIND_NET, int, bind, (int fd, const struct sockaddr *to, socklen_t n),
         (fd, to, n), -1, EADDRINUSE)
FUNCTION(KIND_NET, int, listen, (int fd, int backlog), (fd, backlog), -1,
         EADDRINUSE)
FUNCTION(KIND_NET, int, accept4,
         (int fd, struct sockaddr *from, socklen_t *n, int flags),
         (fd, from, n, flags), -1, EMFILE)
FUNCTION(KIND_NET, ssize_t, recv, (int fd, void *to, size_t n, int flags),
         (fd, to, n, flags), -1, ECONNRESET)
FUNCTION(KIND_NET, ssize_t, send,
         (int fd, const void *from, size_t n, int flags), (fd, from, n, flags),
         -1, EPIPE)
FUNCTION(KIND_NET, ssize_t, sendmsg,
         (int fd, const struct msghdr *message, int flags),
         (fd, message, flags), -1, EPIPE)
FUNCTION(KIND_NET, ssize_t, sendto,
         (int fd, const void *from, size_t n, int flags,
          const struct sockaddr *to, socklen_t size),
         (fd, from, n, flags, to, size), -1, ENOBUFS)
FUNCTION(KIND_NET, int, epoll_create1, (int flags), (flags), -1, EMFILE)
FUNCTION(KIND_NET, int, poll, (struct pollfd * fds, nfds_t n, int ms),
         (fds, n, ms), -1, EINTR)
FUNCTION(KIND_NET, int, eventfd, (unsigned value, int flags), (value, flags),
         -1, EMFILE)

/* libmicrohttpd ends the process when its wake-up pipe does not take a byte. */
ssize_t write(int fd, const void *from, size_t n)
{
    static ssize_t (*real)(int, const void *, size_t);

    if (fd == STDERR_FILENO && FAILS(KIND_NET)) {
        errno = EIO;
        return -1;
    }
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    }
    return real(fd, from, n);
}

/* Or when a socket does not leave its epoll set, which the kernel never does.
 */
int epoll_ctl(int fd, int what, int of, struct epoll_event *event)
{
    static int (*real)(int, int, int, struct epoll_event *);

    if (what == EPOLL_CTL_ADD && FAILS(KIND_NET)) {
        errno = ENOMEM;
        return -1;
    }
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "epoll_ctl");
    }
    return real(fd, what, of, event);
}

int pthread_create(pthread_t *out, const pthread_attr_t *attributes,
                   void *(*run)(void *), void *data)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
                       void *);

    if (FAILS(KIND_THREAD)) {
        return EAGAIN;
    }
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    }
    return real(out, attributes, run, data);
}

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (FAILS(KIND_FILE)) {
        errno = EMFILE;
        return -1;
    }
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "open");
    }
    return real(path, flags, mode);
}
