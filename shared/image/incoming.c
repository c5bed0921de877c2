/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include "alloc.h"
#include "blob.h"
#include "duration.h"
#include "file.h"
#include "import-signal.h"
#include "lock.h"
#include "log.h"
#include "oci-digest.h"
#include "temporary.h"

#define BUFFER_SIZE   ((size_t) 256 * 1024)
#define COPY_STEP     ((size_t) 4 * 1024 * 1024)
#define WAIT_INTERVAL (20 * NSEC_PER_MSEC)
#define VALIDATOR_MAX 1024
#define BOOT_ID       "/proc/sys/kernel/random/boot_id"

struct Incoming {
        Store *store;
        char *source;
        int lock, fd;                /* lock: -1 if it is one of its own */
        char *path;                  /* relative to DATA/cas */
        char *lock_path, *link_path; /* NULL if it is one of its own */
        char *validator;
        uint64_t size; /* with what is in the buffer */
        uint8_t *buffer;
        size_t buffered;
        EVP_MD_CTX *hash;
        char *digest;
        int *followers; /* writing ends */
        size_t n_followers;
        bool complete, gone, failed; /* gone: there is no file any more; failed: it has a hole */
};

static int fail(Incoming *i, int error) {
        i->failed = true;
        return log_error_errno(error, "cannot write %s to %s/%s", i->source, store_path(i->store), i->path);
}

/* The validator and the boot that the file is of are kept in a link beside it: made and replaced as a whole,
 * on every file system. After a crash of the machine what is in the file cannot be relied on. */
static char *link_content(const char *validator) {
        _cleanup_free_ char *boot = NULL;
        if (read_line_at(AT_FDCWD, BOOT_ID, &boot) < 0)
                return NULL;
        return xasprintf("%s %s", boot, validator);
}

static char *read_validator(Incoming *i) {
        char content[VALIDATOR_MAX + 64];
        ssize_t n = readlinkat(store_fd(i->store), i->link_path, content, sizeof(content) - 1);
        if (n <= 0 || n == sizeof(content) - 1)
                return NULL;
        content[n] = 0;
        char *space = strchr(content, ' ');
        _cleanup_free_ char *expected = space ? link_content(space + 1) : NULL;
        return expected && streq(content, expected) ? xstrdup(space + 1) : NULL;
}

static void remove_validator(Incoming *i) {
        free(i->validator);
        i->validator = NULL;
        if (i->link_path)
                unlinkat(store_fd(i->store), i->link_path, 0);
}

int incoming_set_validator(Incoming *i, const char *validator) {
        if (!i->link_path || streq_ptr(i->validator, validator))
                return 0;
        remove_validator(i);
        if (!validator || strlen(validator) > VALIDATOR_MAX)
                return 0;
        _cleanup_free_ char *content = link_content(validator);
        if (!content)
                return 0;
        if (symlinkat(content, store_fd(i->store), i->link_path) < 0)
                return log_error_errno(errno, "cannot create %s/%s", store_path(i->store), i->link_path);
        i->validator = xstrdup(validator);
        return 0;
}

const char *incoming_validator(const Incoming *i) {
        return i->validator;
}

/* Waits without sleeping in flock(2), so that a signal that is held ends it. */
static int take_lock(Incoming *i, bool wait) {
        struct timespec pause = { .tv_nsec = WAIT_INTERVAL };
        bool told = false;
        for (;;) {
                int fd = openat(store_fd(i->store), i->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                                0660);
                if (fd < 0)
                        return -errno;
                if (fchmod(fd, 0660) < 0 && errno != EPERM) { /* the group waits for it, too */
                        int error = errno;
                        close(fd);
                        return -error;
                }
                int r;
                while ((r = lock_fd(fd, LOCK_MODE_EXCLUSIVE, false)) == -EWOULDBLOCK && wait) {
                        if (!told)
                                log_info("another rkt instance is downloading this file, waiting...");
                        told = true;
                        nanosleep(&pause, NULL);
                        if (import_interrupted()) {
                                r = -EINTR;
                                break;
                        }
                }
                struct stat ours, named;
                if (r < 0 || fstat(fd, &ours) < 0) {
                        close(fd);
                        return r < 0 ? r : -errno;
                }
                if (fstatat(store_fd(i->store), i->lock_path, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                                ours.st_ino == named.st_ino && ours.st_dev == named.st_dev) {
                        i->lock = fd;
                        return 0;
                }
                close(fd); /* who had it has removed it */
        }
}

static int open_file(Incoming *i) {
        struct stat st;
        do /* a sweep holds it for a moment, to remove it */
                i->fd = lock_file_at(store_fd(i->store), i->path, LOCK_MODE_EXCLUSIVE, false);
        while (i->fd == -EWOULDBLOCK);
        if (i->fd < 0)
                return i->fd;
        if (fstat(i->fd, &st) < 0)
                return -errno;
        if (st.st_uid == geteuid() && fchmod(i->fd, 0660) < 0) /* the group's, too, whatever the umask is */
                return -errno;
        i->validator = st.st_size > 0 ? read_validator(i) : NULL;
        if (!i->validator) {
                remove_validator(i);
                return ftruncate(i->fd, 0) < 0 ? -errno : 0;
        }
        if (lseek(i->fd, 0, SEEK_END) < 0)
                return -errno;
        i->size = st.st_size;
        return 0;
}

static Incoming *make(Store *s, const char *source) {
        Incoming *i = xnew(Incoming, 1);
        i->store = s;
        i->source = xstrdup(source);
        i->lock = i->fd = -1;
        return i;
}

int incoming_open(Store *s, const char *key, const char *source, bool wait, Incoming **ret) {
        _cleanup_incoming_ Incoming *i = make(s, source);
        i->gone = true; /* not ours yet */
        i->path = xasprintf(STORE_TEMPORARIES "/" TEMPORARY_INCOMING "%s", key);
        i->lock_path = xasprintf("%s" TEMPORARY_LOCK, i->path);
        i->link_path = xasprintf("%s" TEMPORARY_VALIDATOR, i->path);
        int r = take_lock(i, wait);
        if (r == -EWOULDBLOCK || r == -EINTR)
                return r;
        if (r < 0)
                return log_error_errno(r, "cannot lock %s/%s", store_path(s), i->lock_path);
        i->gone = false;
        r = open_file(i);
        if (r < 0)
                return log_error_errno(r, "cannot open %s/%s", store_path(s), i->path);
        *ret = TAKE_PTR(i);
        return 0;
}

int incoming_new(Store *s, const char *source, Incoming **ret) {
        _cleanup_incoming_ Incoming *i = make(s, source);
        i->fd = temporary_file(s, &i->path);
        if (i->fd < 0) {
                i->gone = true;
                return log_error_errno(
                                i->fd, "cannot create a file in %s/" STORE_TEMPORARIES, store_path(s));
        }
        *ret = TAKE_PTR(i);
        return 0;
}

static void drop_followers(Incoming *i) {
        for (size_t k = 0; k < i->n_followers; k++)
                close(i->followers[k]);
        free(i->followers);
        i->followers = NULL;
        i->n_followers = 0;
}

/* A byte in a pipe that is full would say nothing that those in it do not say. */
static void tell_followers(Incoming *i) {
        for (size_t k = 0; k < i->n_followers; k++)
                if (write(i->followers[k], "", 1) < 0 && errno != EAGAIN && errno != EPIPE)
                        log_debug_errno(errno, "cannot tell who unpacks %s of more", i->source);
}

static int flush(Incoming *i, const void *data, size_t size) {
        if (size == 0)
                return 0;
        int r = write_all(i->fd, data, size);
        if (r < 0)
                return fail(i, r);
        if (i->hash)
                EVP_DigestUpdate(i->hash, data, size);
        tell_followers(i);
        return 0;
}

static int flush_buffer(Incoming *i) {
        int r = flush(i, i->buffer, i->buffered);
        i->buffered = 0;
        return r;
}

static void remove_file(Incoming *i) {
        if (!i->gone)
                unlinkat(store_fd(i->store), i->path, 0);
        i->gone = true;
        remove_validator(i);
}

void incoming_free(Incoming *i) {
        if (!i->gone && !i->failed && i->validator)
                flush_buffer(i);
        drop_followers(i);
        if (!i->gone && (i->failed || !i->validator || i->size == 0))
                remove_file(i);
        /* the file's lock is that of what it has become, perhaps; this one is only let go by then */
        if (i->fd >= 0)
                close(i->fd);
        if (i->lock >= 0) {
                unlinkat(store_fd(i->store), i->lock_path, 0);
                close(i->lock);
        }
        EVP_MD_CTX_free(i->hash);
        free(i->digest);
        free(i->buffer);
        free(i->validator);
        free(i->path);
        free(i->lock_path);
        free(i->link_path);
        free(i->source);
        free(i);
}

uint64_t incoming_size(const Incoming *i) {
        return i->size;
}

const char *incoming_path(const Incoming *i) {
        return i->path;
}

int incoming_fd(Incoming *i) {
        int r = flush_buffer(i);
        if (r < 0)
                return r;
        int fd = openat(store_fd(i->store), i->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? log_error_errno(errno, "cannot open %s/%s", store_path(i->store), i->path) : fd;
}

int incoming_append(Incoming *i, const void *data, size_t size) {
        int r = 0;
        if (i->failed)
                return -EIO;
        if (!i->buffer)
                i->buffer = xmalloc(BUFFER_SIZE);
        if (i->buffered + size > BUFFER_SIZE)
                r = flush_buffer(i);
        if (r < 0)
                return r;
        i->size += size;
        if (size >= BUFFER_SIZE)
                return flush(i, data, size);
        memcpy(i->buffer + i->buffered, data, size);
        i->buffered += size;
        return 0;
}

/* For sources that are no files, or of which the kernel cannot copy. */
static int copy_by_reading(Incoming *i, int fd) {
        _cleanup_free_ uint8_t *data = xmalloc(BUFFER_SIZE);
        for (;;) {
                ssize_t n = read(fd, data, BUFFER_SIZE);
                if (import_interrupted())
                        return -EINTR;
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return log_error_errno(errno, "cannot read %s", i->source);
                if (n == 0)
                        return 0;
                int r = incoming_append(i, data, n);
                if (r < 0)
                        return r;
        }
}

int incoming_copy(Incoming *i, int fd) {
        struct stat st;
        if (i->size == 0 && !i->hash && lseek(fd, 0, SEEK_CUR) == 0 && ioctl(i->fd, FICLONE, fd) == 0) {
                if (fstat(i->fd, &st) < 0)
                        return fail(i, errno);
                i->size = st.st_size;
                tell_followers(i);
                return 0;
        }
        while (!i->hash && !import_interrupted()) {
                ssize_t n = copy_file_range(fd, NULL, i->fd, NULL, COPY_STEP, 0);
                if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG))
                        return fail(i, errno);
                if (n <= 0) /* the end; or it cannot: then reading says why, if it cannot either */
                        break;
                i->size += n;
                tell_followers(i);
        }
        return copy_by_reading(i, fd);
}

int incoming_restart(Incoming *i) {
        drop_followers(i);
        remove_validator(i);
        i->buffered = 0;
        i->size = 0;
        if (i->hash)
                EVP_DigestInit_ex(i->hash, EVP_sha256(), NULL);
        if (ftruncate(i->fd, 0) < 0 || lseek(i->fd, 0, SEEK_SET) < 0)
                return fail(i, errno);
        i->failed = false;
        return 0;
}

int incoming_follow(Incoming *i, int *ret) {
        int ends[2];
        if (i->complete) {
                *ret = -1;
                return 0;
        }
        if (pipe2(ends, O_CLOEXEC) < 0)
                return log_error_errno(errno, "cannot make a pipe");
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        signal(SIGPIPE, SIG_IGN);
        xgrow(&i->followers, i->n_followers);
        i->followers[i->n_followers++] = ends[1];
        *ret = ends[0];
        return 0;
}

int incoming_complete(Incoming *i) {
        uint8_t digest[EVP_MAX_MD_SIZE];
        int r = flush_buffer(i);
        if (r < 0)
                return r;
        drop_followers(i);
        i->complete = true;
        if (!i->hash)
                return 0;
        EVP_DigestFinal_ex(i->hash, digest, NULL);
        EVP_MD_CTX_free(TAKE_PTR(i->hash));
        i->digest = oci_digest_from_hash(digest);
        return 0;
}

static int hash_file(Incoming *i) {
        _cleanup_free_ uint8_t *data = xmalloc(BUFFER_SIZE);
        for (off_t offset = 0;;) {
                ssize_t n = pread(i->fd, data, BUFFER_SIZE, offset);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return log_error_errno(errno, "cannot read %s/%s", store_path(i->store), i->path);
                if (n == 0)
                        return 0;
                EVP_DigestUpdate(i->hash, data, n);
                offset += n;
        }
}

int incoming_want_digest(Incoming *i) {
        int r = flush_buffer(i);
        if (r < 0 || i->hash)
                return r;
        i->hash = EVP_MD_CTX_new();
        if (!i->hash || !EVP_DigestInit_ex(i->hash, EVP_sha256(), NULL))
                return log_error_errno(ENOTSUP, "cannot compute a SHA-256 digest");
        return hash_file(i);
}

const char *incoming_digest(Incoming *i) {
        return i->digest;
}

int incoming_commit_blob(Incoming *i, const char *id) {
        if (fdatasync(i->fd) < 0)
                return fail(i, errno);
        _cleanup_close_ int lock = store_lock_changes(i->store);
        int r = lock < 0 ? lock : blob_commit(i->store, i->path, id);
        if (r < 0)
                return log_error_errno(
                                r, "cannot put %s into the store %s", i->source, store_path(i->store));
        incoming_committed(i);
        return 0;
}

void incoming_committed(Incoming *i) {
        i->gone = true;
        remove_validator(i);
}

void incoming_discard(Incoming *i) {
        i->failed = true;
}
