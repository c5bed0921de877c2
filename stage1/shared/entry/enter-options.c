/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enter-options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "alloc.h"
#include "log.h"
#include "option.h"
#include "strv.h"

static char *pid_option, *app_option, *user_option, *group_option, *directory_option;
static char **environment_option;

static const Option options[] = {
        { "pid", OPTION_STRING, &pid_option, "the pod's PID 1" },
        { "appname", OPTION_STRING, &app_option, "the app to enter" },
        { "environment", OPTION_STRV, &environment_option, "NAME=VALUE, in place of the app's variable" },
        { "group", OPTION_STRING, &group_option, "another group than the app's" },
        { "user", OPTION_STRING, &user_option, "another user than the app's, with its own groups" },
        { "working-dir", OPTION_STRING, &directory_option, "another directory than the app's" },
        {},
};

static const Command command = {
        .name = "enter",
        .usage = "--pid=PID --appname=APP [--user=USER] [--group=GROUP] [--working-dir=PATH] "
                 "[--environment=NAME=VALUE]… -- COMMAND [ARGUMENTS]",
        .summary = "execute a command in an app (stage1 entry point, called by rkt enter)",
        .options = options,
        .stop_at_argument = true,
};

static bool is_set_by_option(const char *variable) {
        STRV_FOREACH (given, environment_option)
                if (strncmp(*given, variable, strcspn(variable, "=") + 1) == 0)
                        return true;
        return false;
}

static char **environment_of(const PlanApp *a) {
        char **l = strv_copy(NULL);
        STRV_FOREACH (variable, a->environment)
                if (!is_set_by_option(*variable))
                        strv_add(&l, *variable);
        strv_extend(&l, environment_option);
        return l;
}

/* Whoever enters may be another one than the app, but what confines the app confines him. */
static void apply_options(PlanApp *a) {
        if (user_option) {
                a->user = user_option;
                a->group = (char *) ""; /* its own */
        }
        if (group_option)
                a->group = group_option;
        if (user_option || group_option)
                a->n_gids = 0; /* these are the app's user's */
        if (directory_option)
                a->working_directory = directory_option;
        if (environment_option)
                a->environment = environment_of(a);
}

int enter_options_load_plan(const char *name, Plan **ret, PlanApp *ret_app) {
        _cleanup_plan_ Plan *plan = NULL;
        _cleanup_free_ char *error = NULL;
        int r = plan_load_at(AT_FDCWD, "stage1/rootfs/" PLAN_PATH, &plan, &error);
        if (r < 0) {
                log_error("the pod's plan: %s", error);
                return r;
        }
        const PlanApp *app = plan_find_app(plan, name);
        if (!app) {
                log_error("the pod has no app \"%s\"", name);
                return -ENOENT;
        }
        *ret_app = *app;
        apply_options(ret_app);
        *ret = TAKE_PTR(plan);
        return 0;
}

static int check_options(void) {
        if (directory_option && *directory_option != '/') {
                log_error("--working-dir=%s: expected an absolute path", directory_option);
                return -EINVAL;
        }
        STRV_FOREACH (variable, environment_option)
                if (**variable == '=' || !strchr(*variable, '=')) {
                        log_error("--environment=%s: expected NAME=VALUE", *variable);
                        return -EINVAL;
                }
        return 0;
}

int enter_options_parse(int argc, char **argv, pid_t *ret_pid, const char **ret_app, char ***ret_command) {
        _cleanup_strv_ char **words = NULL;
        uint64_t pid;
        int r = command_parse(&command, argc, argv, &words);
        if (r != 0)
                return r;
        if (strv_length(words) == 0 || !app_option || !pid_option ||
                        parse_uint(pid_option, INT_MAX, &pid) < 0 || pid == 0) {
                log_error("expected --pid=PID --appname=APP -- COMMAND");
                return -EINVAL;
        }
        r = check_options();
        if (r < 0)
                return r;
        *ret_pid = (pid_t) pid;
        *ret_app = app_option;
        *ret_command = TAKE_PTR(words);
        return 0;
}
