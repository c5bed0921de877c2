/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What not everybody needs: signatures, groups, virtual machines, a TPM. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "alloc.h"
#include "build-config.h"
#include "check.h"
#include "strv.h"

/* A program of the PATH; NULL: there is none. */
static char *find_in_path(const char *name) {
        _cleanup_strv_ char **dirs = strv_split(getenv("PATH") ?: "/usr/bin:/bin", ':');
        STRV_FOREACH (d, dirs) {
                char *path = xasprintf("%s/%s", *d, name);
                if (access(path, X_OK) == 0)
                        return path;
                free(path);
        }
        return NULL;
}

static void check_gpg(Checks *c) {
        _cleanup_free_ char *gpg = find_in_path("gpg");
        if (gpg)
                checks_add(c, "gpg", CHECK_OK, NULL, "%s", gpg);
        else
                checks_add(c, "gpg", CHECK_LACKS,
                                "signatures cannot be verified: images are taken only with "
                                "--insecure-options=image",
                                "not in PATH");
}

static void check_groups(Checks *c) {
        static const struct {
                const char *check, *name, *follows;
        } groups[] = {
                { "group-rkt", "rkt",
                                "only root fetches and lists images, lists pods and reads their journals" },
                { "group-rkt-admin", "rkt-admin", "only root writes the configuration" },
        };
        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                const struct group *g = getgrnam(groups[i].name);
                if (g)
                        checks_add(c, groups[i].check, CHECK_OK, NULL, "%u", g->gr_gid);
                else
                        checks_add(c, groups[i].check, CHECK_LACKS, groups[i].follows,
                                        "not there: systemd-sysusers makes it");
        }
}

static void check_kvm(Checks *c) {
        _cleanup_close_ int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
        int error = errno, version = fd < 0 ? -1 : ioctl(fd, KVM_GET_API_VERSION, 0);
        /* the device may be there and serve nobody */
        _cleanup_close_ int vm = version < 0 ? -1 : ioctl(fd, KVM_CREATE_VM, 0);
        if (vm >= 0)
                checks_add(c, "kvm", CHECK_OK, NULL, "version %d", version);
        else
                checks_add(c, "kvm", fd < 0 && error == EACCES ? CHECK_UNKNOWN : CHECK_LACKS,
                                "virtual machines are emulated, which is slow", "/dev/kvm: %s",
                                strerror(fd < 0 ? error : errno));
}

static void check_tpm(Checks *c) {
        if (!HAVE_TPM)
                checks_add(c, "tpm", CHECK_LACKS, "what pods run is not measured",
                                "rkt was built without support for it");
        else if (access("/dev/tpmrm0", F_OK) == 0)
                checks_add(c, "tpm", CHECK_OK, NULL, "/dev/tpmrm0");
        else
                checks_add(c, "tpm", CHECK_LACKS, "what pods run is not measured", "/dev/tpmrm0: %s",
                                strerror(errno));
}

void check_extras(Checks *c) {
        check_gpg(c);
        check_groups(c);
        check_kvm(c);
        check_tpm(c);
}
