// SPDX-License-Identifier: MIT
#include "server/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fill the buffer as far as the file goes; @return bytes, or -1 */
static ssize_t read_all(int fd, char *out, size_t capacity)
{
    size_t n = 0;
    ssize_t n_read = 1;

    while (n < capacity && n_read > 0) {
        n_read = read(fd, out + n, capacity - n);
        n += n_read > 0 ? (size_t)n_read : 0;
    }
    return n_read < 0 ? -1 : (ssize_t)n;
}

static enum aha_status load(int fd, const char *path, size_t max_bytes,
                            struct file *out, struct aha_error *err)
{
    struct file file = {0};
    struct stat about;
    ssize_t n;

    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        return aha_error_set(err, AHA_ERR_IO, "%.100s is no regular file",
                             path);
    }
    file.text = malloc(max_bytes + 1);
    if (file.text == NULL) {
        return aha_error_set(err, AHA_ERR_MEMORY, "out of memory");
    }
    n = read_all(fd, file.text, max_bytes + 1);
    file.n = n < 0 ? 0 : (size_t)n;
    if (n >= 0 && file.n <= max_bytes &&
        memchr(file.text, '\0', file.n) == NULL) {
        file.text[file.n] = '\0';
        file.is_exposed = (about.st_mode & S_IROTH) != 0;
        *out = file;
        return AHA_OK;
    }
    file_wipe(&file);
    if (n > (ssize_t)max_bytes) {
        return aha_error_set(err, AHA_ERR_TOO_LARGE,
                             "%.100s has more than %zu bytes", path, max_bytes);
    }
    return aha_error_set(err, AHA_ERR_IO, "%.100s %s", path,
                         n < 0 ? "cannot be read" : "is no text");
}

enum aha_status file_load(const char *path, size_t max_bytes, struct file *out,
                          struct aha_error *err)
{
    /* Not to be held up by a pipe, which is then refused anyway. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum aha_status status;

    if (fd < 0) {
        return aha_error_set(err, AHA_ERR_IO, "%.100s %s", path,
                             errno == ENOENT   ? "is not there"
                             : errno == EACCES ? "may not be read by this user"
                                               : "cannot be opened");
    }
    status = load(fd, path, max_bytes, out, err);
    (void)close(fd);
    return status;
}

void file_wipe(struct file *file)
{
    if (file->text != NULL) {
        explicit_bzero(file->text, file->n);
    }
    free(file->text);
    *file = (struct file){0};
}
