/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "globals.h"
#include "http-credentials.h"
#include "log.h"
#include "strv.h"
#include "trust.h"
#include "types.h"

static bool root, skip_review, allow_http;
static char *prefix;

static const Option options[] = {
        { "insecure-allow-http", OPTION_BOOL, &allow_http,
                        "allow HTTP use for key discovery and/or retrieval" },
        { "prefix", OPTION_STRING, &prefix, "prefix to limit trust to", .shown_default = "\"\"" },
        { "root", OPTION_BOOL, &root, "add root key without a prefix" },
        { "skip-fingerprint-review", OPTION_BOOL, &skip_review,
                        "accept key without confirmation; check its fingerprint afterwards" },
        {},
};

static const Command command = {
        .name = "trust",
        .usage = "[--prefix=PREFIX | --root] [PUBKEY...]",
        .summary = "Trust a key for image verification",
        .description = "Adds keys to the local keystore, for images whose name begins with PREFIX or, with "
                       "--root, "
                       "for all. PUBKEY is a file or an https URL; without any, the keys of PREFIX are "
                       "discovered.",
        .options = options,
        .global_options = global_options,
};

static int check_arguments(char *const *keys) {
        if (root && prefix) {
                log_error("--root and --prefix are mutually exclusive");
                return -EINVAL;
        }
        if (!root && !prefix) {
                if (keys[0])
                        log_error("--root required for non-prefixed (root) keys; --prefix=PREFIX trusts a "
                                  "key for the "
                                  "images of one prefix only");
                else
                        log_error("expected --prefix=PREFIX, or --root and keys");
                return -EINVAL;
        }
        if (root && !keys[0]) {
                log_error("--root needs keys: they can only be discovered for a prefix");
                return -EINVAL;
        }
        if (prefix && strstr(prefix, "://")) {
                log_error("--prefix=%s is a URL: expected the beginning of images' names, such as "
                          "example.com/app",
                                prefix);
                return -EINVAL;
        }
        if (prefix && !ac_identifier_is_valid(prefix)) {
                log_error("--prefix=%s is not the beginning of images' names: expected %s", prefix,
                                AC_IDENTIFIER_FORM);
                return -EINVAL;
        }
        return 0;
}

static int trust(char *const *keys) {
        _cleanup_http_client_ HttpClient *client = NULL;
        HttpClientOptions client_options = {
                .insecure = globals.insecure,
                .credential = http_configured_credential,
        };
        TrustRequest t = {
                .keystore = { globals.system_config, globals.local_config },
                .prefix = root ? "" : prefix,
                .accept = skip_review,
                .accept_https = globals.trust_keys_from_https,
                .out = stdout,
                .insecure = globals.insecure | (allow_http ? INSECURE_HTTP : 0),
        };
        int r = http_client_new(&client_options, &client);
        if (r < 0)
                return r;
        t.client = client;
        return keys[0] ? trust_keys(&t, keys) : trust_discover(&t);
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **keys = NULL;
        int r = globals_command(&command, argc, argv, &keys);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        r = check_arguments(keys);
        if (r >= 0)
                r = trust(keys);
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}
