/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "discovery.h"

#include <errno.h>

#include "alloc.h"
#include "insecure.h"
#include "keystore.h"
#include "log.h"
#include "meta-tags.h"
#include "strv.h"
#include "types.h"

void discovery_endpoints_clear(DiscoveryEndpoints *e) {
        for (size_t i = 0; i < e->n; i++) {
                free(e->items[i].image);
                free(e->items[i].signature);
        }
        free(e->items);
        *e = (DiscoveryEndpoints){};
}

typedef struct Search {
        HttpClient *client;
        unsigned insecure;
        const char *name, *tag;
        char **attempts; /* what was tried in vain, and why: strv */
} Search;

/* The tags of one page that are for the name. 0, or the failure of the request. */
static int ask(Search *s, const char *scheme, const char *path, bool once, NameValueList *ret) {
        _cleanup_http_response_ HttpResponse response = {};
        _cleanup_name_values_ NameValueList tags = {};
        _cleanup_free_ char *url = xasprintf("%s://%s?ac-discovery=1", scheme, path);
        HttpRequest request = { .url = url, .quiet = true, .once = once };
        log_debug("searching for %s of \"%s\" at %s", s->tag, s->name, url);
        int r = http_perform(s->client, &request, &response);
        if (r < 0) {
                strv_push(&s->attempts, xstrdup(response.error ?: url));
                /* 1: it has been asked, and has answered */
                return response.status > 0 ? 1 : r;
        }
        meta_tags_parse(response.body, response.body_size, s->tag, &tags);
        for (size_t i = 0; i < tags.n; i++) {
                NameValue *t = &tags.items[i];
                t->name[strlen(t->name) - (endswith(t->name, "/") != NULL)] = 0;
                if (*t->name && keystore_prefix_covers(t->name, s->name))
                        name_values_add(ret, t->name, t->value);
        }
        if (ret->n == 0)
                strv_push(&s->attempts, xasprintf("%s has no %s tag for it", url, s->tag));
        return 0;
}

static int ask_path(Search *s, const char *path, NameValueList *ret) {
        bool http = s->insecure & INSECURE_HTTP;
        int r = ask(s, "https", path, http, ret);
        return r != 0 && r != -EINTR && http ? ask(s, "http", path, false, ret) : r;
}

/* The first page that says anything counts. A host that cannot be asked is not asked for every path. */
static int search(Search *s, NameValueList *ret) {
        _cleanup_free_ char *path = xstrdup(s->name);
        for (;;) {
                int r = ask_path(s, path, ret);
                char *slash = strrchr(path, '/');
                if (r == -EINTR)
                        return r;
                if (ret->n > 0)
                        return 0;
                if (r < 0 || !slash)
                        break;
                *slash = 0;
        }
        _cleanup_free_ char *attempts = strv_join(s->attempts, "; ");
        log_error("discovery of \"%s\" failed: %s", s->name, attempts);
        return -ENOENT;
}

static int find_tags(
                HttpClient *c, unsigned insecure, const char *name, const char *tag, NameValueList *ret) {
        Search s = {
                .client = c, .insecure = insecure, .name = name, .tag = tag, .attempts = strv_copy(NULL)
        };
        int r = search(&s, ret);
        strv_free(s.attempts);
        return r;
}

static bool may_be_used(const char *url, unsigned insecure) {
        return url_is_valid(url) && (insecure & INSECURE_HTTP || startswith(url, "https://"));
}

char *discovery_signature_url(const char *url) {
        size_t path = strcspn(url, "?#");
        return xasprintf("%.*s.asc%s", (int) path, url, url + path);
}

static void add_endpoint(
                const char *pattern, const NameValueList *labels, unsigned insecure, DiscoveryEndpoints *e) {
        _cleanup_name_values_ NameValueList vars = {};
        name_values_copy(&vars, labels);
        name_values_set(&vars, "ext", "aci");
        _cleanup_free_ char *image = meta_template_render(pattern, &vars);
        name_values_set(&vars, "ext", "aci.asc");
        _cleanup_free_ char *signature = meta_template_render(pattern, &vars);
        if (!image || !may_be_used(image, insecure)) {
                log_debug("%s is of no use: %s", pattern,
                                !image ? "not all of its variables are known"
                                       : "neither an https URL, nor http with --insecure-options=http");
                return;
        }
        if (streq(image, signature)) {
                free(signature);
                signature = discovery_signature_url(image);
        }
        xgrow(&e->items, e->n);
        e->items[e->n++] = (DiscoveryEndpoint){ TAKE_PTR(image), TAKE_PTR(signature) };
}

int discovery_find_images(HttpClient *c, unsigned insecure, const char *name, const NameValueList *labels,
                DiscoveryEndpoints *ret) {
        _cleanup_name_values_ NameValueList tags = {}, vars = {};
        int r = find_tags(c, insecure, name, META_DISCOVERY, &tags);
        if (r < 0)
                return r;
        name_values_copy(&vars, labels);
        name_values_set(&vars, "name", name);
        for (size_t i = 0; i < tags.n; i++)
                add_endpoint(tags.items[i].value, &vars, insecure, ret);
        if (ret->n == 0) {
                log_error("discovery of \"%s\" failed: none of the URLs that it finds can be used: \"%s\"",
                                name, tags.items[0].value);
                return -ENOENT;
        }
        return 0;
}

int discovery_find_keys(HttpClient *c, unsigned insecure, const char *name, char ***ret_urls) {
        _cleanup_name_values_ NameValueList tags = {};
        int r = find_tags(c, insecure, name, META_KEYS, &tags);
        if (r < 0)
                return r;
        *ret_urls = strv_copy(NULL);
        for (size_t i = 0; i < tags.n; i++)
                if (!strv_contains(*ret_urls, tags.items[i].value))
                        strv_add(ret_urls, tags.items[i].value);
        return 0;
}
