/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "enter": executes a command in the root directory of the app, as its user and in its
 * environment. Everything else it has from the caller, as the app has it from the host. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "alloc.h"
#include "enter-options.h"
#include "execution.h"
#include "log.h"
#include "member.h"
#include "process.h"
#include "strv.h"

static int open_namespace(pid_t pid) {
        Members m;
        int r = members_open(pid, &m);
        if (r == -ESRCH)
                log_error("process %d is not this pod's app: it has ended", (int) pid);
        if (r < 0)
                return r;
        _cleanup_free_ char *path = xasprintf("/proc/%d/ns/mnt", (int) pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        members_close(&m);
        return fd < 0 ? log_error_errno(errno, "cannot open %s", path) : fd;
}

static int execute(const PlanApp *app, int namespace, char **argv) {
        _cleanup_free_ char *error = NULL;
        _cleanup_user_ User user = {};
        const char *term = getenv("TERM");
        if (setns(namespace, CLONE_NEWNS) < 0)
                return log_error_errno(errno, "app %s: cannot join its mount namespace", app->name);
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
                return log_error_errno(errno, "app %s: cannot open its root", app->name);
        int r = user_resolve(root, app->user, app->group, NULL, &user, &error);
        if (r < 0) {
                log_error("app %s: %s", app->name, error);
                return r;
        }
        _cleanup_strv_ char **environment = execution_environment(app, &user);
        execution_default_variable(&environment, "TERM", isempty(term) ? "vt100" : term);
        Execution e = {
                .app = app,
                .user = &user,
                .user_namespace = -1,
                .mount_namespace = namespace,
                .cgroup_mount = -1,
                .standard = { -1, -1, -1 },
                .terminal = -1,
                .failure = root, /* kept for the explanation; what it leads to, the app has anyway */
                .argv = argv,
                .environment = environment,
        };
        ExecutionFailure f = execution_run(&e);
        _cleanup_free_ char *why = execution_explain(&e, &f, root);
        log_error("app %s: %s", app->name, why);
        return -f.error;
}

static int enter(pid_t pid, const char *name, char **argv) {
        _cleanup_plan_ Plan *plan = NULL;
        PlanApp app;
        int r = enter_options_load_plan(name, &plan, &app);
        if (r < 0)
                return r;
        _cleanup_close_ int namespace = open_namespace(pid);
        return namespace < 0 ? namespace : execute(&app, namespace, argv);
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **words = NULL;
        const char *app;
        pid_t pid;
        process_begin("stage1");
        int r = enter_options_parse(argc, argv, &pid, &app, &words);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return enter(pid, app, words) < 0 ? EXIT_RKT_FAILURE : 0;
}
