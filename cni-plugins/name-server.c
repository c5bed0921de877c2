/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "name-server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "alloc.h"
#include "file.h"
#include "option.h"
#include "process.h"
#include "strv.h"

#define CONFIG_MAX 65536

static const char *const binaries[] = { "/usr/sbin/dnsmasq", "/usr/local/sbin/dnsmasq", "/sbin/dnsmasq",
        "/usr/bin/dnsmasq" };

static const char *find_binary(void) {
        for (size_t i = 0; i < ELEMENTSOF(binaries); i++)
                if (access(binaries[i], X_OK) == 0)
                        return binaries[i];
        return NULL;
}

bool name_server_is_installed(void) {
        return find_binary();
}

static bool systemd_runs(void) {
        return access("/run/systemd/system", F_OK) == 0;
}

static char *config_text(const NameServer *s) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        fprintf(f, "# Made by the CNI plugin dnsname of rkt for the network %s.\n", s->network);
        fprintf(f, "no-hosts\nhostsdir=%s\nbind-dynamic\ndomain-needed\n", s->directory->hosts);
        STRV_FOREACH (a, s->addresses)
                fprintf(f, "listen-address=%s\n", *a);
        if (s->domain)
                fprintf(f, "expand-hosts\ndomain=%s\nlocal=/%s/\n", s->domain, s->domain);
        fclose(f);
        return text;
}

/* 1: it is another one than before. */
static int write_config(const NameServer *s) {
        _cleanup_free_ char *text = config_text(s), *before = NULL,
                            *path = xasprintf("%s/dnsmasq.conf", s->directory->path);
        size_t size;
        if (!text)
                return -ENOMEM;
        if (read_file_at(AT_FDCWD, path, CONFIG_MAX, &before, &size) >= 0 && streq(before, text))
                return 0;
        int r = replace_file_at(AT_FDCWD, path, text, strlen(text), 0644, false);
        return r < 0 ? r : 1;
}

/* Its number may be another process's by now. */
static pid_t running(const NameDirectory *d) {
        _cleanup_free_ char *path = xasprintf("%s/pid", d->path), *number = NULL, *comm = NULL;
        uint64_t pid;
        if (read_line_at(AT_FDCWD, path, &number) < 0 || parse_uint(number, INT32_MAX, &pid) < 0 || pid == 0)
                return 0;
        _cleanup_free_ char *process = xasprintf("/proc/%s/comm", number);
        return read_line_at(AT_FDCWD, process, &comm) >= 0 && streq(comm, "dnsmasq") ? (pid_t) pid : 0;
}

bool name_server_runs(const NameDirectory *d) {
        return running(d) > 0;
}

static int systemctl(const char *verb, const char *network) {
        _cleanup_free_ char *unit = xasprintf("rkt-dnsname@%s.service", network);
        char *argv[] = { (char *) "systemctl", (char *) "--quiet", (char *) verb, unit, NULL };
        int r = process_run(argv, STDERR_FILENO);
        return r > 0 ? -ECHILD : r;
}

/* In the background once it answers; nothing of what is ours stays open in it. */
static int start_by_hand(const NameServer *s) {
        _cleanup_free_ char *config = xasprintf("--conf-file=%s/dnsmasq.conf", s->directory->path),
                            *pid = xasprintf("--pid-file=%s/pid", s->directory->path);
        char *argv[] = { (char *) find_binary(), config, pid, NULL };
        int r = process_run(argv, STDERR_FILENO);
        return r > 0 ? -ECHILD : r;
}

static int stop_by_hand(const NameDirectory *d) {
        pid_t pid = running(d);
        return pid > 0 && kill(pid, SIGTERM) < 0 && errno != ESRCH ? -errno : 0;
}

int name_server_start(const NameServer *s) {
        int r = write_config(s);
        if (r < 0)
                return r;
        bool runs = name_server_runs(s->directory);
        if (r == 0 && runs)
                return 0;
        if (systemd_runs())
                return systemctl("restart", s->network);
        if (runs && (r = stop_by_hand(s->directory)) < 0)
                return r;
        return start_by_hand(s);
}

int name_server_stop(const NameDirectory *d, const char *network) {
        if (!name_server_runs(d))
                return 0;
        return systemd_runs() ? systemctl("stop", network) : stop_by_hand(d);
}
