/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trust.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "discovery.h"
#include "duration.h"
#include "file.h"
#include "insecure.h"
#include "log.h"
#include "openpgp.h"
#include "strv.h"

/* What a file holds: each primary key goes to a file of its own. */
typedef struct Review {
        const char *location;
        PublicKey **keys;
        char **texts; /* of the keys, armored: strv */
        size_t n;
} Review;

static void review_clear(Review *v) {
        for (size_t i = 0; i < v->n; i++)
                public_key_free(v->keys[i]);
        free(v->keys);
        strv_free(v->texts);
}
#define _cleanup_review_ _cleanup_(review_clear)

static bool is_url(const char *location, const char *scheme) {
        return strncasecmp(location, scheme, strlen(scheme)) == 0;
}

static int download(const TrustRequest *t, const char *url, char **ret, size_t *ret_size) {
        bool http = t->insecure & (INSECURE_HTTP | INSECURE_PUBKEY);
        _cleanup_http_response_ HttpResponse response = {};
        HttpRequest request = {
                .url = url, .max_body = OPENPGP_KEYS_MAX, .insecure = http ? INSECURE_HTTP : 0
        };
        if (!is_url(url, "https:") && !http) {
                log_error("key %s: a key is not taken over plain http, where anybody on the way can replace "
                          "it; "
                          "--insecure-options=pubkey, or --insecure-allow-http of rkt trust, takes it",
                                url);
                return -EPROTONOSUPPORT;
        }
        int r = http_perform(t->client, &request, &response);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(response.body);
        *ret_size = response.body_size;
        return 0;
}

static int get(const TrustRequest *t, const char *location, char **ret, size_t *ret_size) {
        if (is_url(location, "https://") || is_url(location, "http://"))
                return download(t, location, ret, ret_size);
        if (strstr(location, "://")) {
                log_error("key %s: only files and URLs with https or http can be read", location);
                return -EPROTONOSUPPORT;
        }
        int r = read_file_at(AT_FDCWD, location, OPENPGP_KEYS_MAX, ret, ret_size);
        return r < 0 ? log_error_errno(r, "cannot read the key %s", location) : 0;
}

static int read_keys(const TrustRequest *t, const char *text, size_t size, Review *v) {
        _cleanup_openpgp_ OpenPgp *o = NULL;
        _cleanup_strv_ char **fingerprints = NULL;
        int r = openpgp_new(t->directory, &o);
        if (r >= 0)
                r = openpgp_import(o, v->location, text, size, &fingerprints);
        if (r < 0)
                return r;
        v->texts = strv_copy(NULL);
        STRV_FOREACH (f, fingerprints) {
                PublicKey *key;
                char *exported;
                size_t exported_size;
                r = openpgp_find(o, *f, &key);
                if (r < 0)
                        return log_error_errno(r, "cannot read the key %s of %s", *f, v->location);
                xgrow(&v->keys, v->n);
                v->keys[v->n++] = key;
                r = openpgp_export(o, *f, &exported, &exported_size);
                if (r < 0)
                        return r;
                strv_push(&v->texts, exported);
        }
        return 0;
}

/* As gpg writes it: groups of four digits, a gap in the middle. */
static void print_fingerprint(FILE *f, const char *before, const char *fingerprint) {
        size_t n = strlen(fingerprint);
        fputs(before, f);
        for (size_t i = 0; i < n; i++) {
                if (i > 0 && i % 4 == 0)
                        fputs(i * 2 == n ? "  " : " ", f);
                fputc(toupper((unsigned char) fingerprint[i]), f);
        }
        fputc('\n', f);
}

static void warn_of(const PublicKey *k, const char *location) {
        if (k->revoked)
                log_warning("key %s has been revoked: signatures by it are refused", location);
        else if (k->expired) {
                _cleanup_free_ char *when = time_absolute(k->expires * (int64_t) NSEC_PER_SEC);
                log_warning("key %s has expired (%s): signatures by it are refused", location, when);
        }
}

static void show(const TrustRequest *t, const Review *v) {
        log_info("prefix: \"%s\"\nkey: \"%s\"", t->prefix, v->location);
        for (size_t i = 0; i < v->n; i++) {
                const PublicKey *k = v->keys[i];
                print_fingerprint(t->out, "gpg key fingerprint is: ", k->fingerprint);
                STRV_FOREACH (s, k->subkeys)
                        print_fingerprint(t->out, "    Subkey fingerprint: ", *s);
                STRV_FOREACH (id, k->identities)
                        fprintf(t->out, "\t%s\n", *id);
                fflush(t->out);
                warn_of(k, v->location);
        }
}

/* 1: yes, 0: no. */
static int ask_user(const TrustRequest *t) {
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
                log_error("cannot ask whether to trust the key for \"%s\": there is no terminal. To trust "
                          "it, do one "
                          "of the following:\n"
                          " - call rkt with --trust-keys-from-https\n"
                          " - run: rkt trust --prefix \"%s\"\n"
                          " - call rkt trust with --skip-fingerprint-review",
                                t->prefix, t->prefix);
                return -ENOTTY;
        }
        for (;;) {
                fprintf(t->out, "Are you sure you want to trust this key (yes/no)?\n");
                fflush(t->out);
                if (getline(&line, &size, stdin) < 0) {
                        log_error("error reading input: the answer has to be yes or no");
                        return -EIO;
                }
                line[strcspn(line, "\n")] = 0;
                if (streq(line, "yes") || streq(line, "no"))
                        return streq(line, "yes");
                fprintf(t->out, "Please enter 'yes' or 'no'\n");
        }
}

/* A server whose certificate is not looked at can be anyone. */
static bool is_from_known_server(const TrustRequest *t, const char *location) {
        return is_url(location, "https://") &&
               (!(t->insecure & INSECURE_TLS) || t->insecure & INSECURE_PUBKEY);
}

static int review(const TrustRequest *t, const Review *v) {
        show(t, v);
        if (t->accept || (t->accept_https && is_from_known_server(t, v->location))) {
                log_info("Trusting \"%s\" for prefix \"%s\" without fingerprint review.", v->location,
                                t->prefix);
                return 1;
        }
        int r = ask_user(t);
        if (r >= 0)
                log_info(r > 0 ? "Trusting \"%s\" for prefix \"%s\" after fingerprint review."
                               : "Not trusting \"%s\" for prefix \"%s\"",
                                v->location, t->prefix);
        return r;
}

static int add(const TrustRequest *t, const Review *v) {
        for (size_t i = 0; i < v->n; i++) {
                _cleanup_free_ char *path = NULL;
                int r = keystore_add(&t->keystore, t->prefix, v->keys[i]->fingerprint, v->texts[i],
                                strlen(v->texts[i]), &path);
                if (r < 0)
                        return r;
                if (*t->prefix)
                        fprintf(t->out, "Added key for prefix \"%s\" at \"%s\"\n", t->prefix, path);
                else
                        fprintf(t->out, "Added root key at \"%s\"\n", path);
        }
        return fflush(t->out) != 0 ? log_error_errno(errno, "cannot write to standard output") : 0;
}

static int trust_key(const TrustRequest *t, const char *location) {
        _cleanup_review_ Review v = { .location = location };
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = get(t, location, &text, &size);
        if (r >= 0)
                r = read_keys(t, text, size, &v);
        if (r >= 0)
                r = review(t, &v);
        return r > 0 ? add(t, &v) : r;
}

int trust_keys(const TrustRequest *t, char *const *locations) {
        STRV_FOREACH (l, locations) {
                int r = trust_key(t, *l);
                if (r < 0)
                        return r;
        }
        return 0;
}

int trust_discover(const TrustRequest *t) {
        _cleanup_strv_ char **urls = NULL;
        int r = discovery_find_keys(t->client, t->insecure, t->prefix, &urls);
        /* what a page names is on a server: not a file here */
        STRV_FOREACH (url, r >= 0 ? urls : NULL)
                if (!is_url(*url, "https://") && !is_url(*url, "http://")) {
                        log_error("discovery of keys for \"%s\" names \"%s\", which is no https or http URL",
                                        t->prefix, *url);
                        return -EPROTONOSUPPORT;
                }
        return r < 0 ? r : trust_keys(t, urls);
}
