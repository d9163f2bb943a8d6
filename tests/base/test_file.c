/* test_file.c - whole files: bounded, atomic, and trees removed without following links. */
#include "testing.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_writer.h"

static int count_entries(const char *path)
{
    DIR *dir = opendir(path);
    int n = 0;
    while (dir && readdir(dir)) {
        n++;
    }
    if (dir) {
        closedir(dir);
    }
    return n - 2; /* . and .. */
}

static void file_read_gives_back_what_was_written(void **state)
{
    struct err e = {0};
    char *text = NULL;
    size_t len = 0;
    const char *path = path_in(state, "plain");
    assert_ok(file_write_atomic(path, "a\0b", 3, &e), &e);
    assert_ok(file_read(path, 3, &text, &len, &e), &e);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "a\0b", 4); /* terminated behind the data */
    free(text);
}

static void file_read_refuses_more_than_its_limit(void **state)
{
    struct err e = {0};
    char *text = NULL;
    size_t len;
    const char *path = path_in(state, "big");
    assert_ok(file_write_atomic(path, "12345", 5, &e), &e);
    assert_fails(file_read(path, 4, &text, &len, &e), &e, ERR_LIMIT, "larger than 4 bytes");
    assert_null(text);
    assert_fails(file_read("/dev/zero", 1 << 20, &text, &len, &e), &e, ERR_LIMIT, "/dev/zero");
    assert_fails(file_read(path_in(state, "none"), 4, &text, &len, &e), &e, ERR_NOT_FOUND, "none");
}

static void file_read_takes_files_whose_size_is_unknown(void **state)
{
    (void)state;
    struct err e = {0};
    char *text;
    size_t len;
    assert_ok(file_read("/proc/self/status", 1 << 20, &text, &len, &e), &e);
    assert_true(len > 100);
    free(text);
}

static void file_write_atomic_replaces_and_leaves_nothing_beside(void **state)
{
    struct err e = {0};
    char *text;
    size_t len;
    const char *folder = path_in(state, "atomic"), *path = path_in(state, "atomic/f");
    assert_ok(file_mkdirs(folder, &e), &e);
    assert_ok(file_write_atomic(path, "old", 3, &e), &e);
    assert_ok(file_write_atomic(path, "newer", 5, &e), &e);
    assert_ok(file_read(path, 100, &text, &len, &e), &e);
    assert_string_equal(text, "newer");
    free(text);
    assert_int_equal(count_entries(folder), 1);
}

static void file_write_atomic_keeps_the_old_file_where_it_fails(void **state)
{
    struct err e = {0};
    const char *folder = path_in(state, "kept"), *path = path_in(state, "kept/f");
    assert_ok(file_mkdirs(folder, &e), &e);
    assert_ok(file_mkdirs(path, &e), &e); /* a folder cannot be replaced by a file */
    assert_fails(file_write_atomic(path, "x", 1, &e), &e, ERR_IO, "renaming");
    assert_int_equal(count_entries(folder), 1);
    assert_fails(file_write_atomic(path_in(state, "no/such/f"), "x", 1, &e), &e, ERR_NOT_FOUND,
                 "no/such/f");
    assert_fails(file_write_atomic("/dev/full/x", "x", 1, &e), &e, ERR_IO, "/dev/full/x");
}

static void file_writer_abort_leaves_nothing(void **state)
{
    struct err e = {0};
    struct file_writer *w;
    const char *folder = path_in(state, "abort"), *path = path_in(state, "abort/f");
    assert_ok(file_mkdirs(folder, &e), &e);
    assert_ok(file_writer_open(path, &w, &e), &e);
    assert_ok(file_writer_append(w, "half", 4, &e), &e);
    assert_int_equal(count_entries(folder), 1);
    assert_false(file_exists(path));
    file_writer_abort(w);
    assert_int_equal(count_entries(folder), 0);
}

static void file_mkdirs_makes_parents_and_accepts_what_is_there(void **state)
{
    struct err e = {0};
    struct stat st;
    const char *path = path_in(state, "a/b/c");
    assert_ok(file_mkdirs(path, &e), &e);
    assert_ok(file_mkdirs(path, &e), &e);
    assert_ok(file_mkdirs(path_in(state, "a/b/c//"), &e), &e);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_ok(file_mkdirs("/", &e), &e);
    assert_ok(file_write_atomic(path_in(state, "a/file"), "", 0, &e), &e);
    assert_fails(file_mkdirs(path_in(state, "a/file"), &e), &e, ERR_IO, "a/file");
    assert_fails(file_mkdirs("", &e), &e, ERR_INVALID, "path");
}

static void file_remove_tree_never_follows_links(void **state)
{
    struct err e = {0};
    assert_ok(file_mkdirs(path_in(state, "precious"), &e), &e);
    assert_ok(file_write_atomic(path_in(state, "precious/f"), "x", 1, &e), &e);
    assert_ok(file_mkdirs(path_in(state, "tree/x/y"), &e), &e);
    assert_ok(file_write_atomic(path_in(state, "tree/x/f"), "x", 1, &e), &e);
    assert_int_equal(symlink(path_in(state, "precious"), path_in(state, "tree/x/link")), 0);
    assert_ok(file_remove_tree(path_in(state, "tree"), &e), &e);
    assert_false(file_exists(path_in(state, "tree")));
    assert_true(file_exists(path_in(state, "precious/f")));
    assert_ok(file_remove_tree(path_in(state, "tree"), &e), &e); /* absent is fine */
    assert_ok(file_remove_tree(path_in(state, "precious/f"), &e), &e);
    assert_false(file_exists(path_in(state, "precious/f")));
}

static void file_lock_folder_lets_one_in_at_a_time(void **state)
{
    struct err e = {0};
    int first = -1, second = -1;
    assert_ok(file_mkdirs(path_in(state, "locked"), &e), &e);
    assert_ok(file_lock_folder(path_in(state, "locked"), &first, &e), &e);
    assert_fails(file_lock_folder(path_in(state, "locked"), &second, &e), &e, ERR_CONFLICT,
                 "locked is in use by another process");
    assert_int_equal(second, -1);
    close(first);
    assert_ok(file_lock_folder(path_in(state, "locked"), &second, &e), &e);
    close(second);
    assert_fails(file_lock_folder(path_in(state, "absent"), &second, &e), &e, ERR_NOT_FOUND,
                 "absent/lock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_read_gives_back_what_was_written),
        cmocka_unit_test(file_read_refuses_more_than_its_limit),
        cmocka_unit_test(file_read_takes_files_whose_size_is_unknown),
        cmocka_unit_test(file_write_atomic_replaces_and_leaves_nothing_beside),
        cmocka_unit_test(file_write_atomic_keeps_the_old_file_where_it_fails),
        cmocka_unit_test(file_writer_abort_leaves_nothing),
        cmocka_unit_test(file_mkdirs_makes_parents_and_accepts_what_is_there),
        cmocka_unit_test(file_remove_tree_never_follows_links),
        cmocka_unit_test(file_lock_folder_lets_one_in_at_a_time),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
