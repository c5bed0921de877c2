/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "alloc.h"
#include "fetch.h"
#include "globals.h"
#include "http-credentials.h"
#include "import-signal.h"
#include "log.h"
#include "process.h"

typedef struct Wanted {
        const char *reference;
        char *signature;
} Wanted;

static Wanted *wanted;
static size_t n_wanted;
static bool full, store_only, no_store, unnamed;
static char *pull_policy;

static int add_image(ArgumentKind kind, const char *argument, void *userdata) {
        if (kind == ARGUMENT_DASHES)
                return 0; /* behind it, too, there are images */
        xgrow(&wanted, n_wanted);
        wanted[n_wanted++] = (Wanted){ .reference = argument };
        return 0;
}

static int set_signature(const char *value, void *userdata) {
        if (n_wanted == 0) {
                log_error("--signature=%s must follow the image that it is for", value);
                return -EINVAL;
        }
        Wanted *w = &wanted[n_wanted - 1];
        if (w->signature) {
                log_error("--signature=%s: given more than once for image \"%s\"", value, w->reference);
                return -EINVAL;
        }
        w->signature = xstrdup(value);
        return 0;
}

static const Option options[] = {
        { "full", OPTION_BOOL, &full, "print the full image hash after fetching" },
        { "no-store", OPTION_BOOL, &no_store, "deprecated: --pull-policy=update", .flags = OPTION_HIDDEN },
        { "pull-policy", OPTION_STRING, &pull_policy, "when to pull an image: never, new or update",
                        .shown_default = "update" },
        { "signature", OPTION_CALL, NULL, "local signature file to use in validating the preceding image",
                        .shown_default = "\"\"", .call = set_signature },
        { "store-only", OPTION_BOOL, &store_only, "deprecated: --pull-policy=never",
                        .flags = OPTION_HIDDEN },
        /* for rkt-update */
        { "unnamed", OPTION_BOOL, &unnamed, "leave the store's names as they are", .flags = OPTION_HIDDEN },
        {},
};

static const Command command = {
        .name = "fetch",
        .usage = "IMAGE_URL...",
        .summary = "Fetch image(s) and store them in the local store",
        .description = "Fetches images, and for root unpacks them, so that they can be run. Prints the ID "
                       "of each.",
        .options = options,
        .global_options = global_options,
        .argument = add_image,
};

static int find_policy(FetchPolicy *ret) {
        *ret = FETCH_UPDATE;
        if (store_only && no_store) {
                log_error("both --store-only and --no-store specified");
                return -EINVAL;
        }
        if (store_only)
                *ret = FETCH_NEVER;
        return pull_policy ? fetch_policy_parse(pull_policy, ret) : 0;
}

static int fetch_all(Store *s, FetchPolicy policy) {
        _cleanup_http_client_ HttpClient *client = NULL;
        HttpClientOptions client_options = {
                .insecure = globals.insecure,
                .credential = http_configured_credential,
                .cancelled = import_interrupted,
        };
        int r = http_client_new(&client_options, &client);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_wanted; i++) {
                _cleanup_free_ char *id = NULL;
                FetchOptions o = {
                        .policy = policy,
                        .unnamed = unnamed,
                        .signature = wanted[i].signature,
                        .insecure = globals.insecure,
                        .client = client,
                };
                r = fetch_image(s, wanted[i].reference, &o, &id);
                if (r < 0)
                        return r;
                printf("%.*s\n", full ? (int) strlen(id) : (int) strlen("sha512-") + 32, id);
                r = process_flush();
                if (r < 0)
                        return r;
        }
        return 0;
}

int main(int argc, char **argv) {
        _cleanup_store_ Store *s = NULL;
        FetchPolicy policy;
        int r = globals_command(&command, argc, argv, NULL);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (n_wanted == 0) {
                log_error("must provide at least one image");
                return EXIT_RKT_FAILURE;
        }
        if (find_policy(&policy) < 0 || store_open(globals.dir, &s) < 0 || fetch_all(s, policy) < 0)
                return EXIT_RKT_FAILURE;
        return 0;
}
