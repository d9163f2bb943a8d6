/* test_folder_limit.c - the newest files stay, and only files go. */
#include "store_fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "folder_limit.h"

static char dir[64];

static void make_file(const char *name, time_t changed)
{
    char path[128];
    struct timespec times[2] = {{.tv_sec = changed}, {.tv_sec = changed}};
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_ok(file_write_atomic(path, "x", 1, e));
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool there(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return file_exists(path);
}

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/leeway-folder-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return file_remove_tree(dir, NULL) == ERR_OK ? 0 : -1;
}

static void the_oldest_files_go_and_folders_stay(void **state)
{
    char path[128];
    size_t n_removed = 0;
    (void)state;
    make_file("middle", 2000);
    make_file("oldest", 1000);
    make_file("newest", 3000);
    snprintf(path, sizeof(path), "%s/folder", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_ok(folder_keep_newest(dir, 2, &n_removed, e));
    assert_int_equal(n_removed, 1);
    assert_false(there("oldest"));
    assert_true(there("middle") && there("newest") && there("folder"));
    assert_ok(folder_keep_newest(dir, 2, &n_removed, e));
    assert_int_equal(n_removed, 0);
}

static void an_absent_folder_is_an_error_that_names_it(void **state)
{
    size_t n_removed = 7;
    struct err err = {0};
    (void)state;
    assert_int_equal(folder_keep_newest("/tmp/leeway-not-there", 1, &n_removed, &err),
                     ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "/tmp/leeway-not-there"));
    assert_int_equal(n_removed, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_files_go_and_folders_stay, make_dir, remove_dir),
        cmocka_unit_test(an_absent_folder_is_an_error_that_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
