/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "archive-check.h"
#include "archive-import.h"
#include "discovery.h"
#include "fetch-dependencies.h"
#include "fetch-local.h"
#include "fetch-name.h"
#include "fetch-registry.h"
#include "fetch-url.h"
#include "http-url.h"
#include "image-lookup.h"
#include "insecure.h"
#include "log.h"
#include "reference.h"
#include "strv.h"
#include "trust-policy.h"
#include "types.h"

int fetch_policy_parse(const char *s, FetchPolicy *ret) {
        static const char *const names[] = {
                [FETCH_NEVER] = "never", [FETCH_NEW] = "new", [FETCH_UPDATE] = "update"
        };
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(s, names[i])) {
                        *ret = i;
                        return 0;
                }
        log_error("pull policy \"%s\" is not known: expected never, new or update", s);
        return -EINVAL;
}

void fetch_warn_insecure(unsigned insecure) {
        static bool warned;
        if (warned)
                return;
        warned = true;
        if (insecure & INSECURE_IMAGE)
                log_warning("warning: image signature verification has been disabled");
        if (insecure & INSECURE_TLS)
                log_warning("warning: TLS verification has been disabled");
}

static int fetch_file(Store *s, const char *path, const FetchOptions *options, char **ret_id) {
        _cleanup_archive_check_ ArchiveCheck check = { .store = s, .options = options, .source = path };
        FetchChecks steps;
        struct stat st;
        if (options->policy == FETCH_NEVER) {
                log_error("unable to fetch image from %s: files are read anew each time, and the pull "
                          "policy is never",
                                path);
                return -ENOENT;
        }
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return log_error_errno(errno, "error opening image file %s", path);
        if (fstat(fd, &st) < 0)
                return log_error_errno(errno, "error opening image file %s", path);
        if (S_ISDIR(st.st_mode))
                return log_error_errno(EISDIR, "error opening image file %s", path);
        if (S_ISCHR(st.st_mode)) {
                log_error("error opening image file %s: it is a character device, which has no end", path);
                return -EINVAL;
        }
        int r = archive_check_begin(&check, &steps);
        if (r >= 0)
                r = steps.before(steps.userdata);
        if (r < 0)
                return r;
        log_debug("using image from file %s", path);
        return archive_import_file(s, path, fd, &steps, ret_id);
}

static int fetch_from_url(Store *s, const char *url, const FetchOptions *options, char **ret_id) {
        _cleanup_free_ char *signature = discovery_signature_url(url), *shown = http_url_mask(url);
        _cleanup_archive_check_ ArchiveCheck check = {
                .store = s, .options = options, .source = shown, .signature_url = signature
        };
        FetchChecks steps;
        int r = archive_check_begin(&check, &steps);
        return r < 0 ? r : fetch_url(s, url, options, &steps, ret_id);
}

static int find_by_id(Store *s, const char *reference, char **ret_id) {
        _cleanup_free_ char *error = NULL;
        int r = store_resolve(s, reference, ret_id, &error);
        if (r < 0) {
                log_error("unable to fetch image \"%s\": %s; an ID can only be looked up in the store",
                                reference, error ?: strerror(-r));
                return r;
        }
        log_debug("using image from the store with hash %s", reference);
        store_touch(s, *ret_id);
        return 0;
}

static int accept_unsigned(const char *name, bool signature, const FetchOptions *options) {
        if (!signature || options->insecure & INSECURE_IMAGE) {
                fetch_warn_insecure(options->insecure);
                return 0;
        }
        log_error("image %s must be verified by a signature, and there are none for images of registries "
                  "and "
                  "layouts; --insecure-options=image takes it as it is, and a policy in trust.d all of a "
                  "name",
                        name);
        return -ENOKEY;
}

int fetch_check_unsigned(const char *name, const FetchOptions *options) {
        bool signature;
        int r = trust_policy_check(name, &signature);
        return r < 0 ? r : accept_unsigned(name, signature, options);
}

int fetch_check_path(const char *path, bool *ret_signature) {
        _cleanup_free_ char *real = realpath(path, NULL);
        if (!real && path_is_absolute(path) && access(path, F_OK) == 0)
                real = xstrdup(path); /* a pipe in /dev/fd has no other name */
        return real ? trust_policy_check(real, ret_signature) : log_error_errno(errno, "%s", path);
}

static int fetch_unsigned_file(
                Store *s, const Reference *reference, const FetchOptions *options, char **ret_id) {
        bool signature;
        if (options->policy == FETCH_NEVER)
                return fetch_local(s, reference, options, ret_id); /* which says that this cannot be */
        int r = fetch_check_path(reference->location, &signature);
        if (r >= 0)
                r = accept_unsigned(reference->text, signature, options);
        return r < 0 ? r : fetch_local(s, reference, options, ret_id);
}

static int fetch(Store *s, const Reference *reference, const FetchOptions *options, char **ret_id) {
        switch (reference->kind) {
        case REFERENCE_ID: return find_by_id(s, reference->location, ret_id);
        case REFERENCE_NAME: return fetch_name(s, &reference->app, options, ret_id);
        case REFERENCE_FILE: return fetch_file(s, reference->location, options, ret_id);
        case REFERENCE_URL: return fetch_from_url(s, reference->location, options, ret_id);
        case REFERENCE_OCI_LAYOUT:
        case REFERENCE_OCI_ARCHIVE:
        case REFERENCE_DOCKER_ARCHIVE: return fetch_unsigned_file(s, reference, options, ret_id);
        case REFERENCE_REGISTRY: return fetch_registry(s, reference, options, ret_id);
        }
        return -EPROTONOSUPPORT;
}

/* What a file depends on often has been put into the store from files, too. */
static int fetch_below(Store *s, const Reference *reference, const char *id, const FetchOptions *options) {
        FetchOptions o = *options;
        if (reference->kind == REFERENCE_FILE)
                o.policy = MIN(o.policy, FETCH_NEW);
        return fetch_dependencies(s, id, &o);
}

/* Root gets the tree at once; for others it is enough to know that it can be had. */
static int complete(Store *s, const char *id) {
        if (store_id_is_oci(id)) /* its layers are unpacked as they come */
                return 0;
        if (geteuid() == 0) {
                _cleanup_free_ char *tree_id = NULL;
                return store_render_tree(s, id, &tree_id);
        }
        _cleanup_strv_ char **ids = NULL;
        _cleanup_free_ char *error = NULL;
        int r = store_flatten(s, id, &ids, &error);
        if (r < 0)
                log_error("%s", error ?: strerror(-r));
        return r;
}

int fetch_image(Store *s, const char *text, const FetchOptions *options, char **ret_id) {
        _cleanup_reference_ Reference reference = {};
        _cleanup_free_ char *error = NULL, *id = NULL;
        int r = reference_parse(text, &reference, &error);
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        r = fetch(s, &reference, options, &id);
        if (r >= 0)
                r = fetch_below(s, &reference, id, options);
        if (r >= 0)
                r = complete(s, id);
        if (r >= 0)
                *ret_id = TAKE_PTR(id);
        return r;
}
