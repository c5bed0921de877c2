/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Measures a pod into the TPM before it is started: its manifest, the images that this names, and the
 * stage1. Working directory: the pod's. */

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "image-manifest.h"
#include "log.h"
#include "measure-log.h"
#include "measure-tpm.h"
#include "option.h"
#include "pod-manifest.h"
#include "process.h"
#include "sha256.h"
#include "strv.h"
#include "types.h"
#include "uuid.h"

#define PCR        15
#define PATIENCE_S 10 /* for a TPM that does not answer */

static bool debug;
static char *log_path, *tcti, *entrypoint;

static const Option options[] = {
        { "debug", OPTION_BOOL, &debug, "print more" },
        { "entrypoint", OPTION_STRING, &entrypoint, "the program of the stage1 that runs the pod" },
        { "log", OPTION_STRING, &log_path, "where it is written down",
                        .shown_default = "/run/log/systemd/tpm2-measure.log" },
        { "tcti", OPTION_STRING, &tcti, "how to reach the TPM", .shown_default = "device:/dev/tpmrm0" },
        {},
};

static const Command command = {
        .name = "measure",
        .usage = "--entrypoint=PATH UUID",
        .summary = "Measure a pod into the TPM (called by rkt run)",
        .options = options,
        .helper = true,
};

/* What all of this is about; none of the parts can hold a ":". */
typedef struct Measurement {
        char *images; /* IDs of the apps' images, joined by "," */
        char *manifest, *stage1_name, *stage1;
} Measurement;

static void measurement_done(Measurement *m) {
        free(m->images);
        free(m->manifest);
        free(m->stage1_name);
        free(m->stage1);
}

/* "sha256-HEX", as image IDs are written. */
static int digest_file(const char *path, char **ret) {
        struct stat st;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return log_error_errno(errno, "cannot open %s", path);
        int r = sha256_digest_range(fd, 0, (uint64_t) st.st_size, ret);
        if (r < 0)
                return log_error_errno(r, "cannot read %s", path);
        char *colon = strchr(*ret, ':');
        if (colon)
                *colon = '-';
        return 0;
}

static int read_images(Measurement *m) {
        _cleanup_pod_manifest_ PodManifest *pod = NULL;
        _cleanup_free_ char *error = NULL;
        _cleanup_strv_ char **ids = strv_copy(NULL);
        int r = pod_manifest_load_names_at(AT_FDCWD, "pod", &pod, &error);
        if (r < 0) {
                log_error("the pod's manifest: %s", error);
                return r;
        }
        for (size_t i = 0; i < pod->n_apps; i++)
                strv_add(&ids, pod->apps[i].image.id);
        m->images = strv_join(ids, ",");
        return digest_file("pod", &m->manifest);
}

static int read_stage1(Measurement *m) {
        _cleanup_image_manifest_ ImageManifest *manifest = NULL;
        _cleanup_free_ char *error = NULL;
        int r = image_manifest_load_at(AT_FDCWD, "stage1/manifest", &manifest, &error);
        if (r < 0) {
                log_error("the stage1's manifest: %s", error);
                return r;
        }
        m->stage1_name = xstrdup(manifest->name);
        return digest_file(entrypoint, &m->stage1);
}

static int64_t microseconds(clockid_t clock) {
        struct timespec t;
        clock_gettime(clock, &t);
        return timespec_ns(t) / 1000;
}

static json_object *to_json(const Measurement *m, const char *uuid, const char *text) {
        _cleanup_free_ char *boot = NULL;
        char id[33] = "";
        json_object *o = json_object_new_object();
        json_object_object_add(o, "eventType", json_object_new_string("pod"));
        json_object_object_add(o, "string", json_object_new_string(text));
        json_object_object_add(o, "uuid", json_object_new_string(uuid));
        json_object_object_add(o, "stage1", json_object_new_string(m->stage1_name));
        if (read_line_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot) >= 0 && uuid_is_valid(boot)) {
                uuid_machine_id(boot, id);
                json_object_object_add(o, "bootId", json_object_new_string(id));
        }
        json_object_object_add(o, "timestamp", json_object_new_int64(microseconds(CLOCK_BOOTTIME)));
        return o;
}

static int measure(const char *uuid) {
        _cleanup_(measurement_done) Measurement m = {};
        _cleanup_tpm_ Tpm *tpm = NULL;
        _cleanup_measure_log_ MeasureLog log = { .fd = -1 };
        TpmDigests digests;
        int r = tpm_open(tcti ?: "device:/dev/tpmrm0", &tpm);
        if (r == -EOPNOTSUPP) {
                log_debug("libtss2 is not installed: the pod is not measured");
                return 0;
        }
        if (r < 0 || (r = read_images(&m)) < 0 || (r = read_stage1(&m)) < 0 ||
                        (r = measure_log_open(log_path ?: "/run/log/systemd/tpm2-measure.log", &log)) < 0)
                return r;
        _cleanup_free_ char *text = xasprintf(
                        "rkt-pod:%s:%s:%s:%s:%s", uuid, m.stage1_name, m.stage1, m.manifest, m.images);
        r = tpm_extend(tpm, PCR, text, strlen(text), &digests);
        if (r < 0) {
                measure_log_undo(&log);
                return r;
        }
        return measure_log_write(&log, PCR, &digests, to_json(&m, uuid, text));
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        process_begin("measure");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(debug);
        if (strv_length(arguments) != 1 || !uuid_is_valid(arguments[0]) || !entrypoint) {
                log_error("expected --entrypoint=PATH and the UUID of a pod");
                return EXIT_RKT_FAILURE;
        }
        alarm(PATIENCE_S);
        return measure(arguments[0]) < 0 ? EXIT_RKT_FAILURE : 0;
}
