/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "alloc.h"
#include "attach-message.h"

static AttachMessage there_and_back(const AttachMessage *m, bool from_client) {
        static char buffer[ATTACH_MESSAGE_MAX];
        AttachMessage back;
        size_t size = attach_message_write(m, buffer);
        assert_int_equal(attach_message_parse(buffer, size, from_client, &back), 0);
        assert_int_equal(back.kind, m->kind);
        return back;
}

static void what_is_written_is_read(void **state) {
        AttachMessage m = there_and_back(&(AttachMessage){ .kind = ATTACH_HELLO,
                                                         .channels = ATTACH_STDIN,
                                                         .data = "app",
                                                         .size = 3 },
                        true);
        assert_int_equal(m.channels, ATTACH_STDIN);
        assert_int_equal(m.size, 3);
        assert_memory_equal(m.data, "app", 3);
        m = there_and_back(&(AttachMessage){ .kind = ATTACH_WINDOW, .rows = 24, .columns = 65535 }, true);
        assert_int_equal(m.rows, 24);
        assert_int_equal(m.columns, 65535);
        m = there_and_back(&(AttachMessage){ .kind = ATTACH_DROPPED, .number = UINT64_MAX }, false);
        assert_true(m.number == UINT64_MAX);
        there_and_back(&(AttachMessage){ .kind = ATTACH_EOF }, true);
}

static void data_of_the_largest_size_fits_and_more_is_cut(void **state) {
        _cleanup_free_ char *data = xcalloc(1, ATTACH_DATA_MAX + 1);
        AttachMessage m = { .kind = ATTACH_OUTPUT, .data = data, .size = ATTACH_DATA_MAX };
        assert_int_equal(there_and_back(&m, false).size, ATTACH_DATA_MAX);
        m.size++;
        assert_int_equal(there_and_back(&m, false).size, ATTACH_DATA_MAX);
}

static void what_the_other_side_sends_is_not_taken(void **state) {
        AttachMessage m;
        assert_int_equal(attach_message_parse("o", 1, true, &m), -EBADMSG);
        assert_int_equal(attach_message_parse("i", 1, false, &m), -EBADMSG);
        assert_int_equal(attach_message_parse("i", 1, true, &m), 0);
}

static void wrong_sizes_and_channels_are_refused(void **state) {
        AttachMessage m;
        assert_int_equal(attach_message_parse("", 0, true, &m), -EBADMSG);
        assert_int_equal(attach_message_parse("A", 1, true, &m), -EBADMSG);
        assert_int_equal(attach_message_parse("A\xff", 2, true, &m), -EBADMSG);
        assert_int_equal(attach_message_parse("ex", 2, true, &m), -EBADMSG);
        assert_int_equal(attach_message_parse("w\1\1\1", 4, true, &m), -EBADMSG);
        assert_int_equal(attach_message_parse("q\1\1\1", 4, false, &m), -EBADMSG);
}

static void modes_are_channels(void **state) {
        unsigned channels = 99;
        _cleanup_free_ char *error = NULL, *mixed = NULL;
        assert_int_equal(attach_channels_parse("auto", &channels, &error), 0);
        assert_int_equal(channels, 0);
        assert_int_equal(attach_channels_parse("stdout,stderr", &channels, &error), 0);
        assert_int_equal(channels, ATTACH_STDOUT | ATTACH_STDERR);
        assert_int_equal(attach_channels_parse("tty", &channels, &error), 0);
        assert_int_equal(channels, ATTACH_TTY_IN | ATTACH_TTY_OUT);
        assert_int_equal(attach_channels_parse("stdout,", &channels, &error), -EINVAL);
        assert_int_equal(attach_channels_parse("stdin,tty-out", &channels, &mixed), -EINVAL);
        assert_non_null(strstr(mixed, "either streams or a tty"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(data_of_the_largest_size_fits_and_more_is_cut),
                cmocka_unit_test(what_the_other_side_sends_is_not_taken),
                cmocka_unit_test(wrong_sizes_and_channels_are_refused),
                cmocka_unit_test(modes_are_channels),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
