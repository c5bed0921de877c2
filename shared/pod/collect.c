/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "collect.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "alloc.h"
#include "event.h"
#include "globals.h"
#include "journal-link.h"
#include "log.h"
#include "metadata.h"
#include "stage1.h"
#include "strv.h"

static int take_lock(Pod *p) {
        if (p->locked)
                return 0;
        int r = pod_lock(p);
        if (r == -EWOULDBLOCK)
                return -EBUSY;
        if (r < 0)
                return log_error_errno(r, "pod %s: lock", p->uuid);
        /* it may have moved between being found and being locked */
        r = pod_refresh(p);
        return r == -ENOENT ? -EBUSY : r;
}

int pod_mark_garbage(Pod *p, bool sync) {
        int r = take_lock(p);
        if (r < 0)
                return r;
        PodPlace to;
        switch (p->place) {
        case POD_PLACE_RUN: to = POD_PLACE_EXITED_GARBAGE; break;
        case POD_PLACE_EMBRYO:
        case POD_PLACE_PREPARE:
        case POD_PLACE_PREPARED: to = POD_PLACE_GARBAGE; break;
        default: return 0;
        }
        PodPlace from = p->place;
        r = journal_link_follow(p->uuid, from, to);
        if (r < 0)
                log_warning_errno(r, "pod %s: the host's link to its journal", p->uuid);
        r = pod_move(p, to, sync);
        if (r < 0)
                journal_link_follow(p->uuid, to, from);
        return r < 0 ? log_error_errno(r, "pod %s: moving it to %s", p->uuid, pod_place_name(to)) : 0;
}

/* A pod that never ran has nothing outside its directory, unless somebody put it into networks by hand. */
static bool is_only_a_directory(const Pod *p) {
        return p->place != POD_PLACE_EXITED_GARBAGE &&
               faccessat(p->fd, "net", F_OK, AT_SYMLINK_NOFOLLOW) < 0;
}

/* What the stage1 made outside the pod's directory. A pod too broken to tell its stage1 is still removed. */
static int collect_stage1(const Pod *p) {
        char *argv[6] = { NULL };
        size_t n = 1;
        _cleanup_free_ char *local_config = xasprintf("--local-config=%s", globals.local_config);
        if (is_only_a_directory(p))
                return 0;
        if (globals.debug)
                argv[n++] = (char *) "--debug";
        argv[n++] = local_config;
        argv[n++] = (char *) p->uuid;
        globals_tell_stage1();
        int status = stage1_run_entrypoint(p, "gc", argv);
        if (status == -ENOENT)
                return 0;
        if (status > 0) {
                log_error("pod %s: the gc entry point of its stage1 ended with status %d", p->uuid, status);
                return -EIO;
        }
        if (status < 0)
                log_warning("pod %s: removing it without the help of its stage1", p->uuid);
        return 0;
}

int pod_collect(Pod *p) {
        int r = take_lock(p);
        if (r < 0)
                return r;
        r = collect_stage1(p);
        if (r < 0)
                return r;
        pod_metadata_forget(p);
        r = pod_delete(p);
        if (r < 0)
                return log_error_errno(r, "pod %s: removing it", p->uuid);
        event_send(&(Event){ .kind = EVENT_POD_REMOVED, .pod = p->uuid });
        return 0;
}

int pod_stop(const Pod *p, bool force) {
        char *argv[4] = { NULL };
        size_t n = 1;
        if (force)
                argv[n++] = (char *) "--force";
        argv[n++] = (char *) p->uuid;
        int status = stage1_run_entrypoint(p, "stop", argv);
        if (status == -ENOENT) {
                log_error("pod %s: its stage1 cannot stop pods", p->uuid);
                return -EOPNOTSUPP;
        }
        if (status > 0) {
                log_error("pod %s: the stop entry point of its stage1 ended with status %d", p->uuid,
                                status);
                return -EIO;
        }
        return status;
}
