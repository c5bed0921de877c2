/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>

#include "cgroup1.h"
#include "file.h"

static char directory[] = "/tmp/test-cgroup1-XXXXXX";
static Cgroup1 cgroup;

/* Files of a kernel that has all of it, in a directory for each hierarchy. */
static const struct {
        Cgroup1Hierarchy hierarchy;
        const char *file, *text;
} files[] = {
        { CGROUP1_MEMORY, "memory.limit_in_bytes", "9223372036854771712\n" },
        { CGROUP1_MEMORY, "memory.memsw.limit_in_bytes", "9223372036854771712\n" },
        { CGROUP1_MEMORY, "memory.usage_in_bytes", "8192\n" },
        { CGROUP1_MEMORY, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n" },
        { CGROUP1_CPU, "cpu.cfs_period_us", "100000\n" },
        { CGROUP1_CPU, "cpu.cfs_quota_us", "-1\n" },
        { CGROUP1_CPU, "cpu.shares", "1024\n" },
        { CGROUP1_CPUACCT, "cpuacct.usage", "1234567\n" },
        { CGROUP1_PIDS, "pids.max", "max\n" },
        { CGROUP1_PIDS, "pids.current", "7\n" },
        { CGROUP1_BLKIO, "blkio.throttle.read_bps_device", "\n" },
        { CGROUP1_BLKIO, "blkio.throttle.write_bps_device", "\n" },
        { CGROUP1_BLKIO, "blkio.throttle.read_iops_device", "\n" },
        { CGROUP1_BLKIO, "blkio.throttle.write_iops_device", "\n" },
        { CGROUP1_BLKIO, "blkio.throttle.io_service_bytes_recursive",
                        "8:0 Read 100\n8:0 Write 20\n8:0 Total 120\n8:16 Read 1\n8:16 Write 2\nTotal "
                        "123\n" },
};

static int set_up(void **state) {
        strcpy(strrchr(directory, '-'), "-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        cgroup = CGROUP1_NONE;
        for (Cgroup1Hierarchy h = CGROUP1_CPU; h < _CGROUP1_MAX; h++) {
                char path[64];
                snprintf(path, sizeof(path), "%s/%d", directory, (int) h);
                if (mkdir(path, 0755) < 0)
                        return -1;
                cgroup.fds[h] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        }
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (write_string_at(cgroup.fds[files[i].hierarchy], files[i].file, files[i].text, 0644) < 0)
                        return -1;
        return 0;
}

static int tear_down(void **state) {
        cgroup1_done(&cgroup);
        return remove_tree_at(AT_FDCWD, directory, true);
}

/* A file here keeps what was longer: the kernel's do not. */
static void put(Cgroup1Hierarchy h, const char *file, const char *text) {
        assert_int_equal(write_string_at(cgroup.fds[h], file, text, 0644), 0);
}

static void assert_limit(Cgroup1Hierarchy h, const char *mirror, const char *file, const char *value,
                const char *expected) {
        _cleanup_free_ char *line = NULL;
        put(h, mirror, "");
        assert_int_equal(cgroup1_limit(&cgroup, file, value), 0);
        assert_int_equal(read_line_at(cgroup.fds[h], mirror, &line), 0);
        assert_string_equal(line, expected);
}

static void limits_of_version_2_are_set_by_the_files_of_version_1(void **state) {
        assert_limit(CGROUP1_MEMORY, "memory.limit_in_bytes", "memory.max", "1048576", "1048576");
        assert_limit(CGROUP1_PIDS, "pids.max", "pids.max", "20", "20");
        assert_limit(CGROUP1_CPU, "cpu.cfs_quota_us", "cpu.max", "50000 100000", "50000");
        assert_limit(CGROUP1_CPU, "cpu.cfs_period_us", "cpu.max", "50000 100000", "100000");
}

/* rkt's shares of 2, 512, 1024 and 262144 are the weights 1, 20, 39 and 10000 */
static void weights_are_shares_of_about_the_same_size(void **state) {
        assert_limit(CGROUP1_CPU, "cpu.shares", "cpu.weight", "1", "2");
        assert_limit(CGROUP1_CPU, "cpu.shares", "cpu.weight", "39", "999");
        assert_limit(CGROUP1_CPU, "cpu.shares", "cpu.weight", "10000", "262144");
        assert_int_equal(cgroup1_limit(&cgroup, "cpu.weight", "0"), -EINVAL);
}

static void swap_is_limited_together_with_memory(void **state) {
        assert_int_equal(cgroup1_limit(&cgroup, "memory.swap.max", "4096"), -EOPNOTSUPP);
        put(CGROUP1_MEMORY, "memory.limit_in_bytes", "1048576\n");
        assert_limit(CGROUP1_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max", "4096", "1052672");
}

static void each_number_of_a_disk_goes_to_its_own_file(void **state) {
        const char *value = "8:0 rbps=1 wbps=2 riops=3 wiops=4";
        assert_limit(CGROUP1_BLKIO, "blkio.throttle.read_bps_device", "io.max", value, "8:0 1");
        assert_limit(CGROUP1_BLKIO, "blkio.throttle.write_bps_device", "io.max", value, "8:0 2");
        assert_limit(CGROUP1_BLKIO, "blkio.throttle.read_iops_device", "io.max", value, "8:0 3");
        assert_limit(CGROUP1_BLKIO, "blkio.throttle.write_iops_device", "io.max", value, "8:0 4");
}

static void what_version_1_has_not_got_is_not_there(void **state) {
        assert_int_equal(cgroup1_limit(&cgroup, "memory.high", "1048576"), -ENOENT);
        assert_int_equal(cgroup1_limit(&cgroup, "cpuset.cpus", "0"), -ENOENT);
        assert_int_equal(cgroup1_limit(&cgroup, "io.weight", "50"), -ENOENT); /* without BFQ */
        assert_false(cgroup1_has(&cgroup, "cpuset"));
        assert_true(cgroup1_has(&cgroup, "io"));
        Cgroup1 none = CGROUP1_NONE;
        assert_int_equal(cgroup1_limit(&none, "memory.max", "1048576"), -ENOENT);
        assert_int_equal(cgroup1_limit(&none, "memory.swap.max", "1048576"), -ENOENT);
        assert_false(cgroup1_has(&none, "memory"));
        assert_false(cgroup1_exists(&none));
}

static void what_a_unit_has_set_is_known(void **state) {
        static const char *const all[] = { "memory.max", "memory.swap.max", "cpu.max", "cpu.weight",
                "pids.max", "io.max" };
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                assert_true(cgroup1_is_untouched(&cgroup, all[i]));
        put(CGROUP1_MEMORY, "memory.limit_in_bytes", "1048576\n");
        put(CGROUP1_PIDS, "pids.max", "100\n");
        put(CGROUP1_BLKIO, "blkio.throttle.read_bps_device", "8:0 1\n");
        assert_false(cgroup1_is_untouched(&cgroup, "memory.max"));
        assert_false(cgroup1_is_untouched(&cgroup, "pids.max"));
        assert_false(cgroup1_is_untouched(&cgroup, "io.max"));
}

static void figures_fill_in_what_is_not_counted_elsewhere(void **state) {
        CgroupUsage u = { -1, -1, 2, -1, -1, -1, -1, -1 };
        cgroup1_usage_add(&cgroup, &u);
        assert_int_equal(u.cpu_usec, 1234);
        assert_int_equal(u.memory, 8192);
        assert_int_equal(u.tasks, 7);
        assert_int_equal(u.io_read, 101);
        assert_int_equal(u.io_written, 22);
        CgroupUsage counted = { 5, 6, 7, 8, 9, -1, -1, -1 };
        cgroup1_usage_add(&cgroup, &counted);
        assert_int_equal(counted.cpu_usec, 5);
        assert_int_equal(counted.memory, 6);
        assert_int_equal(counted.io_read, 8);
        CgroupUsage nothing = { -1, -1, 2, -1, -1, -1, -1, -1 };
        cgroup1_usage_add(&CGROUP1_NONE, &nothing);
        assert_int_equal(nothing.tasks, 2);
        assert_int_equal(nothing.memory, -1);
        assert_int_equal(nothing.io_read, -1);
}

static void kills_for_want_of_memory_are_counted(void **state) {
        assert_int_equal(cgroup1_oom_kills(&cgroup), 3);
        put(CGROUP1_MEMORY, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
        assert_int_equal(cgroup1_oom_kills(&cgroup), -1);
        assert_int_equal(cgroup1_oom_kills(&CGROUP1_NONE), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(limits_of_version_2_are_set_by_the_files_of_version_1),
                TEST(weights_are_shares_of_about_the_same_size),
                TEST(swap_is_limited_together_with_memory),
                TEST(each_number_of_a_disk_goes_to_its_own_file),
                TEST(what_version_1_has_not_got_is_not_there),
                TEST(what_a_unit_has_set_is_known),
                TEST(figures_fill_in_what_is_not_counted_elsewhere),
                TEST(kills_for_want_of_memory_are_counted),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
