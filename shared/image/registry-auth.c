/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry-auth.h"

#include <errno.h>
#include <strings.h>

#include "alloc.h"
#include "http-url.h"
#include "insecure.h"
#include "log.h"
#include "percent.h"
#include "registry-json.h"
#include "www-authenticate.h"

#define TOKEN_ANSWER_MAX ((uint64_t) 1024 * 1024)
#define CLIENT_ID        "rkt"

void registry_auth_done(RegistryAuth *a) {
        free(a->user);
        free(a->password);
        free(a->token);
}

static char *append_parameter(char *text, char separator, const char *name, const char *value) {
        _cleanup_free_ char *head = text, *encoded = percent_encode(value, "");
        return xasprintf("%s%c%s=%s", head, separator, name, encoded);
}

char *registry_token_url(const char *realm, const char *service, const char *scope) {
        char *url = xstrndup(realm, strcspn(realm, "#")), separator = strchr(url, '?') ? '&' : '?';
        if (service) {
                url = append_parameter(url, separator, "service", service);
                separator = '&';
        }
        return append_parameter(url, separator, "scope", scope);
}

char *registry_token_form(const char *service, const char *scope, const char *refresh_token) {
        char *form = xstrdup("grant_type=refresh_token");
        form = append_parameter(form, '&', "client_id", CLIENT_ID);
        if (service)
                form = append_parameter(form, '&', "service", service);
        form = append_parameter(form, '&', "scope", scope);
        return append_parameter(form, '&', "refresh_token", refresh_token);
}

static void use_token(RegistryAuth *a, char *token) {
        free(a->token);
        a->token = token;
        a->generation++;
        a->credential = (HttpCredential){ .kind = HTTP_CREDENTIAL_BEARER, .token = token };
}

static void use_basic(RegistryAuth *a, const HttpCredential *c) {
        char *user = xstrdup(c->user), *password = xstrdup(c->password);
        free(a->user);
        free(a->password);
        a->user = user;
        a->password = password;
        a->generation++;
        a->credential = (HttpCredential){
                .kind = HTTP_CREDENTIAL_BASIC, .user = user, .password = password
        };
}

/* 1, 0 if there are none, or a negative errno. */
static int find_credential(const RegistryAuth *a, const char *url, RegistryCredential *ret) {
        *ret = (RegistryCredential){};
        int r = a->options.credential ? a->options.credential(a->options.host, a->options.repository, ret)
                                      : 0;
        if (r <= 0)
                return r;
        if (a->plain && !(a->options.insecure & INSECURE_HTTP)) {
                log_error("%s: the registry wants credentials, which are not sent over plain http without "
                          "--insecure-options=http",
                                url);
                return -EACCES;
        }
        return 1;
}

/* The realm is a URL that the registry chose and that is to get the user's password: it must be as well
 * protected as the registry is, and not lead where only this machine can go. */
static int check_realm(const RegistryAuth *a, const char *url, const char *realm) {
        _cleanup_http_url_ HttpUrl from = {}, to = {};
        _cleanup_free_ char *error = NULL;
        int r = http_url_parse(url, &from, &error);
        if (r >= 0)
                r = http_url_parse(realm, &to, &error);
        if (r < 0) {
                log_error("%s: the registry's token server is not usable: %s", url, error);
                return r;
        }
        HttpAddressKind kind = http_address_kind(to.host), near = http_address_kind(from.host);
        bool plain_is_fine = (a->options.insecure & INSECURE_HTTP) ||
                             (a->plain && kind == HTTP_ADDRESS_LOOPBACK && near == HTTP_ADDRESS_LOOPBACK);
        if (!to.https && !plain_is_fine)
                log_error("%s: the registry names the token server %s, which is plain http: refused without "
                          "--insecure-options=http",
                                url, to.text);
        else if (kind != HTTP_ADDRESS_OTHER && kind != near)
                log_error("%s: the registry names the token server %s, an address that only this machine "
                          "can "
                          "reach: refused",
                                url, to.text);
        else if (to.user)
                log_error("%s: the registry names a token server with a user in its URL: refused", url);
        else
                return 0;
        return -EACCES;
}

static int get_token(RegistryAuth *a, HttpRequest *q, char **ret) {
        _cleanup_http_response_ HttpResponse response = {};
        _cleanup_free_ char *error = NULL;
        q->accept = (const int[]){ 400, 401, 403, 404, 0 };
        q->max_body = TOKEN_ANSWER_MAX;
        q->insecure = a->options.insecure;
        int r = http_perform(a->options.http, q, &response);
        if (r < 0)
                return r;
        if (response.status != 200) {
                _cleanup_free_ char *why = registry_errors_text(response.body, response.body_size);
                log_error("%s: no token for repository %s of %s: status %ld%s%s", q->url,
                                a->options.repository, a->options.host, response.status, why ? ": " : "",
                                why ?: "");
                return -EACCES;
        }
        r = registry_token_parse(q->url, response.body, response.body_size, ret, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

/* By a POST with the refresh token if there is one, else by GET, with the password or anonymously. */
static int fetch_token(RegistryAuth *a, const RegistryCredential *credential, const char *realm,
                const char *service, const char *scope) {
        static const char *const form_headers[] = { "Content-Type: application/x-www-form-urlencoded",
                NULL };
        static const HttpCredential none = {};
        _cleanup_free_ char *url = NULL, *form = NULL, *token = NULL;
        HttpRequest q = { .credential = &none };
        if (credential->identity_token) {
                url = xstrndup(realm, strcspn(realm, "#"));
                form = registry_token_form(service, scope, credential->identity_token);
                q.method = HTTP_POST;
                q.headers = (char *const *) form_headers;
                q.body = form;
                q.body_size = strlen(form);
        } else {
                url = registry_token_url(realm, service, scope);
                q.credential = &credential->http;
        }
        q.url = url;
        log_debug("getting a token for %s from %s", a->options.repository, url);
        int r = get_token(a, &q, &token);
        if (r >= 0)
                use_token(a, TAKE_PTR(token));
        return r;
}

static int answer_bearer(RegistryAuth *a, const char *url, const Challenge *c) {
        const char *realm = challenge_get(c, "realm"), *scope = challenge_get(c, "scope");
        _cleanup_free_ char *usual = xasprintf("repository:%s:pull", a->options.repository);
        RegistryCredential credential;
        int r = find_credential(a, url, &credential);
        if (r < 0)
                return r;
        if (credential.http.kind == HTTP_CREDENTIAL_BEARER) {
                use_token(a, xstrdup(credential.http.token));
                return 0;
        }
        if (!realm) {
                log_error("%s: the registry wants a token, but does not say from where: its "
                          "WWW-Authenticate "
                          "has no realm",
                                url);
                return -EACCES;
        }
        r = check_realm(a, url, realm);
        return r < 0 ? r : fetch_token(a, &credential, realm, challenge_get(c, "service"), scope ?: usual);
}

static int answer_basic(RegistryAuth *a, const char *url) {
        RegistryCredential credential;
        int r = find_credential(a, url, &credential);
        if (r < 0)
                return r;
        if (r == 0 || credential.http.kind != HTTP_CREDENTIAL_BASIC) {
                log_error("%s: the registry wants a user and a password, and none are configured for %s "
                          "(see "
                          "rkt-config(5))",
                                url, a->options.host);
                return -EACCES;
        }
        use_basic(a, &credential.http);
        return 0;
}

static void read_challenges(const char *url, const HttpResponse *response, ChallengeList *ret) {
        size_t position = 0;
        const char *value;
        while ((value = http_headers_next(&response->headers, "WWW-Authenticate", &position)))
                if (challenges_parse(ret, value) < 0)
                        log_debug("%s: ignoring a WWW-Authenticate field that cannot be read", url);
}

int registry_auth_answer(RegistryAuth *a, const char *url, const HttpResponse *response) {
        _cleanup_challenges_ ChallengeList challenges = {};
        read_challenges(url, response, &challenges);
        const Challenge *bearer = challenges_find(&challenges, "Bearer");
        if (bearer)
                return answer_bearer(a, url, bearer);
        if (challenges_find(&challenges, "Basic"))
                return answer_basic(a, url);
        if (challenges.n > 0)
                log_error("%s: the registry wants authentication by %s, which is not supported: expected "
                          "Bearer or Basic",
                                url, challenges.items[0].scheme);
        else
                log_error("%s: the registry refuses access (401) and does not say how to get it", url);
        return -EACCES;
}
