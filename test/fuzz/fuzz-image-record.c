/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "image-record.h"
#include "remote.h"

/* What a list shows is the same, however it was read. */
static void check_line(const ImageRecord *record, const char *text, size_t size) {
        _cleanup_image_record_ ImageRecord *line = NULL;
        fuzz_assert(image_record_parse_line("input", text, size, &line, NULL) >= 0);
        _cleanup_free_ char *first = image_record_title(record), *second = image_record_title(line);
        fuzz_assert(streq(record->id, line->id) && streq(first, second));
        fuzz_assert(record->import_time == line->import_time);
        fuzz_assert(image_record_size(record) == image_record_size(line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *error = NULL;
        _cleanup_image_record_ ImageRecord *record = NULL, *again = NULL;
        if (image_record_parse("input", text, size, &record, &error) >= 0) {
                _cleanup_free_ char *first = image_record_to_text(record);
                fuzz_assert(image_record_parse("output", first, strlen(first), &again, &error) >= 0);
                _cleanup_free_ char *second = image_record_to_text(again);
                fuzz_assert(streq(first, second));
                check_line(record, text, size);
        } else {
                free(TAKE_PTR(error));
                image_record_parse_line("input", text, size, &record, &error);
        }
        _cleanup_remote_ Remote *remote = NULL, *remote_again = NULL;
        if (remote_parse("input", text, size, &remote) >= 0) {
                _cleanup_free_ char *first = remote_to_text(remote);
                fuzz_assert(remote_parse("output", first, strlen(first), &remote_again) >= 0);
                fuzz_assert(streq(remote->url, remote_again->url) &&
                                remote->max_age == remote_again->max_age);
        }
        return 0;
}
