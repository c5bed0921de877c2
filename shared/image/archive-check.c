/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive-check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "app-string.h"
#include "file.h"
#include "globals.h"
#include "http-url.h"
#include "log.h"
#include "trust-policy.h"
#include "trust.h"
#include "types.h"

#define ADVICE                                                                                              \
        "--signature=FILE names another file, and --insecure-options=image takes the image without a "      \
        "signature"

void archive_check_done(ArchiveCheck *c) {
        free(c->signature);
        signers_clear(&c->signers);
}

/* Where the signature is, for messages. Allocated. */
static char *signature_source(const ArchiveCheck *c) {
        if (c->options->signature)
                return xstrdup(c->options->signature);
        return c->signature_url ? http_url_mask(c->signature_url) : xasprintf("%s.asc", c->source);
}

static int read_signature(ArchiveCheck *c, const char *path) {
        int r = read_file_at(AT_FDCWD, path, OPENPGP_SIGNATURE_MAX, &c->signature, &c->signature_size);
        if (r < 0)
                log_error("image %s must be verified by its signature, and %s cannot be read: %s; " ADVICE,
                                c->source, path, strerror(-r));
        return r;
}

/* A server that makes signatures only once somebody wants the image answers 202 (Accepted) until then. */
static int download_signature(ArchiveCheck *c, const char *url) {
        static const int accepted[] = { 202, 0 };
        _cleanup_http_response_ HttpResponse response = {};
        HttpRequest request = {
                .url = url,
                .max_body = OPENPGP_SIGNATURE_MAX,
                .accept = c->deferred ? NULL : accepted,
                .progress = "Downloading signature",
        };
        int r = http_perform(c->options->client, &request, &response);
        if (r < 0) {
                if (r != -EINTR)
                        log_error("image %s must be verified by its signature, which cannot be had; " ADVICE,
                                        c->source);
                return r;
        }
        if (response.status == 202) {
                log_debug("server of %s deferred the signature: it is asked again after the download",
                                c->source);
                c->deferred = true;
                return 0;
        }
        c->deferred = false;
        c->signature = TAKE_PTR(response.body);
        c->signature_size = response.body_size;
        return 0;
}

static int get_signature(ArchiveCheck *c) {
        _cleanup_free_ char *source = signature_source(c);
        return c->options->signature || !c->signature_url ? read_signature(c, source)
                                                          : download_signature(c, source);
}

static SignatureCheck signature_check(const ArchiveCheck *c, const char *source, const char *directory) {
        return (SignatureCheck){
                .keystore = { globals.system_config, globals.local_config },
                .directory = directory,
                .name = c->name,
                .image = c->source,
                .source = source,
                .signature = c->signature,
                .size = c->signature_size,
        };
}

/* Keys come by discovery only if none has been trusted for the name so far: who wants others adds them. */
static int discover_keys(ArchiveCheck *c, const SignatureCheck *check) {
        unsigned insecure = c->options->insecure;
        TrustRequest t = {
                .keystore = check->keystore,
                .prefix = c->name,
                .accept_https = globals.trust_keys_from_https,
                .out = stderr,
                .directory = check->directory,
                .client = c->options->client,
                .insecure = insecure,
        };
        if (!c->name || (insecure & INSECURE_TLS && !(insecure & INSECURE_PUBKEY)))
                return 0;
        int r = keystore_has_prefix(&check->keystore, c->name);
        if (r != 0)
                return r;
        return trust_discover(&t);
}

static int check_issuer(ArchiveCheck *c) {
        _cleanup_free_ char *source = signature_source(c);
        _cleanup_free_ char *directory = xasprintf("%s/" STORE_TEMPORARIES, store_path(c->store));
        SignatureCheck check = signature_check(c, source, directory);
        int r = signature_check_issuer(&check, true);
        if (r == -ENOKEY) {
                /* what keeps keys from being found has been said; now what that means */
                discover_keys(c, &check);
                r = signature_check_issuer(&check, false);
        }
        return r;
}

static int before(void *userdata) {
        ArchiveCheck *c = userdata;
        fetch_warn_insecure(c->options->insecure);
        if (!c->needs_signature)
                return 0;
        int r = get_signature(c);
        return r < 0 || c->deferred ? r : check_issuer(c);
}

static int check_size(const ArchiveCheck *c, int fd) {
        struct stat st;
        if (c->size == 0)
                return 0;
        if (fstat(fd, &st) < 0)
                return log_error_errno(errno, "cannot read %s", c->source);
        if ((uint64_t) st.st_size == c->size)
                return 0;
        log_error("image %s has %lld bytes, but what depends on it expects %llu", c->source,
                        (long long) st.st_size, (unsigned long long) c->size);
        return -EBADMSG;
}

static int verify(int fd, void *userdata) {
        ArchiveCheck *c = userdata;
        int r = check_size(c, fd);
        if (r < 0 || !c->needs_signature)
                return r;
        if (c->deferred) {
                r = get_signature(c);
                if (r >= 0)
                        r = check_issuer(c);
                if (r < 0)
                        return r;
        }
        _cleanup_free_ char *source = signature_source(c);
        _cleanup_free_ char *directory = xasprintf("%s/" STORE_TEMPORARIES, store_path(c->store));
        SignatureCheck check = signature_check(c, source, directory);
        return signature_verify(&check, fd, &c->signers);
}

int archive_check_manifest(
                const char *source, const ImageManifest *m, const char *name, const NameValueList *labels) {
        const struct { const char *name, *value; } ours[] = { { "os", host_os() }, { "arch", host_arch() } };
        if (!streq(m->name, name)) {
                log_error("image %s is called \"%s\", but \"%s\" was asked for", source, m->name, name);
                return -EINVAL;
        }
        for (size_t i = 0; i < labels->n; i++) {
                const char *value = name_values_get(&m->labels, labels->items[i].name);
                if (streq_ptr(value, labels->items[i].value))
                        continue;
                log_error("image %s (%s) has %s%s%s, but %s=%s was asked for", source, name,
                                value ? "label " : "no label ", labels->items[i].name,
                                value ? " with another value" : "", labels->items[i].name,
                                labels->items[i].value);
                return -EINVAL;
        }
        for (size_t i = 0; i < ELEMENTSOF(ours); i++) {
                const char *value = name_values_get(&m->labels, ours[i].name);
                if (!value || streq(value, ours[i].value) || name_values_get(labels, ours[i].name))
                        continue;
                log_error("image %s (%s) is for %s=%s, and this machine is %s; asking for the label takes "
                          "it anyway",
                                source, name, ours[i].name, value, ours[i].value);
                return -EINVAL;
        }
        return 0;
}

static int accept(const ImageManifest *m, const char *id, void *userdata) {
        ArchiveCheck *c = userdata;
        int r = c->name ? archive_check_manifest(c->source, m, c->name, c->labels) : 0;
        if (r < 0)
                return r;
        if (c->id && !image_id_has_prefix(id, c->id) && !image_id_has_prefix(c->id, id)) {
                log_error("image %s (%s) is %s, but what depends on it expects %s", c->source, m->name, id,
                                c->id);
                return -EBADMSG;
        }
        bool any;
        r = c->name ? 0 : trust_policy_check(m->name, &any); /* may be rejected */
        if (r < 0 || !c->needs_signature)
                return r;
        if (!c->name) {
                SignatureCheck check = signature_check(c, NULL, NULL);
                r = signature_check_name(&check, m->name, &c->signers);
                if (r < 0)
                        return r;
        }
        signature_report(&c->signers);
        return 0;
}

/* The name, or what is known in its place. */
static int apply_policy(ArchiveCheck *c) {
        c->needs_signature = true;
        int r = 0;
        if (c->name)
                r = trust_policy_check(c->name, &c->needs_signature);
        else if (!c->signature_url)
                r = fetch_check_path(c->source, &c->needs_signature);
        c->needs_signature &= !(c->options->insecure & INSECURE_IMAGE);
        return r;
}

int archive_check_begin(ArchiveCheck *c, FetchChecks *ret) {
        int r = apply_policy(c);
        if (r < 0)
                return r;
        *ret = (FetchChecks){
                .before = before,
                .verify = c->needs_signature || c->size > 0 ? verify : NULL,
                .accept = accept,
                .userdata = c,
                .signature = c->needs_signature,
                .latest = c->name && !name_values_get(c->labels, "version"),
        };
        return 0;
}
