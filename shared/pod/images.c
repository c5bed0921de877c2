/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "images.h"

#include <errno.h>

#include "alloc.h"
#include "globals.h"
#include "image-find.h"
#include "image-lookup.h"
#include "log.h"
#include "process.h"
#include "reference.h"
#include "store.h"
#include "strv.h"

#define OUTPUT_MAX (1024 * 1024)

/* Opened once: a program that starts pods asks it several things. */
static int open_store(Store **ret) {
        static Store *store;
        if (!store) {
                int r = store_open(globals.dir, &store);
                if (r < 0)
                        return r;
        }
        *ret = store;
        return 0;
}

/* One of our programs, with our global flags and what follows; its only line of output. */
static int run_tool(const char *program, const char *verb, char *const *arguments, char **ret_line) {
        _cleanup_strv_ char **argv = NULL, **flags = globals_arguments();
        _cleanup_free_ char *output = NULL;
        int status;
        strv_add(&argv, program);
        if (verb)
                strv_add(&argv, verb);
        strv_extend(&argv, flags);
        strv_extend(&argv, arguments);
        int r = process_capture(argv, OUTPUT_MAX, &output, &status);
        if (r < 0)
                return log_error_errno(r, "%s", program);
        if (status != 0)
                return -EIO; /* it has said why */
        output[strcspn(output, "\n")] = 0;
        if (!*output) {
                log_error("%s printed no image ID", program);
                return -EIO;
        }
        *ret_line = TAKE_PTR(output);
        return 0;
}

static int fetch(const char *reference, PullPolicy policy, const char *signature, char **ret_id) {
        _cleanup_strv_ char **arguments = NULL;
        strv_add(&arguments, "--full");
        strv_push(&arguments, xasprintf("--pull-policy=%s", pull_policy_name(policy)));
        strv_add(&arguments, reference);
        if (signature)
                strv_push(&arguments, xasprintf("--signature=%s", signature));
        return run_tool("rkt-fetch", NULL, arguments, ret_id);
}

bool images_have(const char *reference) {
        Store *s;
        _cleanup_free_ char *id = NULL;
        return open_store(&s) >= 0 && store_resolve(s, reference, &id, NULL) >= 0;
}

/* By its name. What lies in a file or at a URL is found by rkt-fetch, in the store too. */
static bool store_knows(const Reference *reference) {
        return reference->kind == REFERENCE_ID || reference->kind == REFERENCE_NAME ||
               reference->kind == REFERENCE_REGISTRY;
}

int images_find(const char *text, PullPolicy policy, const char *signature, char **ret_id) {
        _cleanup_reference_ Reference reference = {};
        _cleanup_free_ char *error = NULL;
        Store *s;
        int r = reference_parse(text, &reference, &error);
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        bool id = reference.kind == REFERENCE_ID;
        if (!id && (policy == PULL_UPDATE || !store_knows(&reference)))
                return fetch(text, policy, signature, ret_id);
        r = open_store(&s);
        if (r < 0)
                return r;
        r = image_find_reference(s, &reference, ret_id, &error);
        if (r == -ENOENT && !id && policy != PULL_NEVER)
                return fetch(text, policy, signature, ret_id);
        if (r < 0) {
                log_error("image \"%s\": %s", text, error ?: strerror(-r));
                return r;
        }
        if (id)
                log_debug("using image from the store with hash %s", text);
        else
                log_debug("using image from local store for image name %s", text);
        return 0;
}

int images_manifest_text(const char *id, char **ret_text, size_t *ret_size) {
        Store *s;
        int r = open_store(&s);
        if (r < 0)
                return r;
        r = store_manifest_text(s, id, ret_text, ret_size);
        return r < 0 ? log_error_errno(r, "manifest of image %s", id) : 0;
}

/* -ENODATA if they have to be rendered first. */
static int find_trees(Store *s, const char *id, PullPolicy policy, bool overlay, ImageTrees *ret) {
        _cleanup_free_ char *error = NULL, *line = NULL;
        int r = overlay ? store_overlay_trees(s, id, ret, &error) : store_whole_tree(s, id, ret, &error);
        if (r == -ENOENT && policy != PULL_NEVER) {
                r = fetch(id, PULL_NEW, NULL, &line);
                return r < 0 ? r : find_trees(s, id, PULL_NEVER, overlay, ret);
        }
        if (r < 0 && r != -ENODATA)
                log_error("image %s: %s", id, error ?: strerror(-r));
        return r;
}

int images_trees(const char *id, PullPolicy policy, bool overlay, ImageTrees *ret) {
        Store *s;
        _cleanup_free_ char *line = NULL;
        int r = open_store(&s);
        if (r < 0)
                return r;
        store_touch(s, id);
        r = find_trees(s, id, policy, overlay, ret);
        if (r != -ENODATA)
                return r;
        char *arguments[] = { (char *) (overlay ? "--overlay" : "--overlay=false"), (char *) id, NULL };
        r = run_tool("rkt-image", "render-tree", arguments, &line);
        if (r < 0)
                return r;
        r = find_trees(s, id, PULL_NEVER, overlay, ret);
        if (r == -ENODATA)
                log_error("image %s: its trees were removed while they were being rendered", id);
        return r;
}
