/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that looks into archives. It is given everything as descriptors, shuts itself in, and reads
 * images one after the other, the uppermost first: checks them, computes their IDs, and unpacks them over
 * each other into a directory. No part of the command line for people; started by shared/store/unpacker.c.
 */

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "alloc.h"
#include "archive-pass.h"
#include "entry-path.h"
#include "file.h"
#include "log.h"
#include "option.h"
#include "process.h"
#include "strv.h"
#include "unpack-report.h"
#include "unpack-sandbox.h"

#define WHITELIST_MAX ((size_t) 64 * 1024 * 1024)
#define MEMORY_MAX    (UINT64_C(4) << 30)

typedef struct Layer {
        int fd, follow; /* follow: 0: no */
        Whitelist *whitelists;
        size_t n_whitelists;
        char id[80];
} Layer;

static struct {
        int report, root, manifest, notes, output;
        UnpackFormat format;
        bool sync;
        UnpackLimits limits;
        Layer *layers;
        size_t n_layers;

        size_t current;
        Unpack *unpack;
} self = {
        .report = -1,
        .root = -1,
        .manifest = -1,
        .notes = -1,
        .output = -1,
        .limits = { UNPACK_DEFAULT_SIZE, UNPACK_DEFAULT_ENTRIES, UNPACK_DEFAULT_RATIO },
};

static _noreturn_ void finish(const UnpackReport *report, size_t size) {
        int r = write_all(self.report, report, size);
        /* not exit(): threads may still be reading, and there is nothing to flush */
        _exit(r < 0 ? EXIT_RKT_FAILURE : 0);
}

static _noreturn_ void fail(int error, const char *message) {
        UnpackReport report = { .state = UNPACK_FAILED, .error = abs(error), .failed_layer = self.current };
        snprintf(report.message, sizeof(report.message), "%s", message ?: strerror(abs(error)));
        finish(&report, sizeof(report));
}

static void add_layer(int fd) {
        xgrow(&self.layers, self.n_layers);
        self.layers[self.n_layers++] = (Layer){ .fd = fd };
}

static int follow_layer(int fd) {
        if (self.n_layers == 0)
                return -EINVAL;
        self.layers[self.n_layers - 1].follow = fd;
        return 0;
}

/* Paths with a NUL behind each, absolute as manifests have them. */
static int add_whitelist(int fd) {
        _cleanup_free_ char *text = NULL;
        size_t size, n = 0;
        if (self.n_layers == 0)
                return -EINVAL;
        int r = read_fd(fd, WHITELIST_MAX, &text, &size);
        if (r < 0)
                return r;
        for (const char *p = text; p < text + size; p += strlen(p) + 1)
                n++;
        char **list = xnew(char *, n + 1);
        n = 0;
        for (const char *p = text; p < text + size; p += strlen(p) + 1) {
                char normal[PATH_MAX];
                if (!entry_path_normalize(p + strspn(p, "/"), normal))
                        list[n++] = xstrdup(normal);
        }
        qsort(list, n, sizeof(char *), string_compare);

        Layer *layer = &self.layers[self.n_layers - 1];
        xgrow(&layer->whitelists, layer->n_whitelists);
        layer->whitelists[layer->n_whitelists++] = (Whitelist){ list, n };
        return 0;
}

enum {
        ARG_REPORT,
        ARG_ROOT,
        ARG_MANIFEST,
        ARG_NOTES,
        ARG_OUTPUT,
        ARG_FORMAT,
        ARG_SYNC,
        ARG_SIZE,
        ARG_ENTRIES,
        ARG_RATIO,
        ARG_LAYER,
        ARG_FOLLOW,
        ARG_WHITELIST,
};

static int take_argument(int argument, const char *value) {
        uint64_t number;
        int r = parse_uint(value, argument <= ARG_OUTPUT || argument >= ARG_LAYER ? INT32_MAX : INT64_MAX,
                        &number);
        if (r < 0)
                return r;
        switch (argument) {
        case ARG_REPORT: self.report = number; break;
        case ARG_ROOT: self.root = number; break;
        case ARG_MANIFEST: self.manifest = number; break;
        case ARG_NOTES: self.notes = number; break;
        case ARG_OUTPUT: self.output = number; break;
        case ARG_FORMAT: self.format = MIN(number, (uint64_t) _UNPACK_FORMAT_MAX - 1); break;
        case ARG_SYNC: self.sync = number; break;
        case ARG_SIZE: self.limits.size = number; break;
        case ARG_ENTRIES: self.limits.entries = number; break;
        case ARG_RATIO: self.limits.ratio = MAX(number, 1U); break;
        case ARG_LAYER: add_layer(number); break;
        case ARG_FOLLOW: return follow_layer(number);
        case ARG_WHITELIST: return add_whitelist(number);
        }
        return 0;
}

static int parse_arguments(int argc, char **argv) {
        static const struct option options[] = {
                { "report", required_argument, NULL, ARG_REPORT },
                { "root", required_argument, NULL, ARG_ROOT },
                { "manifest", required_argument, NULL, ARG_MANIFEST },
                { "notes", required_argument, NULL, ARG_NOTES },
                { "output", required_argument, NULL, ARG_OUTPUT },
                { "format", required_argument, NULL, ARG_FORMAT },
                { "sync", required_argument, NULL, ARG_SYNC },
                { "max-size", required_argument, NULL, ARG_SIZE },
                { "max-entries", required_argument, NULL, ARG_ENTRIES },
                { "max-ratio", required_argument, NULL, ARG_RATIO },
                { "layer", required_argument, NULL, ARG_LAYER },
                { "follow", required_argument, NULL, ARG_FOLLOW },
                { "whitelist", required_argument, NULL, ARG_WHITELIST },
                {},
        };
        int option;
        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                int r = option == '?' ? -EINVAL : take_argument(option, optarg);
                if (r < 0)
                        return r;
        }
        return optind == argc && self.report >= 0 && self.n_layers > 0 ? 0 : -EINVAL;
}

static int use_layer(UnpackSource source, void *source_userdata, void *userdata) {
        const Layer *layer = userdata;
        return unpack_layer(self.unpack, source, source_userdata, layer->whitelists, layer->n_whitelists);
}

static int use_links(UnpackSource source, void *source_userdata, void *userdata) {
        return unpack_links(self.unpack, source, source_userdata);
}

static void report_failure(int error, void *userdata) {
        if (unpack_error(self.unpack))
                fail(error, unpack_error(self.unpack));
}

static int pass(Layer *layer, int (*use)(UnpackSource, void *, void *)) {
        _cleanup_archive_pass_ ArchivePass p = {
                .fd = layer->fd,
                .follow = layer->follow,
                .output = self.output,
                .limits = &self.limits,
                .algorithm = self.format == UNPACK_ACI ? ARCHIVE_SHA512 : ARCHIVE_SHA256,
                .unended = self.format != UNPACK_ACI, /* the diff ID says whether it is whole */
                .use = use,
                .userdata = layer,
                .on_failure = report_failure,
        };
        int r = archive_pass_run(&p);
        if (r < 0)
                fail(r, unpack_error(self.unpack) ?: p.error);
        snprintf(layer->id, sizeof(layer->id), "%s-%.64s", self.format == UNPACK_ACI ? "sha512" : "sha256",
                        p.digest);
        return r;
}

static void take_layer(Layer *layer) {
        off_t start = lseek(layer->fd, 0, SEEK_CUR);
        if (pass(layer, use_layer) == 0)
                return;
        if (start < 0 || lseek(layer->fd, start, SEEK_SET) < 0)
                fail(ESPIPE, "an image with a white list has to be read twice");
        pass(layer, use_links);
}

/* rkt's: a digest of the IDs with commas between them. */
static void make_tree_id(char *ret, size_t size) {
        uint8_t digest[64];
        char hex[129];
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        if (!context || !EVP_DigestInit_ex(context, EVP_sha512(), NULL))
                fail(ENOMEM, NULL);
        for (size_t i = 0; i < self.n_layers; i++) {
                if (i > 0)
                        EVP_DigestUpdate(context, ",", 1);
                EVP_DigestUpdate(context, self.layers[i].id, strlen(self.layers[i].id));
        }
        EVP_DigestFinal_ex(context, digest, NULL);
        EVP_MD_CTX_free(context);
        for (size_t i = 0; i < sizeof(digest); i++)
                snprintf(hex + 2 * i, 3, "%02x", digest[i]);
        snprintf(ret, size, "deps-sha512-%.64s", hex);
}

static _noreturn_ void report_success(void) {
        size_t manifest_size, size = sizeof(UnpackReport) + self.n_layers * sizeof(self.layers[0].id);
        const char *manifest = unpack_manifest(self.unpack, &manifest_size);
        int r = self.manifest >= 0 ? write_all(self.manifest, manifest, manifest_size) : 0;
        if (r >= 0 && self.notes >= 0)
                r = unpack_notes(self.unpack, self.notes);
        if (r < 0)
                fail(r, NULL);
        UnpackReport *report = xcalloc(1, size);
        report->state = UNPACK_DONE;
        report->n_layers = self.n_layers;
        report->tree_size = unpack_tree_size(self.unpack);
        report->entries = unpack_entries(self.unpack);
        report->manifest_size = manifest_size;
        make_tree_id(report->tree_id, sizeof(report->tree_id));
        for (size_t i = 0; i < self.n_layers; i++)
                memcpy(report->ids[i], self.layers[i].id, sizeof(self.layers[i].id));
        finish(report, size);
}

/* A bound for what a hostile archive can make libraries allocate. Not with AddressSanitizer, which reserves
 * terabytes. */
static void limit_memory(void) {
#ifndef __SANITIZE_ADDRESS__
        struct rlimit limit = { MEMORY_MAX, MEMORY_MAX };
        setrlimit(RLIMIT_AS, &limit);
#endif
}

int main(int argc, char **argv) {
        bool privileged;
        process_begin("image");
        /* Names that are not ASCII pass through libarchive in UTF-8, whatever the user's locale is. */
        setlocale(LC_CTYPE, "C.UTF-8");
        signal(SIGPIPE, SIG_IGN);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        umask(0);
        if (parse_arguments(argc, argv) < 0) {
                log_error("rkt-unpack: internal to rkt, not to be called");
                return EXIT_RKT_FAILURE;
        }
        limit_memory();
        int r = unpack_sandbox_enter(&self.root, &privileged);
        if (r < 0)
                fail(r, "cannot confine the process that unpacks");

        self.unpack = unpack_new(self.root, privileged, self.format, &self.limits);
        for (; self.current < self.n_layers; self.current++)
                take_layer(&self.layers[self.current]);
        r = unpack_finish(self.unpack);
        if (r < 0)
                fail(r, unpack_error(self.unpack));
        if (self.sync && self.root >= 0 && syncfs(self.root) < 0)
                fail(errno, "cannot sync what was unpacked");
        report_success();
}
