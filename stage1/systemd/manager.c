/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pod's PID 1 becomes the host's systemd, in the pod's own root: the host's /usr is there for it, read
 * only, and nothing of that is in the roots of the apps. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "agent-protocol.h"
#include "agent.h"
#include "alloc.h"
#include "become.h"
#include "capabilities.h"
#include "file.h"
#include "log.h"
#include "mounts.h"
#include "pod-cgroup-mounts.h"
#include "units.h"

#define SHUTDOWN "/usr/lib/systemd/systemd-shutdown"

static Agent agent = { .socket = -1 };

static int mount_programs(PodRoot *root) {
        static const char *const links[] = { "bin", "sbin", "lib", "lib64" };
        int r = mount_attach_at(root->host_usr, AT_FDCWD, "/usr");
        if (r < 0)
                return log_error_errno(r, "cannot mount the host's /usr for the pod's systemd");
        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                char to[16], at[16];
                snprintf(to, sizeof(to), "usr/%s", links[i]);
                snprintf(at, sizeof(at), "/%s", links[i]);
                if (symlink(to, at) < 0 && errno != EEXIST)
                        return log_error_errno(errno, "cannot make the pod's %s", at);
        }
        r = mkdir_parents_at(AT_FDCWD, AGENT_PROGRAMS, 0755);
        if (r >= 0)
                r = mount_attach_at(root->programs, AT_FDCWD, AGENT_PROGRAMS);
        if (r < 0)
                return log_error_errno(r, "cannot mount the pod's " AGENT_PROGRAMS);
        close(TAKE_FD(root->host_usr));
        close(TAKE_FD(root->programs));
        return 0;
}

/* What systemd executes as PID 1 in the end is ours: it ends the pod with the status of its apps, and there
 * is no file system to unmount nor a machine to switch off. */
static int replace_shutdown(void) {
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, AGENT_PROGRAMS "/shutdown", false);
        int r = fd < 0 ? fd : mount_attach_at(fd, AT_FDCWD, SHUTDOWN);
        return r < 0 ? log_error_errno(r, "cannot replace the pod's " SHUTDOWN) : 0;
}

/* The users that the services of the pod's own root have; the apps' are those of their images. */
static int write_files(void) {
        static const struct {
                const char *path, *text;
        } files[] = {
                { "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                                 "messagebus:x:101:101::/nonexistent:/usr/sbin/nologin\n"
                                 "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n" },
                { "/etc/group", "root:x:0:\ntty:x:5:\nmessagebus:x:101:\nsystemd-journal:x:102:\n"
                                "nogroup:x:65534:\n" },
                { "/etc/shadow", "root:*:::::::\n" },
                { "/etc/login.defs", "" },
                { "/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n" },
                { "/etc/pam.d/other", "auth required pam_permit.so\naccount required pam_permit.so\n"
                                      "password required pam_deny.so\nsession required pam_permit.so\n"
                                      "-session optional pam_systemd.so\n" },
        };
        int r = mkdir_parents_at(AT_FDCWD, "/etc/pam.d", 0755);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(files); i++)
                r = write_string_at(AT_FDCWD, files[i].path, files[i].text,
                                streq(files[i].path, "/etc/shadow") ? 0600 : 0644);
        if (r >= 0)
                r = mkdir_parents_at(AT_FDCWD, "/root", 0700);
        /* where sd-bus of the host looks for a machine's bus */
        if (r >= 0 && symlink("../run", "/var/run") < 0 && errno != EEXIST)
                r = -errno;
        if (r >= 0)
                r = mkdir_parents_at(AT_FDCWD, "/tmp", 01777);
        return r < 0 ? log_error_errno(r, "cannot write the pod's /etc") : 0;
}

/* Hosts have one of the two. */
static int use_broker(void) {
        static const char unit[] =
                        "[Unit]\nDescription=The system's "
                        "bus\nDefaultDependencies=no\nRequires=dbus.socket\n"
                        "After=dbus.socket\nConflicts=shutdown.target\nBefore=shutdown.target\n\n[Service]\n"
                        "Type=notify\nSockets=dbus.socket\nExecStart=/usr/bin/dbus-broker-launch --scope "
                        "system\n";
        if (access("/usr/bin/dbus-daemon", X_OK) >= 0 || access("/usr/bin/dbus-broker-launch", X_OK) < 0)
                return 0;
        int r = write_string_at(AT_FDCWD, "/run/systemd/system/dbus.service", unit, 0644);
        return r < 0 ? log_error_errno(r, "cannot write the pod's dbus.service") : 0;
}

/* By the names for which the bus asks systemd. */
static int link_services(void) {
        static const char *const services[][2] = { { "logind", "login1" }, { "hostnamed", "hostname1" } };
        for (size_t i = 0; i < ELEMENTSOF(services); i++) {
                _cleanup_free_ char *to = xasprintf(AGENT_PROGRAMS "/units/systemd-%s.service",
                                                    services[i][0]),
                                    *at = xasprintf("/run/systemd/system/dbus-org.freedesktop.%s.service",
                                                    services[i][1]);
                if (symlink(to, at) < 0)
                        return log_error_errno(errno, "cannot make the pod's %s", at);
        }
        return 0;
}

static int prepare(const Boot *b, PodRoot *root) {
        Journal journal = { .max_use = b->plan->log_size };
        int r = mount_programs(root);
        if (r < 0 || (r = replace_shutdown()) < 0 || (r = write_files()) < 0 ||
                        (r = units_write(b->plan)) < 0 || (r = use_broker()) < 0 ||
                        (r = link_services()) < 0)
                return r;
        r = mkdir_parents_at(AT_FDCWD, "/run/systemd/journal", 0755);
        if (r >= 0)
                r = journal_prepare_files(&journal);
        if (r < 0)
                return log_error_errno(r, "cannot prepare the pod's journal");
        agent.plan = b->plan;
        return agent_listen(&agent);
}

/* Beside them, what an app has been given; all if apps may come that nobody knows yet. */
static uint64_t capabilities(const Plan *p) {
        if (p->mutable)
                return capabilities_all();
        uint64_t set = capabilities_of_manager(p->net != PLAN_NET_HOST);
        for (size_t i = 0; i < p->n_apps; i++)
                set |= p->apps[i].capabilities;
        return set;
}

/* No generators: they would look at a machine, and each costs as much as an app. The units are the few of
 * ours, and those of systemd-run(1) and systemctl(1). */
static _noreturn_ void execute(const Boot *b) {
        _cleanup_free_ char *uuid = xasprintf("container_uuid=%s", b->plan->uuid);
        char *const environment[] = { (char *) "PATH=/usr/sbin:/usr/bin", (char *) "container=rkt", uuid,
                (char *) "SYSTEMD_UNIT_PATH=/run/systemd/system.control:/run/systemd/transient:"
                         "/etc/systemd/system:/run/systemd/system:" AGENT_PROGRAMS "/units",
                (char *) "SYSTEMD_GENERATOR_PATH=" AGENT_PROGRAMS "/none",
                (char *) "SYSTEMD_ENVIRONMENT_GENERATOR_PATH=" AGENT_PROGRAMS "/none", NULL };
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int i = 0; i < 3; i++)
                dup2(null, i);
        if (capabilities_limit(capabilities(b->plan)) >= 0)
                become_systemd(environment, b->debug);
        _exit(EXIT_RKT_FAILURE);
}

static int start(const Boot *b, Agent **ret) {
        if (b->cgroups == CGROUP_LEGACY) {
                log_error("the systemd stage1 needs a host with cgroup2, and this one has cgroup v1 alone");
                return -EOPNOTSUPP;
        }
        int r = pod_cgroup_mount(b->plan, CGROUP_UNIFIED);
        if (r < 0)
                return log_error_errno(r, "cannot mount the pod's cgroup");
        pid_t pid = fork();
        if (pid < 0)
                return log_error_errno(errno, "cannot fork the pod's agent");
        if (pid > 0)
                execute(b);
        prctl(PR_SET_NAME, "rkt-agent", 0, 0, 0);
        *ret = &agent;
        return 0;
}

static const Manager manager = {
        .prepare = prepare,
        .start = start,
        .attend = agent_attend,
        .let_go = agent_let_go,
        .add = agent_add,
        .remove = agent_remove,
        .start_app = agent_start_app,
        .stop_app = agent_stop_app,
        .is_asked = agent_is_asked,
        .process_ended = agent_process_ended,
        .is_up = agent_is_up,
        .has_ended = agent_has_ended,
        .stop = agent_stop,
        .starts_again = agent_starts_again,
        .end = agent_end,
};

static int check(const Plan *p) {
        if (!p->own_init && access(SYSTEMD, X_OK) < 0)
                return log_error_errno(errno, "the systemd stage1 needs the host's systemd: " SYSTEMD);
        return 0;
}

const Flavour flavour = { .name = "systemd", .manager = &manager, .check = check };
