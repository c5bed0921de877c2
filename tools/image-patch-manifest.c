/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "actool patch-manifest" was: a copy of an image with another manifest. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "aci-check.h"
#include "aci-writer.h"
#include "aci.h"
#include "alloc.h"
#include "decompress.h"
#include "entry-path.h"
#include "globals.h"

#include "log.h"
#include "manifest-patch.h"
#include "strv.h"

#define BUFFER_SIZE ((size_t) 256 * 1024)

static bool overwrite, replace, no_compression;
static char *manifest_file;
static ManifestPatch patch;

static const Option options[] = {
        { "capability", OPTION_STRING, &patch.capabilities,
                        "the capabilities to retain, with commas between them" },
        { "exec", OPTION_STRING, &patch.exec, "the command to run, with blanks between its words" },
        { "group", OPTION_STRING, &patch.group, "the group to run as" },
        { "isolators", OPTION_STRING, &patch.isolators,
                        "isolators, such as resource/cpu,request=50m,limit=100m[:resource/memory,…]" },
        { "manifest", OPTION_STRING, &manifest_file, "a file to take the whole manifest from" },
        { "mounts", OPTION_STRING, &patch.mounts,
                        "mount points, such as work,path=/opt,readOnly=true[:work2,…]" },
        { "name", OPTION_STRING, &patch.name, "the name of the image" },
        { "no-compression", OPTION_BOOL, &no_compression, "do not compress the new image" },
        { "overwrite", OPTION_BOOL, &overwrite, "overwrite the output file if it exists" },
        { "ports", OPTION_STRING, &patch.ports, "ports, such as query,protocol=tcp,port=8080[:query2,…]" },
        { "replace", OPTION_BOOL, &replace, "put the new image in the place of the old" },
        { "revoke-capability", OPTION_STRING, &patch.revoked,
                        "the capabilities to remove, with commas between them" },
        { "seccomp-mode", OPTION_STRING, &patch.seccomp_mode,
                        "retain or remove, and maybe an error: remove,errno=EPERM" },
        { "seccomp-set", OPTION_STRING, &patch.seccomp_set,
                        "the system calls to retain or remove, with commas" },
        { "supplementary-groups", OPTION_STRING, &patch.groups,
                        "the IDs of further groups, with commas between them" },
        { "user", OPTION_STRING, &patch.user, "the user to run as" },
        {},
};

static const Command command = {
        .name = "image patch-manifest",
        .usage = "[OPTIONS] INPUT.aci [OUTPUT.aci]",
        .summary = "Copy an image file with changes to its manifest",
        .description = "What an option gives takes the place of what the manifest had. Files are copied as "
                       "they are.\n"
                       "Without OUTPUT.aci, --replace is needed.",
        .options = options,
        .global_options = global_options,
};

/* The tar inside of the image. Decompression is left to what also fetches, so that both read the same. */
typedef struct Source {
        Decompressor *decompressor;
        uint8_t *buffer;
        struct archive *archive;
        const char *name;
} Source;

static la_ssize_t give(struct archive *a, void *userdata, const void **ret) {
        Source *s = userdata;
        ssize_t n = decompressor_read(s->decompressor, s->buffer, BUFFER_SIZE);
        if (n < 0)
                archive_set_error(a, (int) -n, "%s", decompressor_error(s->decompressor));
        *ret = s->buffer;
        return n < 0 ? -1 : n;
}

static void source_done(Source *s) {
        if (s->archive)
                archive_read_free(s->archive);
        if (s->decompressor)
                decompressor_free(s->decompressor);
        free(s->buffer);
}
#define _cleanup_source_ _cleanup_(source_done)

static int source_fail(const Source *s) {
        log_error("%s: %s", s->name, archive_error_string(s->archive));
        return -EBADMSG;
}

static int source_open(Source *s, int fd) {
        s->decompressor = decompressor_new(fd);
        s->buffer = xmalloc(BUFFER_SIZE);
        s->archive = archive_read_new();
        archive_read_support_format_tar(s->archive);
        return archive_read_open(s->archive, s, NULL, give, NULL) == ARCHIVE_OK ? 0 : source_fail(s);
}

static int copy_data(Source *s, AciWriter *w) {
        _cleanup_free_ uint8_t *buffer = xmalloc(BUFFER_SIZE);
        la_ssize_t n;
        while ((n = archive_read_data(s->archive, buffer, BUFFER_SIZE)) > 0) {
                int r = aci_writer_data(w, buffer, n);
                if (r < 0)
                        return r;
        }
        return n < 0 ? source_fail(s) : 0;
}

static int copy_entries(Source *s, const char *manifest, AciWriter *w) {
        struct archive_entry *e;
        char path[PATH_MAX];
        int r;
        while ((r = archive_read_next_header(s->archive, &e)) >= ARCHIVE_WARN && r != ARCHIVE_EOF) {
                bool is_manifest = !entry_path_normalize(archive_entry_pathname(e), path) &&
                                   streq(path, "manifest");
                if (is_manifest) {
                        archive_entry_set_size(e, (int64_t) strlen(manifest));
                        archive_entry_sparse_clear(e);
                }
                r = aci_writer_entry(w, e);
                if (r >= 0)
                        r = is_manifest ? aci_writer_data(w, manifest, strlen(manifest)) : copy_data(s, w);
                if (r < 0)
                        return r;
        }
        return r == ARCHIVE_EOF ? 0 : source_fail(s);
}

static int make_manifest(ImageManifest *old, char **ret) {
        _cleanup_image_manifest_ ImageManifest *given = NULL, *checked = NULL;
        _cleanup_free_ char *error = NULL, *text = NULL;
        int r = manifest_file ? image_manifest_load_at(AT_FDCWD, manifest_file, &given, &error)
                              : manifest_patch_apply(&patch, old, &error);
        if (r >= 0) {
                text = image_manifest_to_text(given ?: old, false);
                r = image_manifest_parse("the new manifest", text, strlen(text), &checked, &error);
        }
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

static int patch_image(const char *input, const char *output) {
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_aci_writer_ AciWriter *w = NULL;
        _cleanup_source_ Source s = { .name = input };
        _cleanup_close_ int fd = open(input, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return log_error_errno(errno, "%s", input);
        /* the first pass: from here on, the archive is known to be harmless */
        int r = aci_check(input, fd, &m), output_fd;
        if (r < 0 || (r = make_manifest(m, &text)) < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return log_error_errno(errno, "%s", input);
        r = source_open(&s, fd);
        if (r < 0 || (r = aci_writer_new(output, no_compression ? "none" : "gzip", overwrite || replace,
                                      &w)) < 0)
                return r;
        r = copy_entries(&s, text, w);
        if (r < 0 || (r = aci_writer_close(w, &output_fd)) < 0)
                return r;
        return aci_writer_publish(w);
}

int image_patch_manifest(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(globals.debug);
        size_t n = strv_length(arguments);
        if (n != (replace ? 1 : 2)) {
                log_error(replace ? "with --replace, expected one image file"
                                  : "expected two image files, or --replace and one (see --help)");
                return EXIT_RKT_FAILURE;
        }
        if (manifest_file && !manifest_patch_is_empty(&patch)) {
                log_error("--manifest gives the whole manifest: no other change can be given with it");
                return EXIT_RKT_FAILURE;
        }
        return patch_image(arguments[0], arguments[n - 1]) < 0 ? EXIT_RKT_FAILURE : 0;
}
