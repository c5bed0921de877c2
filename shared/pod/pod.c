/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "lock.h"
#include "log.h"
#include "strv.h"

static const char *const place_names[_POD_PLACE_MAX] = {
        [POD_PLACE_EMBRYO] = "embryo",
        [POD_PLACE_PREPARE] = "prepare",
        [POD_PLACE_PREPARED] = "prepared",
        [POD_PLACE_RUN] = "run",
        [POD_PLACE_EXITED_GARBAGE] = "exited-garbage",
        [POD_PLACE_GARBAGE] = "garbage",
};

/* The state is this and nothing more. */
static const struct {
        PodState locked, unlocked;
} states[_POD_PLACE_MAX] = {
        [POD_PLACE_EMBRYO] = { POD_EMBRYO, POD_EMBRYO },
        [POD_PLACE_PREPARE] = { POD_PREPARING, POD_ABORTED_PREPARE },
        [POD_PLACE_PREPARED] = { POD_PREPARED, POD_PREPARED },
        [POD_PLACE_RUN] = { POD_RUNNING, POD_EXITED },
        [POD_PLACE_EXITED_GARBAGE] = { POD_EXITED_DELETING, POD_EXITED_GARBAGE },
        [POD_PLACE_GARBAGE] = { POD_DELETING, POD_GARBAGE },
};

const char *pod_place_name(PodPlace p) {
        return place_names[p];
}

const char *pod_state_name(PodState s) {
        static const char *const names[] = {
                [POD_EMBRYO] = "embryo",
                [POD_PREPARING] = "preparing",
                [POD_ABORTED_PREPARE] = "aborted prepare",
                [POD_PREPARED] = "prepared",
                [POD_RUNNING] = "running",
                [POD_EXITED] = "exited",
                [POD_EXITED_DELETING] = "exited deleting",
                [POD_EXITED_GARBAGE] = "exited garbage",
                [POD_DELETING] = "deleting",
                [POD_GARBAGE] = "garbage",
        };
        return names[s];
}

static char *place_path(PodPlace place, const char *uuid) {
        return xasprintf("%s/%s", place_names[place], uuid);
}

int pods_open(const char *data_dir, bool create) {
        _cleanup_free_ char *path = xasprintf("%s/pods", data_dir);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 || errno != ENOENT || !create)
                return fd < 0 ? -errno : fd;

        int r = mkdir_parents_at(AT_FDCWD, path, 0750);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

void pod_free(Pod *p) {
        if (p->fd >= 0)
                close(p->fd);
        if (p->owns_pods_fd)
                close(p->pods_fd);
        free(p);
}

static int read_state(Pod *p) {
        if (p->locked) {
                p->state = states[p->place].locked;
                return 0;
        }
        int held = lock_is_held(p->fd);
        if (held < 0)
                return held;
        p->state = held ? states[p->place].locked : states[p->place].unlocked;
        return 0;
}

int pod_open_at(int pods_fd, PodPlace place, const char *uuid, Pod **ret) {
        _cleanup_free_ char *path = place_path(place, uuid);
        _cleanup_close_ int fd = openat(pods_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        _cleanup_pod_ Pod *p = xnew(Pod, 1);
        p->pods_fd = pods_fd;
        p->fd = TAKE_FD(fd);
        p->place = place;
        stpncpy(p->uuid, uuid, UUID_STRING_SIZE - 1);
        int r = read_state(p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

int pod_own_directory(Pod *p) {
        int fd = fcntl(p->pods_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        p->pods_fd = fd;
        p->owns_pods_fd = true;
        return 0;
}

int pod_refresh(Pod *p) {
        struct stat ours, there;
        if (fstat(p->fd, &ours) < 0)
                return -errno;
        for (PodPlace place = 0; place < _POD_PLACE_MAX; place++) {
                _cleanup_free_ char *path = place_path(place, p->uuid);
                if (fstatat(p->pods_fd, path, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
                                there.st_ino != ours.st_ino)
                        continue;
                p->place = place;
                return read_state(p);
        }
        p->state = POD_GARBAGE;
        return -ENOENT;
}

int pods_foreach(
                const char *data_dir, unsigned places, int (*each)(Pod *p, void *userdata), void *userdata) {
        _cleanup_close_ int pods_fd = pods_open(data_dir, false);
        if (pods_fd == -ENOENT)
                return 0;
        if (pods_fd < 0)
                return log_error_errno(pods_fd, "cannot read the pods in %s/pods", data_dir);

        for (PodPlace place = 0; place < _POD_PLACE_MAX; place++) {
                _cleanup_strv_ char **uuids = NULL;
                if (!(places & POD_PLACE_BIT(place)))
                        continue;
                int r = list_directory_at(pods_fd, place_names[place], &uuids);
                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return log_error_errno(r, "cannot read the pods in %s/pods/%s", data_dir,
                                        place_names[place]);
                STRV_FOREACH (uuid, uuids) {
                        _cleanup_pod_ Pod *p = NULL;
                        if (!uuid_is_valid(*uuid))
                                continue;
                        r = pod_open_at(pods_fd, place, *uuid, &p);
                        if (r == -ENOENT)
                                continue;
                        if (r < 0) {
                                log_error_errno(r, "pod %s", *uuid);
                                continue;
                        }
                        r = each(p, userdata);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static int find_in(int pods_fd, const char *prefix, PodPlace *ret_place,
                char ret_uuid[static UUID_STRING_SIZE]) {
        int matches = 0;
        for (PodPlace place = 0; place < _POD_PLACE_MAX; place++) {
                _cleanup_strv_ char **uuids = NULL;
                if (!(POD_PLACES_NAMED & POD_PLACE_BIT(place)))
                        continue;
                int r = list_directory_at(pods_fd, place_names[place], &uuids);
                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return r;
                STRV_FOREACH (uuid, uuids) {
                        if (!uuid_is_valid(*uuid) || strncasecmp(*uuid, prefix, strlen(prefix)) != 0)
                                continue;
                        /* seen twice while it moved: still one pod */
                        if (matches > 0 && streq(ret_uuid, *uuid))
                                continue;
                        matches++;
                        *ret_place = place;
                        memcpy(ret_uuid, *uuid, UUID_STRING_SIZE);
                }
        }
        return matches;
}

int pod_find(const char *data_dir, const char *prefix, Pod **ret) {
        if (!*prefix) {
                log_error("UUID cannot be empty");
                return -EINVAL;
        }
        _cleanup_close_ int pods_fd = pods_open(data_dir, false);
        if (pods_fd < 0 && pods_fd != -ENOENT)
                return log_error_errno(pods_fd, "cannot read the pods in %s/pods", data_dir);

        for (int attempt = 0; attempt < 5; attempt++) {
                PodPlace place = _POD_PLACE_MAX;
                char uuid[UUID_STRING_SIZE] = "";
                int r = pods_fd < 0 ? 0 : find_in(pods_fd, prefix, &place, uuid);
                if (r > 1) {
                        log_error("ambiguous uuid, %d matches", r);
                        return -ENOTUNIQ;
                }
                if (r == 0)
                        break;
                _cleanup_pod_ Pod *p = NULL;
                if (r == 1)
                        r = pod_open_at(pods_fd, place, uuid, &p);
                if (r >= 0)
                        r = pod_own_directory(p);
                if (r >= 0) {
                        *ret = TAKE_PTR(p);
                        return 0;
                }
                if (r != -ENOENT) /* moved between the two looks: look again */
                        return log_error_errno(r, "pod %s", prefix);
        }
        log_error("no matches found for \"%s\"", prefix);
        return -ENOENT;
}

int pod_find_argument(const char *data_dir, char *const *arguments, const char *uuid_file, Pod **ret) {
        if (!uuid_file) {
                if (strv_length(arguments) != 1) {
                        log_error("expected one UUID, or --uuid-file");
                        return -EINVAL;
                }
                return pod_find(data_dir, arguments[0], ret);
        }
        if (strv_length(arguments) > 0) {
                log_error("a UUID and --uuid-file exclude each other");
                return -EINVAL;
        }
        _cleanup_free_ char *line = NULL;
        int r = read_line_at(AT_FDCWD, uuid_file, &line);
        if (r < 0)
                return log_error_errno(r, "unable to read UUID from file %s", uuid_file);
        char *word = line + strspn(line, " \t\r");
        word[strcspn(word, " \t\r")] = 0;
        if (!*word) {
                log_error("unable to read UUID from file %s: there is none on its first line", uuid_file);
                return -ENODATA;
        }
        return pod_find(data_dir, word, ret);
}

int pod_lock(Pod *p) {
        for (int attempt = 0;; attempt++) {
                int r = lock_fd(p->fd, LOCK_MODE_EXCLUSIVE, false);
                if (r >= 0) {
                        p->locked = true;
                        return read_state(p);
                }
                if (r != -EWOULDBLOCK || attempt == 20)
                        return r;
                nanosleep(&(struct timespec){ .tv_nsec = 10 * NSEC_PER_MSEC }, NULL);
        }
}

int pod_move(Pod *p, PodPlace to, bool sync) {
        _cleanup_free_ char *from_path = place_path(p->place, p->uuid), *to_path = place_path(to, p->uuid);
        if (renameat(p->pods_fd, from_path, p->pods_fd, to_path) < 0) {
                int r = errno == ENOENT ? mkdir_parents_at(p->pods_fd, place_names[to], 0750) : -errno;
                if (r < 0)
                        return r;
                if (renameat(p->pods_fd, from_path, p->pods_fd, to_path) < 0)
                        return -errno;
        }
        p->place = to;
        int r = sync ? fsync_directory_at(p->pods_fd, place_names[to]) : 0;
        return r < 0 ? r : read_state(p);
}

/* -ENOENT or -EWOULDBLOCK if gc took the directory for one that was left behind before we had locked it. */
static int create(int pods_fd, Pod **ret) {
        char uuid[UUID_STRING_SIZE];
        uuid_new(uuid);
        _cleanup_free_ char *path = place_path(POD_PLACE_EMBRYO, uuid);
        if (mkdirat(pods_fd, path, 0750) < 0) {
                int r = errno == ENOENT ? mkdir_parents_at(pods_fd, path, 0750) : -errno;
                if (r < 0)
                        return r;
        }
        _cleanup_pod_ Pod *p = NULL;
        int r = pod_open_at(pods_fd, POD_PLACE_EMBRYO, uuid, &p);
        if (r >= 0)
                r = pod_own_directory(p);
        if (r >= 0)
                r = pod_lock(p);
        if (r >= 0)
                r = pod_move(p, POD_PLACE_PREPARE, false);
        if (r < 0) {
                unlinkat(pods_fd, path, AT_REMOVEDIR);
                return r;
        }
        *ret = TAKE_PTR(p);
        return 0;
}

int pod_create(const char *data_dir, Pod **ret) {
        _cleanup_close_ int pods_fd = pods_open(data_dir, true);
        int r = pods_fd;
        for (int attempt = 0; attempt < 10 && r >= 0; attempt++) {
                r = create(pods_fd, ret);
                if (r >= 0)
                        return 0;
                if (r == -ENOENT || r == -EWOULDBLOCK)
                        r = 0;
        }
        return log_error_errno(r ?: -EBUSY, "cannot make a new pod in %s/pods", data_dir);
}

int pod_delete(Pod *p) {
        /* The application trees first: if that fails, what is left still tells what it was, and the next
         * gc goes on. */
        static const char *const first[] = { "stage1/rootfs", "overlay" };
        for (size_t i = 0; i < ELEMENTSOF(first); i++) {
                int r = remove_tree_at(p->fd, first[i], true);
                if (r < 0)
                        return r;
        }
        _cleanup_free_ char *path = place_path(p->place, p->uuid);
        return remove_tree_at(p->pods_fd, path, true);
}

int pods_sync(const char *data_dir, unsigned places) {
        _cleanup_close_ int pods_fd = pods_open(data_dir, false);
        for (PodPlace place = 0; place < _POD_PLACE_MAX && pods_fd >= 0; place++) {
                int r = places & POD_PLACE_BIT(place) ? fsync_directory_at(pods_fd, place_names[place]) : 0;
                if (r < 0 && r != -ENOENT)
                        return log_error_errno(r, "cannot sync %s/pods/%s", data_dir, place_names[place]);
        }
        return 0;
}
