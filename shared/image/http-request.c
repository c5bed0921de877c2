/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alloc.h"
#include "http-transfer.h"
#include "strv.h"

static HttpCredential *copy_credential(const HttpCredential *c) {
        if (!c)
                return NULL;
        HttpCredential *copy = xnew(HttpCredential, 1);
        *copy = (HttpCredential){
                .kind = c->kind,
                .user = xstrdup(c->user),
                .password = xstrdup(c->password),
                .token = xstrdup(c->token),
                .region = xstrdup(c->region),
                .service = xstrdup(c->service),
        };
        return copy;
}

static void free_credential(HttpCredential *c) {
        if (!c)
                return;
        free((char *) c->user);
        free((char *) c->password);
        free((char *) c->token);
        free((char *) c->region);
        free((char *) c->service);
        free(c);
}

static int *copy_statuses(const int *statuses) {
        size_t n = 0;
        if (!statuses)
                return NULL;
        while (statuses[n])
                n++;
        int *copy = xnew(int, n + 1);
        memcpy(copy, statuses, n * sizeof(int));
        return copy;
}

void http_request_copy(HttpRequest *to, const HttpRequest *from) {
        *to = *from;
        to->url = xstrdup(from->url);
        to->headers = from->headers ? strv_copy(from->headers) : NULL;
        to->credential = copy_credential(from->credential);
        to->if_none_match = xstrdup(from->if_none_match);
        to->range.if_range = xstrdup(from->range.if_range);
        to->accept = copy_statuses(from->accept);
        to->progress = NULL;
        if (to->max_body == 0 && !to->take)
                to->max_body = HTTP_BODY_DEFAULT;
}

void http_request_done(HttpRequest *r) {
        free((char *) r->url);
        strv_free((char **) r->headers);
        free_credential((HttpCredential *) r->credential);
        free((char *) r->if_none_match);
        free((char *) r->range.if_range);
        free((int *) r->accept);
        *r = (HttpRequest){};
}
