/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-public.h"

#include <errno.h>

#include "alloc.h"
#include "log.h"
#include "metadata-hmac.h"

#define FORM_BYTES_MAX   (512 * 1024)
#define CONNECTIONS_MAX  256
#define OF_ADDRESS_MAX   32 /* apps in the host's network all have the same */
#define TYPE_JSON        "application/json"
#define TYPE_ASCII       "text/plain; charset=us-ascii"
#define TYPE_TEXT        "text/plain; charset=utf-8"
#define POST_BUFFER_SIZE 4096

typedef struct FormField {
        char *text; /* NULL: it is not there; else with a NUL behind it */
        size_t size;
} FormField;

typedef struct Form {
        FormField content, uuid, signature;
        bool twice; /* one of them */
} Form;

typedef struct Question {
        MetadataRoute route;
        char pod[UUID_STRING_SIZE];
} Question;

static bool is_post(MetadataEndpoint e) {
        return e == METADATA_HMAC_SIGN || e == METADATA_HMAC_VERIFY;
}

static void fail(HttpAnswer *a, int error, const char *pod) {
        log_warning_errno(error, "pod %s: cannot answer", pod);
        http_answer_text(a, MHD_HTTP_INTERNAL_SERVER_ERROR, "the state of the service cannot be read\n");
}

static void begin(HttpRequest *q, HttpAnswer *a, void *userdata) {
        MetadataPublic *p = userdata;
        Question *question = q->state = xnew(Question, 1);
        if (metadata_route_parse(q->path, &question->route) < 0) {
                http_answer_text(a, MHD_HTTP_NOT_FOUND, "there is nothing at this path\n");
                return;
        }
        bool post = is_post(question->route.endpoint);
        if (!streq(q->method, post ? "POST" : "GET")) {
                http_answer_text(a, MHD_HTTP_METHOD_NOT_ALLOWED, "the method is not one for this path\n");
                a->allow = post ? "POST" : "GET, HEAD";
                return;
        }
        int r = metadata_state_find(p->state, question->route.token, question->pod);
        if (r == -ENOENT)
                http_answer_text(a, MHD_HTTP_UNAUTHORIZED, "no pod has this token\n");
        else if (r < 0)
                fail(a, r, "?");
        else
                memcpy(a->pod, question->pod, sizeof(a->pod));
}

static bool is_ascii(const char *s) {
        for (; *s; s++)
                if (*s & 0x80)
                        return false;
        return true;
}

static void answer_annotation(const MetadataPublic *p, const Question *question, HttpAnswer *a) {
        int r = metadata_state_annotation(p->state, question->pod, &question->route, &a->text);
        if (r == -ENOENT)
                http_answer_text(a, MHD_HTTP_NOT_FOUND, "there is no such annotation\n");
        else if (r < 0)
                fail(a, r, question->pod);
        else {
                a->size = strlen(a->text);
                a->type = is_ascii(a->text) ? TYPE_ASCII : TYPE_TEXT;
                a->status = MHD_HTTP_OK;
        }
}

static void answer_file(const MetadataPublic *p, const Question *question, HttpAnswer *a) {
        a->file = metadata_state_open_file(p->state, question->pod, &question->route);
        if (a->file == -ENOENT)
                http_answer_text(a, MHD_HTTP_NOT_FOUND, "the pod has no such app\n");
        else if (a->file < 0)
                fail(a, a->file, question->pod);
        else {
                a->type = question->route.endpoint == METADATA_APP_IMAGE_ID ? TYPE_ASCII : TYPE_JSON;
                a->status = MHD_HTTP_OK;
        }
}

static FormField *find_field(Form *f, const char *key) {
        return streq(key, "content")     ? &f->content
               : streq(key, "uuid")      ? &f->uuid
               : streq(key, "signature") ? &f->signature
                                         : NULL;
}

/* A field comes in pieces; one that begins again is there twice. */
static enum MHD_Result take_field(void *userdata, enum MHD_ValueKind kind, const char *key, const char *file,
                const char *type, const char *encoding, const char *data, uint64_t offset, size_t size) {
        Form *f = userdata;
        FormField *field = key ? find_field(f, key) : NULL;
        if (!field)
                return MHD_YES;
        f->twice |= offset != field->size || (size > 0 && offset == 0 && field->size > 0);
        if (f->twice)
                return MHD_NO;
        field->text = xreallocarray(field->text, field->size + size + 1, 1);
        if (size > 0)
                memcpy(field->text + field->size, data, size);
        field->size += size;
        field->text[field->size] = 0;
        return MHD_YES;
}

static void form_done(Form *f) {
        free(f->content.text);
        free(f->uuid.text);
        free(f->signature.text);
}

/* False with an answer if it is none, or not a good one. */
static bool read_form(const HttpRequest *q, Form *f, HttpAnswer *a) {
        struct MHD_PostProcessor *processor =
                        MHD_create_post_processor(q->connection, POST_BUFFER_SIZE, take_field, f);
        if (!processor) {
                http_answer_text(a, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "expected a form\n");
                return false;
        }
        bool good = !q->body || MHD_post_process(processor, q->body, q->body_size) == MHD_YES;
        good = MHD_destroy_post_processor(processor) == MHD_YES && good && !f->twice;
        if (!good)
                http_answer_text(a, MHD_HTTP_BAD_REQUEST,
                                "the form is malformed, or has a field more than once\n");
        else if (!f->content.text) {
                http_answer_text(a, MHD_HTTP_BAD_REQUEST, "the field content is missing\n");
                return false;
        }
        return good;
}

static void answer_sign(const MetadataPublic *p, const Question *question, const Form *f, HttpAnswer *a) {
        a->text = metadata_sign(p->key, question->pod, f->content.text, f->content.size);
        a->size = strlen(a->text);
        a->type = TYPE_ASCII;
        a->status = MHD_HTTP_OK;
}

/* Whether the pod that has signed is still there, is not for the signature to say. */
static void answer_verify(const MetadataPublic *p, const Form *f, HttpAnswer *a) {
        char uuid[UUID_STRING_SIZE];
        if (!f->uuid.text || uuid_normalize(f->uuid.text, uuid) < 0) {
                http_answer_text(a, MHD_HTTP_BAD_REQUEST, "the field uuid is missing or malformed\n");
                return;
        }
        int r = f->signature.text ? metadata_verify(p->key, uuid, f->content.text, f->content.size,
                                                    f->signature.text)
                                  : -EINVAL;
        if (r < 0)
                http_answer_text(a, MHD_HTTP_BAD_REQUEST, "the field signature is missing or malformed\n");
        else
                a->status = r ? MHD_HTTP_OK : MHD_HTTP_FORBIDDEN;
}

static void answer_form(const MetadataPublic *p, const HttpRequest *q, HttpAnswer *a) {
        const Question *question = q->state;
        _cleanup_(form_done) Form f = {};
        if (!read_form(q, &f, a))
                return;
        if (question->route.endpoint == METADATA_HMAC_SIGN)
                answer_sign(p, question, &f, a);
        else
                answer_verify(p, &f, a);
}

static void finish(HttpRequest *q, HttpAnswer *a, void *userdata) {
        const MetadataPublic *p = userdata;
        const Question *question = q->state;
        switch (question->route.endpoint) {
        case METADATA_HMAC_SIGN:
        case METADATA_HMAC_VERIFY: answer_form(p, q, a); break;
        case METADATA_POD_UUID:
                http_answer_text(a, MHD_HTTP_OK, "%s", question->pod);
                a->type = TYPE_ASCII;
                break;
        case METADATA_POD_ANNOTATION:
        case METADATA_APP_ANNOTATION: answer_annotation(p, question, a); break;
        default: answer_file(p, question, a);
        }
}

void metadata_public_init(HttpService *ret, MetadataPublic *p) {
        *ret = (HttpService){
                .name = "public",
                .has_token = true,
                .body_max = FORM_BYTES_MAX,
                .connections_max = CONNECTIONS_MAX,
                .connections_of_address = OF_ADDRESS_MAX,
                .begin = begin,
                .finish = finish,
                .userdata = p,
        };
}
