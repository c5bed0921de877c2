/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "app-io.h"
#include "attach-message.h"
#include "detach-keys.h"

static void fuzz_message(const uint8_t *data, size_t size, bool from_client) {
        char buffer[ATTACH_MESSAGE_MAX];
        AttachMessage m;
        if (attach_message_parse(data, size, from_client, &m) < 0)
                return;
        fuzz_assert(attach_message_write(&m, buffer) == size && memcmp(buffer, data, size) == 0);
}

/* Nothing that is typed is lost but the sequence at the end. */
static void fuzz_keys(const char *text, const uint8_t *data, size_t size) {
        DetachKeys k;
        if (detach_keys_parse(text, &k) < 0)
                return;
        _cleanup_free_ char *out = malloc(size + DETACH_KEYS_MAX);
        fuzz_assert(out);
        size_t n, half = size / 2, total;
        bool end = detach_keys_filter(&k, (const char *) data, half, out, &total);
        fuzz_assert(total <= half);
        if (!end) {
                end = detach_keys_filter(&k, (const char *) data + half, size - half, out + total, &n);
                total += n;
        }
        fuzz_assert(total + k.typed <= size && (end || total + k.typed == size));
        fuzz_assert(memcmp(out, data, total) == 0);
}

/* A message; what was typed; and as a text, a mode of attaching, keys, and each annotation. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const names[] = { APP_STDIN_ANNOTATION, APP_STDOUT_ANNOTATION,
                APP_STDERR_ANNOTATION, APP_LOG_PATH_ANNOTATION, APP_LOG_FILE_SIZE_ANNOTATION,
                APP_LOG_FILE_COUNT_ANNOTATION };
        _cleanup_free_ char *text = fuzz_string(data, size), *problem = NULL;
        unsigned channels;
        fuzz_message(data, size, true);
        fuzz_message(data, size, false);
        fuzz_assert((attach_channels_parse(text, &channels, &problem) < 0) == (problem != NULL));
        fuzz_keys("ctrl-p,ctrl-q", data, size);
        fuzz_keys(text, data, size);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_name_values_ NameValueList l = {};
                _cleanup_app_io_ AppIo io = {};
                _cleanup_free_ char *error = NULL;
                name_values_add(&l, names[i], text);
                fuzz_assert((app_io_parse(&l, &io, &error) < 0) == (error != NULL));
        }
        return 0;
}
