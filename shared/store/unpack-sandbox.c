/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unpack-sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "alloc.h"
#include "file.h"
#include "log.h"

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

static const cap_value_t kept_capabilities[] = {
        CAP_CHOWN,
        CAP_FOWNER,
        CAP_DAC_OVERRIDE,
        CAP_FSETID,
        CAP_SETFCAP,
        CAP_MKNOD,
};

static const int syscalls[] = {
        SCMP_SYS(read),
        SCMP_SYS(write),
        SCMP_SYS(pwrite64),
        SCMP_SYS(lseek),
        SCMP_SYS(close),
        SCMP_SYS(fstat),
        SCMP_SYS(fcntl),
        SCMP_SYS(mmap),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(mprotect),
        SCMP_SYS(brk),
        SCMP_SYS(madvise),
        SCMP_SYS(futex),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(sigaltstack),
        SCMP_SYS(set_robust_list),
        SCMP_SYS(rseq),
        SCMP_SYS(gettid),
        SCMP_SYS(getpid),
        SCMP_SYS(tgkill),
        SCMP_SYS(sched_yield),
        SCMP_SYS(sched_getaffinity),
        SCMP_SYS(getrandom),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(clock_nanosleep),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(ftruncate),
};

/* Only with a directory to fill. */
static const int file_syscalls[] = {
        SCMP_SYS(openat2),
        SCMP_SYS(openat),
        SCMP_SYS(newfstatat),
        SCMP_SYS(mkdirat),
        SCMP_SYS(mknodat),
        SCMP_SYS(symlinkat),
        SCMP_SYS(linkat),
        SCMP_SYS(fchown),
        SCMP_SYS(fchownat),
        SCMP_SYS(fchmod),
        SCMP_SYS(fchmodat),
        SCMP_SYS(fsetxattr),
        SCMP_SYS(utimensat),
        SCMP_SYS(unlinkat), /* an entry that comes twice in a layer */
        SCMP_SYS(syncfs),
};

static int allow(scmp_filter_ctx filter, const int *list, size_t n) {
        for (size_t i = 0; i < n; i++) {
                int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, list[i], 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Threads are made, processes are not. clone3 hides its flags from a filter: the C library falls back. */
static int allow_threads(scmp_filter_ctx filter) {
        int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        if (r < 0)
                return r;
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                        SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

static int install_filter(bool files) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        if (!filter)
                return -ENOMEM;
        int r = allow(filter, syscalls, ELEMENTSOF(syscalls));
        if (r >= 0 && files)
                r = allow(filter, file_syscalls, ELEMENTSOF(file_syscalls));
        if (r >= 0)
                r = allow_threads(filter);
        if (r >= 0)
                r = seccomp_load(filter); /* sets no_new_privs, too */
        seccomp_release(filter);
        return r;
}

/* The bounding set goes as well: nothing here executes anything, but that is cheap to be sure of. */
static int drop_capabilities(void) {
        for (int c = 0; c <= CAP_LAST_CAP; c++)
                if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
                        return -errno;
        cap_t have = cap_get_proc(), want = cap_init();
        for (size_t i = 0; have && want && i < ELEMENTSOF(kept_capabilities); i++) {
                cap_flag_value_t held = CAP_CLEAR;
                cap_get_flag(have, kept_capabilities[i], CAP_PERMITTED, &held);
                cap_set_flag(want, CAP_PERMITTED, 1, &kept_capabilities[i], held);
                cap_set_flag(want, CAP_EFFECTIVE, 1, &kept_capabilities[i], held);
        }
        int r = want && cap_set_proc(want) == 0 ? 0 : -errno;
        cap_free(have);
        cap_free(want);
        return r;
}

/* Makes a mount of the working directory alone the root, and lets go of all others. The old descriptor
 * belongs to a mount whose parents can still be walked to with "..", so it is closed. */
static int change_root(int *root) {
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return log_error_errno(errno, "cannot make mounts private");
        _cleanup_close_ int tree =
                        syscall(SYS_open_tree, AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0)
                return log_error_errno(errno, "cannot clone the mount of the target directory");
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
        if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return log_error_errno(errno, "cannot restrict the mount of the target directory");
        if (syscall(SYS_move_mount, tree, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return log_error_errno(errno, "cannot mount the target directory");
        if (fchdir(tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
                        chdir("/") < 0)
                return log_error_errno(errno, "cannot make the target directory the root");
        close(*root);
        *root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *root < 0 ? log_error_errno(errno, "cannot open the target directory") : 0;
}

/* Without privileges: a user namespace that knows our own IDs only. 1 where the system does not allow that:
 * then paths are still resolved inside the directory. */
static int enter_user_namespace(void) {
        uid_t uid = geteuid();
        gid_t gid = getegid();
        if (unshare(CLONE_NEWUSER | NAMESPACES) < 0) {
                log_debug_errno(errno, "cannot make a user namespace to unpack in");
                return 1;
        }
        _cleanup_free_ char *uid_map = xasprintf("%u %u 1", uid, uid),
                            *gid_map = xasprintf("%u %u 1", gid, gid);
        int r = write_string_at(AT_FDCWD, "/proc/self/setgroups", "deny", 0);
        if (r >= 0)
                r = write_string_at(AT_FDCWD, "/proc/self/uid_map", uid_map, 0);
        if (r >= 0)
                r = write_string_at(AT_FDCWD, "/proc/self/gid_map", gid_map, 0);
        return r < 0 ? log_error_errno(r, "cannot set the IDs of a user namespace") : 0;
}

int unpack_sandbox_enter(int *root, bool *ret_privileged) {
        bool privileged = geteuid() == 0;
        int r;
        /* the kernel takes the working directory along into a new mount namespace, but not descriptors */
        if (*root >= 0 && fchdir(*root) < 0)
                return log_error_errno(errno, "cannot enter the target directory");
        if (*root >= 0 && privileged) {
                if (unshare(NAMESPACES) < 0)
                        return log_error_errno(errno, "cannot make namespaces to unpack in");
                r = change_root(root);
                if (r < 0)
                        return r;
        } else if (*root >= 0) {
                r = enter_user_namespace();
                if (r == 0)
                        r = change_root(root);
                if (r < 0)
                        return r;
        }
        r = drop_capabilities();
        if (r < 0 && (privileged || r != -EPERM))
                return log_error_errno(r, "cannot drop capabilities");
        r = install_filter(*root >= 0);
        if (r < 0)
                return log_error_errno(r, "cannot install the system call filter");
        *ret_privileged = privileged;
        return 0;
}
