/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "enter": executes a command in the root directory of the app, as its user and in its
 * environment. Everything else it has from the caller, as the app has it from the host. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>

#include "alloc.h"
#include "execution.h"
#include "log.h"
#include "member.h"
#include "option.h"
#include "process.h"
#include "strv.h"

static char *pid_option, *app_option;

static const Option options[] = {
        { "pid", OPTION_STRING, &pid_option, "the app's main process" },
        { "appname", OPTION_STRING, &app_option, "the app to enter" },
        {},
};

static const Command command = {
        .name = "enter",
        .usage = "--pid=PID --appname=APP -- COMMAND [ARGUMENTS]",
        .summary = "execute a command in an app (stage1 entry point, called by rkt enter)",
        .options = options,
        .stop_at_argument = true,
};

static int load_plan(Plan **ret, const PlanApp **ret_app) {
        _cleanup_free_ char *error = NULL;
        int r = plan_load_at(AT_FDCWD, "stage1/rootfs/" PLAN_PATH, ret, &error);
        if (r < 0) {
                log_error("the pod's plan: %s", error);
                return r;
        }
        *ret_app = plan_find_app(*ret, app_option);
        if (*ret_app)
                return 0;
        log_error("the pod has no app \"%s\"", app_option);
        return -ENOENT;
}

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

static int enter(char **argv) {
        _cleanup_plan_ Plan *plan = NULL;
        const PlanApp *app = NULL;
        uint64_t pid = 0;
        if (!pid_option || parse_uint(pid_option, INT_MAX, &pid) < 0 || pid < 1 || !app_option || !argv[0]) {
                log_error("expected --pid=PID, --appname=APP and a command");
                return -EINVAL;
        }
        int r = load_plan(&plan, &app);
        if (r < 0)
                return r;
        _cleanup_close_ int namespace = open_namespace((pid_t) pid);
        return namespace < 0 ? namespace : execute(app, namespace, argv);
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        process_begin("stage1");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return enter(arguments) < 0 ? EXIT_RKT_FAILURE : 0;
}
