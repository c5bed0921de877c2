/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <math.h>

#include "cgroup-usage.h"
#include "file.h"

static char directory[] = "/tmp/test-cgroup-usage-XXXXXX";
static int cgroup = -1;

static int set_up(void **state) {
        strcpy(strrchr(directory, '-'), "-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        cgroup = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return cgroup < 0 ? -1 : 0;
}

static int tear_down(void **state) {
        close(cgroup);
        return remove_tree_at(AT_FDCWD, directory, true);
}

static void put(const char *file, const char *text) {
        assert_int_equal(write_string_at(cgroup, file, text, 0644), 0);
}

static void the_kernels_figures_are_read(void **state) {
        CgroupUsage u;
        put("cgroup.procs", "1\n");
        put("cpu.stat", "usage_usec 1234567\nuser_usec 1\n");
        put("memory.current", "4096\n");
        put("pids.current", "3\n");
        put("io.stat", "8:0 rbytes=100 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2\n");
        put("cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\nfull avg10=7.00\n");
        assert_int_equal(cgroup_usage_read(cgroup, &u), 0);
        assert_int_equal(u.cpu_usec, 1234567);
        assert_int_equal(u.memory, 4096);
        assert_int_equal(u.tasks, 3);
        assert_int_equal(u.io_read, 101);
        assert_int_equal(u.io_written, 22);
        assert_true(fabs(u.pressure_cpu - 1.5) < 0.001);
        assert_true(u.pressure_memory < 0);
}

static void what_is_not_counted_is_not_zero(void **state) {
        CgroupUsage u;
        put("cgroup.procs", "");
        assert_int_equal(cgroup_usage_read(cgroup, &u), 0);
        assert_int_equal(u.cpu_usec, -1);
        assert_int_equal(u.memory, -1);
        assert_int_equal(u.io_read, -1);
        assert_true(u.pressure_io < 0);
        assert_int_equal(u.tasks, 0);
}

static void without_the_controller_tasks_are_counted_in_cgroups_below_too(void **state) {
        CgroupUsage u;
        put("cgroup.procs", "1\n");
        put("cgroup.threads", "1\n2\n");
        assert_int_equal(mkdirat(cgroup, "app-a", 0755), 0);
        assert_int_equal(mkdirat(cgroup, "app-a/own", 0755), 0);
        put("app-a/cgroup.threads", "3\n");
        put("app-a/own/cgroup.threads", "4\n5\n");
        assert_int_equal(cgroup_usage_read(cgroup, &u), 0);
        assert_int_equal(u.tasks, 5);
}

static void what_is_no_number_is_not_counted(void **state) {
        CgroupUsage u;
        put("cgroup.procs", "");
        put("memory.current", "max\n");
        put("cpu.stat", "usage_usec\nusage_usec_more 1\n");
        put("io.stat", "8:0 rbytes= wbytes=x\n\n");
        put("io.pressure", "full avg10=1.00\n");
        assert_int_equal(cgroup_usage_read(cgroup, &u), 0);
        assert_int_equal(u.memory, -1);
        assert_int_equal(u.cpu_usec, -1);
        assert_int_equal(u.io_read, 0);
        assert_true(u.pressure_io < 0);
}

static void a_cgroup_that_has_gone_is_an_error(void **state) {
        CgroupUsage u;
        assert_true(cgroup_usage_read(cgroup, &u) < 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(the_kernels_figures_are_read),
                TEST(what_is_not_counted_is_not_zero),
                TEST(without_the_controller_tasks_are_counted_in_cgroups_below_too),
                TEST(what_is_no_number_is_not_counted),
                TEST(a_cgroup_that_has_gone_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
