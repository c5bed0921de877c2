/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-state.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "log.h"

#define STATE_MAX (5 * 1024 * 1024)

static char *hex_encode(const uint8_t *data, size_t size) {
        char *text = xcalloc(size * 2 + 1, 1);
        for (size_t i = 0; i < size; i++)
                sprintf(text + 2 * i, "%02x", data[i]);
        return text;
}

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* max bytes at most; the number of bytes, or -EINVAL. */
static ssize_t hex_decode(const char *text, uint8_t *data, size_t max) {
        size_t n = strlen(text) / 2;
        if (strlen(text) % 2 || n > max)
                return -EINVAL;
        for (size_t i = 0; i < n; i++) {
                int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
                if (high < 0 || low < 0)
                        return -EINVAL;
                data[i] = high << 4 | low;
        }
        return n;
}

static char *path_of(const DhcpSettings *settings, const char *file) {
        return xasprintf("%s/%s", settings->state_directory, file);
}

int dhcp_state_save(const Attachment *a) {
        _cleanup_json_ json_object *o = json_object_new_object();
        _cleanup_free_ char *ack = hex_encode(a->client.ack, a->client.ack_size),
                            *mac = hex_encode(a->server_mac, sizeof(a->server_mac)),
                            *path = path_of(a->settings, a->file);
        json_object_object_add(o, "request", dhcp_request_to_json(&a->request.call, "ADD"));
        json_object_object_add(o, "ack", json_object_new_string(ack));
        json_object_object_add(o, "serverMac", json_object_new_string(mac));
        json_object_object_add(o, "bound", json_object_new_int64(a->client.bound));
        _cleanup_free_ char *text = json_to_text(o, true);
        int r = mkdir_parents_at(AT_FDCWD, a->settings->state_directory, 0700);
        return r < 0 ? r : replace_file_at(AT_FDCWD, path, text, strlen(text), 0600, false);
}

void dhcp_state_remove(const Attachment *a) {
        _cleanup_free_ char *path = path_of(a->settings, a->file);
        if (unlink(path) < 0 && errno != ENOENT)
                log_error_errno(errno, "cannot remove %s", path);
}

static int read_saved(JsonContext *j, DhcpSaved *ret, json_object **ret_request) {
        const char *ack, *mac;
        int64_t bound;
        int r;
        if ((r = json_expect(j, j->root, json_type_object)) < 0 ||
                        (r = json_get_string(j, j->root, "ack", JSON_REQUIRED, &ack)) < 0 ||
                        (r = json_get_string(j, j->root, "serverMac", JSON_REQUIRED, &mac)) < 0 ||
                        (r = json_get_int(j, j->root, "bound", JSON_REQUIRED, 0, INT64_MAX, &bound)) < 0 ||
                        (r = json_get_object(j, j->root, "request", JSON_REQUIRED, ret_request)) < 0)
                return r;
        ret->bound = bound;
        ret->ack = xmalloc(DHCP_FRAME_MAX);
        ssize_t n = hex_decode(ack, ret->ack, DHCP_FRAME_MAX);
        if (n < 0 || hex_decode(mac, ret->server_mac, sizeof(ret->server_mac)) != sizeof(ret->server_mac))
                return json_fail(j, "expected bytes as hexadecimal digits");
        ret->ack_size = n;
        return 0;
}

int dhcp_state_load(
                const DhcpSettings *settings, const char *file, DhcpRequest *ret_request, DhcpSaved *ret) {
        _cleanup_free_ char *path = path_of(settings, file), *text = NULL, *error = NULL;
        _cleanup_json_context_ JsonContext j = {};
        json_object *request = NULL;
        size_t size;
        *ret_request = (DhcpRequest){};
        *ret = (DhcpSaved){};
        int r = read_file_at(AT_FDCWD, path, STATE_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "cannot read %s", path);
        if ((r = json_context_parse(&j, path, text, size)) < 0 || (r = read_saved(&j, ret, &request)) < 0) {
                log_error("%s", j.error);
                return r;
        }
        char *request_text = json_to_text(request, false);
        r = dhcp_request_parse(request_text, strlen(request_text), ret_request, &error);
        if (r < 0)
                log_error("%s: %s", path, error);
        return r;
}
