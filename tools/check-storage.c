/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The data directory, and whether overlays can lie on its file system. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/statvfs.h>

#include "alloc.h"
#include "check.h"
#include "file.h"
#include "globals.h"
#include "mapped-overlay.h"
#include "overlay-support.h"
#include "overlay.h"
#include "strv.h"

#define COPIES   "apps run in copies of their images, which take time and space"
#define MEBIBYTE (UINT64_C(1) << 20)
#define LITTLE   (512 * MEBIBYTE)

/* The type as mountinfo has it: the magic number of statfs does not tell ext2 from ext4. */
static char *file_system_type(const char *path) {
        struct statx sx;
        _cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        if (!f || statx(AT_FDCWD, path, 0, STATX_MNT_ID, &sx) < 0 || !(sx.stx_mask & STATX_MNT_ID))
                return NULL;
        while (getline(&line, &size, f) > 0) {
                const char *type = strstr(line, " - ");
                if (strtoull(line, NULL, 10) == sx.stx_mnt_id && type)
                        return xstrndup(type + 3, strcspn(type + 3, " "));
        }
        return NULL;
}

/* The directory, or what it will be made in. */
static char *existing(const char *path) {
        char *p = xstrdup(path);
        while (access(p, F_OK) < 0 && errno == ENOENT && strrchr(p, '/') != p)
                *strrchr(p, '/') = 0;
        return p;
}

static void check_data_directory(Checks *c) {
        _cleanup_free_ char *path = existing(globals.dir), *type = file_system_type(path);
        struct statvfs fs;
        if (statvfs(path, &fs) < 0) {
                checks_add(c, "data-directory", errno == EACCES ? CHECK_UNKNOWN : CHECK_FATAL,
                                "no pod can be prepared", "%s: %s", globals.dir, strerror(errno));
                return;
        }
        uint64_t free_bytes = (uint64_t) fs.f_bavail * fs.f_frsize;
        bool read_only = fs.f_flag & ST_RDONLY;
        CheckState state = read_only ? CHECK_FATAL : free_bytes < LITTLE ? CHECK_LACKS : CHECK_OK;
        checks_add(c, "data-directory", state,
                        read_only ? "no pod can be prepared" : "little space for images",
                        "%s%s, %s%s, %" PRIu64 " MiB free", globals.dir,
                        streq(path, globals.dir) ? "" : " (not made yet)", type ?: "unknown file system",
                        read_only ? ", read-only" : "", free_bytes / MEBIBYTE);
}

/* A directory with what an overlay needs; NULL if there is no place for one. */
static char *make_place(void) {
        static const char *const names[] = { "lower", "upper", "work" };
        _cleanup_free_ char *parent = xasprintf("%s/tmp", globals.dir);
        char *place = xasprintf("%s/check-XXXXXX", parent);
        if (mkdir_parents_at(AT_FDCWD, parent, 0750) < 0 || !mkdtemp(place)) {
                free(place);
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", place, names[i]);
                mkdir(path, 0700);
        }
        return place;
}

static int try_overlay(const char *place, char **ret_why) {
        char *lower[] = { (char *) "lower", NULL };
        _cleanup_close_ int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return -errno;
        _cleanup_close_ int fd = overlay_mount(dir, lower, "upper", "work", 0, NULL, ret_why);
        return fd < 0 ? fd : 0;
}

static bool check_overlay(Checks *c) {
        const char *unsupported = overlay_unsupported(globals.dir);
        if (unsupported) {
                checks_add(c, "overlay", CHECK_LACKS, COPIES, "%s", unsupported);
                return false;
        }
        if (geteuid() != 0) {
                checks_add(c, "overlay", CHECK_UNKNOWN, "only root can mount one", "not tried");
                return false;
        }
        _cleanup_free_ char *place = make_place(), *why = NULL;
        int r = place ? try_overlay(place, &why) : -errno;
        if (place)
                remove_tree_at(AT_FDCWD, place, true);
        if (r >= 0)
                checks_add(c, "overlay", CHECK_OK, NULL, "can be mounted");
        else
                checks_add(c, "overlay", CHECK_FATAL, "pods run only with --no-overlay", "%s",
                                why ?: strerror(-r));
        return r >= 0;
}

void check_storage(Checks *c) {
        check_data_directory(c);
        if (!check_overlay(c))
                return;
        const char *unsupported = mapped_overlay_unsupported(globals.dir);
        if (unsupported)
                checks_add(c, "idmapped-mounts", CHECK_LACKS, "with --private-users " COPIES, "%s",
                                unsupported);
        else
                checks_add(c, "idmapped-mounts", CHECK_OK, NULL, "can lie below overlays");
}
