/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Registers a pod with the metadata service, or makes it forget the pod. A program of its own, so that what
 * runs and collects pods need not load libcurl. */

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "alloc.h"
#include "file.h"
#include "log.h"
#include "metadata-state.h"
#include "metadata-url.h"
#include "option.h"
#include "pod-manifest.h"
#include "process.h"
#include "strv.h"
#include "types.h"

#define TRIES        3
#define TIMEOUT_MS   20000L
#define ANSWER_BYTES 1000
#define TOKEN_BYTES  64
#define MARKER       "mds-registered"

static char *pod_directory;
static bool forget;

static const Option options[] = {
        { "pod", OPTION_STRING, &pod_directory, "the pod's directory", .shown_default = "." },
        { "remove", OPTION_BOOL, &forget, "make the service forget the pod" },
        {},
};

static const Command command = {
        .name = "metadata-register",
        .usage = "[--pod=DIR] [--remove] UUID",
        .summary = "Register a pod, whose token is a line of standard input, with the metadata service",
        .helper = true,
        .options = options,
};

/* What the service says of a failure, as much as fits. */
typedef struct Answer {
        char text[ANSWER_BYTES + 1];
        size_t size;
} Answer;

static size_t take_answer(char *data, size_t one, size_t n, void *userdata) {
        Answer *a = userdata;
        size_t fits = MIN(n, ANSWER_BYTES - a->size);
        memcpy(a->text + a->size, data, fits);
        a->size += fits;
        a->text[a->size] = 0;
        return n;
}

typedef struct Client {
        CURL *curl;
        struct curl_slist *headers;
        char uuid[UUID_STRING_SIZE];
} Client;

static void client_done(Client *c) {
        curl_slist_free_all(c->headers);
        if (c->curl)
                curl_easy_cleanup(c->curl);
}

static int client_open(Client *c) {
        c->curl = curl_easy_init();
        c->headers = curl_slist_append(NULL, "Expect:");
        if (!c->curl || !c->headers)
                return log_error_errno(ENOMEM, "libcurl");
        curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, METADATA_SOCKET);
        curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
        curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
        curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
        curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_answer);
        curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
        return 0;
}

/* A service that is being restarted by hand is back soon, as rkt knew. */
static CURLcode perform(const Client *c, FILE *body) {
        for (unsigned left = TRIES;;) {
                CURLcode code = curl_easy_perform(c->curl);
                if (code != CURLE_COULDNT_CONNECT || --left == 0)
                        return code;
                nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
                if (body)
                        rewind(body);
        }
}

/* -ENOENT without a log: status 404. -ECONNREFUSED without one: there is no service. */
static int ask(const Client *c, const char *what, FILE *body) {
        Answer answer = {};
        long status = 0;
        _cleanup_free_ char *url = xasprintf("http://metadata/pods/%s", what);
        curl_easy_setopt(c->curl, CURLOPT_URL, url);
        curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &answer);
        CURLcode code = perform(c, body);
        if (code == CURLE_COULDNT_CONNECT)
                return -ECONNREFUSED;
        if (code != CURLE_OK) {
                log_error("pod %s: the metadata service: %s", c->uuid, curl_easy_strerror(code));
                return -EIO;
        }
        curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
        if (status == 200)
                return 0;
        if (status == 404)
                return -ENOENT;
        answer.text[strcspn(answer.text, "\n")] = 0;
        log_error("pod %s: the metadata service answers with status %ld: %s", c->uuid, status, answer.text);
        return -EIO;
}

static int put(const Client *c, const char *what, const char *text, size_t size) {
        _cleanup_fclose_ FILE *f = fmemopen((void *) text, size, "r");
        if (!f)
                return log_error_errno(errno, "fmemopen");
        curl_easy_setopt(c->curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(c->curl, CURLOPT_READDATA, f);
        curl_easy_setopt(c->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t) size);
        int r = ask(c, what, f);
        if (r == -ENOENT)
                log_error("pod %s: the metadata service does not know it any more", c->uuid);
        if (r == -ECONNREFUSED)
                log_error("pod %s: the metadata service does not answer at " METADATA_SOCKET, c->uuid);
        return r;
}

static int read_manifest(int pod, const char *path, char **ret, size_t *ret_size) {
        int r = read_file_at(pod, path, APPC_MANIFEST_MAX, ret, ret_size);
        return r < 0 ? log_error_errno(r, "%s of the pod", path) : 0;
}

static int put_apps(const Client *c, int pod, const char *text, size_t size) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        _cleanup_free_ char *error = NULL;
        int r = pod_manifest_parse_names("pod", text, size, &m, &error);
        if (r < 0) {
                log_error("the pod's manifest: %s", error);
                return r;
        }
        for (size_t i = 0; i < m->n_apps; i++) {
                const char *app = m->apps[i].name;
                _cleanup_free_ char *path = xasprintf("appsinfo/%s/manifest", app), *manifest = NULL,
                                    *what = xasprintf("%s/%s", c->uuid, app);
                size_t n;
                if ((r = read_manifest(pod, path, &manifest, &n)) < 0 || (r = put(c, what, manifest, n)) < 0)
                        return r;
        }
        return 0;
}

static int read_token(char ret[static TOKEN_BYTES]) {
        if (fgets(ret, TOKEN_BYTES, stdin))
                ret[strcspn(ret, "\n")] = 0;
        if (metadata_token_is_valid(ret))
                return 0;
        log_error("standard input: expected a token of 32 hexadecimal digits");
        return -EINVAL;
}

/* The marker is there first: whatever happens now, the pod's end makes the service forget it. */
static int register_pod(const Client *c, int pod) {
        char token[TOKEN_BYTES] = "";
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_token(token);
        if (r < 0 || (r = read_manifest(pod, "pod", &text, &size)) < 0)
                return r;
        if ((r = write_string_at(pod, MARKER, "", 0644)) < 0)
                return log_error_errno(r, "pod %s: cannot write " MARKER, c->uuid);
        _cleanup_free_ char *what = xasprintf("%s?token=%s", c->uuid, token);
        r = put(c, what, text, size);
        return r < 0 ? r : put_apps(c, pod, text, size);
}

/* Without a service, its files can be changed by others. */
static int remove_state(const Client *c) {
        _cleanup_close_ int state = open(METADATA_STATE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = state < 0 ? -errno : metadata_state_remove(state, c->uuid);
        return r < 0 && r != -ENOENT
                               ? log_error_errno(r, "pod %s: cannot remove it from " METADATA_STATE, c->uuid)
                               : 0;
}

static int forget_pod(const Client *c, int pod) {
        curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
        int r = access(METADATA_SOCKET, F_OK) < 0 ? -ECONNREFUSED : ask(c, c->uuid, NULL);
        if (r == -ECONNREFUSED)
                r = remove_state(c);
        if (r < 0 && r != -ENOENT)
                return r;
        return unlinkat(pod, MARKER, 0) < 0 && errno != ENOENT
                               ? log_error_errno(errno, "pod %s: cannot remove " MARKER, c->uuid)
                               : 0;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_(client_done) Client c = {};
        process_begin("metadata-register");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (strv_length(arguments) != 1 || uuid_normalize(arguments[0], c.uuid) < 0) {
                log_error("expected the UUID of a pod as the only argument");
                return EXIT_RKT_FAILURE;
        }
        _cleanup_close_ int pod = open(pod_directory ?: ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (pod < 0)
                r = log_error_errno(errno, "cannot open %s", pod_directory ?: ".");
        else if ((r = client_open(&c)) >= 0)
                r = forget ? forget_pod(&c, pod) : register_pod(&c, pod);
        return process_end(r);
}
