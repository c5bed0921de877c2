/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "actool validate" was. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "aci-check.h"
#include "aci-tree.h"
#include "aci.h"
#include "alloc.h"
#include "file.h"
#include "globals.h"

#include "log.h"
#include "pod-manifest.h"
#include "process.h"
#include "strv.h"
#include "types.h"

static char *type;

static const Option options[] = {
        { "type", OPTION_STRING, &type,
                        "what the files are: appimage, layout or manifest (found out if not given)" },
        {},
};

static const Command command = {
        .name = "image validate",
        .usage = "[--type=TYPE] FILE…",
        .summary = "Check image files, image directories and manifests",
        .description = "An image file (appimage) may be compressed in any of the ways that rkt reads. A "
                       "layout is a\n"
                       "directory that an image could be built of. A manifest is that of an image or of a "
                       "pod.",
        .options = options,
        .global_options = global_options,
};

static int validate_image(const char *name, int fd) {
        int r = aci_check(name, fd, NULL);
        if (r >= 0)
                printf("%s: valid app container image\n", name);
        return r;
}

static int validate_layout(const char *name, int fd) {
        int r = aci_tree_check(fd, name);
        if (r >= 0)
                printf("%s: valid image layout\n", name);
        return r;
}

/* Of which kind a manifest is: NULL, or as its acKind says. Errors are left to the parser of that kind. */
static bool is_pod_manifest(const char *text, size_t size) {
        _cleanup_json_context_ JsonContext c;
        const char *kind = "";
        if (json_context_parse(&c, "", text, size) < 0 || !json_object_is_type(c.root, json_type_object) ||
                        json_get_string(&c, c.root, "acKind", JSON_OPTIONAL, &kind) < 0)
                return false;
        return streq(kind, POD_MANIFEST_KIND);
}

static int validate_manifest(const char *name, int fd) {
        _cleanup_image_manifest_ ImageManifest *image = NULL;
        _cleanup_pod_manifest_ PodManifest *pod = NULL;
        _cleanup_free_ char *text = NULL, *error = NULL;
        size_t size;
        int r = read_fd(fd, APPC_MANIFEST_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "%s", name);
        bool is_pod = is_pod_manifest(text, size);
        r = is_pod ? pod_manifest_parse(name, text, size, &pod, &error)
                   : image_manifest_parse(name, text, size, &image, &error);
        if (r < 0)
                log_error("%s", error);
        else
                printf("%s: valid %s\n", name, is_pod ? POD_MANIFEST_KIND : IMAGE_MANIFEST_KIND);
        return r;
}

static const struct {
        const char *name;
        int (*validate)(const char *name, int fd);
} types[] = {
        { "appimage", validate_image },
        { "layout", validate_layout },
        { "manifest", validate_manifest },
};

/* JSON text begins with a brace, maybe behind blanks; no archive with only "manifest" and "rootfs" in it
 * does. */
static const char *guess_type(int fd) {
        struct stat st;
        if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
                return "layout";
        char start[256];
        ssize_t n = pread(fd, start, sizeof(start) - 1, 0);
        start[MAX(n, 0)] = 0;
        return start[strspn(start, " \t\r\n")] == '{' ? "manifest" : "appimage";
}

static int validate(const char *name) {
        _cleanup_close_ int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return log_error_errno(errno, "%s", name);
        const char *t = type ?: guess_type(fd);
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i].name, t))
                        return types[i].validate(name, fd);
        log_error("unknown type \"%s\": expected appimage, layout or manifest", t);
        return -EINVAL;
}

int image_validate(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        bool failed = false;
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(globals.debug);
        if (!arguments[0]) {
                log_error("expected the name of at least one file (see --help)");
                return EXIT_RKT_FAILURE;
        }
        STRV_FOREACH (name, arguments)
                failed |= validate(*name) < 0;
        return process_end(failed ? -EINVAL : 0);
}
