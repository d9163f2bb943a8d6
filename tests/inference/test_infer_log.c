/*
 * test_infer_log.c - the observation log: sequence numbers, bounds, restarts, a full disk.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "observation_log.h"
#include "testing.h"

#define BIG ((uint64_t)1 << 30)

static struct observation_log *open_log(void **state, uint64_t max_bytes)
{
    struct observation_log *log;
    struct err e = {0};
    assert_ok(observation_log_open(path_in(state, "log"), max_bytes, &log, &e), &e);
    return log;
}

static enum err_code append(struct observation_log *log, int n, bool *first)
{
    char lines[4096];
    size_t len = 0;
    struct err e = {0};
    for (int i = 0; i < n; i++) {
        len += (size_t)snprintf(lines + len, sizeof lines - len, "\"id\":\"r#%d\",\"x\":[%d]}\n", i,
                                i);
    }
    return observation_log_append(log, lines, len, (size_t)n, first, &e);
}

/* Reads everything from seq `from` on in pages, checks that numbers have no holes; returns how
 * many. */
static uint64_t count_lines(struct observation_log *log, uint64_t from, size_t limit)
{
    uint64_t n = 0, next, expected = UINT64_MAX;
    struct err e = {0};
    for (;;) {
        struct buf page = BUF_INIT;
        assert_ok(observation_log_read(log, from, limit, &page, &next, &e), &e);
        for (char *p = page.data; p && *p; p = strchr(p, '\n') + 1) {
            uint64_t seq;
            assert_int_equal(sscanf(p, "{\"seq\":%" SCNu64 ",", &seq), 1);
            if (expected != UINT64_MAX && seq != expected) {
                fail_msg("expected sequence number %" PRIu64 ", got %" PRIu64, expected, seq);
            }
            expected = seq + 1;
            n++;
        }
        bool empty = page.len == 0;
        buf_free(&page);
        if (empty) {
            return n;
        }
        assert_int_equal(next, expected);
        from = next;
    }
}

static void lines_are_json_with_ascending_numbers(void **state)
{
    struct observation_log *log = open_log(state, BIG);
    struct buf page = BUF_INIT;
    struct err e = {0};
    uint64_t next;
    assert_int_equal(append(log, 2, NULL), ERR_OK);
    assert_int_equal(append(log, 1, NULL), ERR_OK);
    assert_ok(observation_log_read(log, 0, 100, &page, &next, &e), &e);
    assert_string_equal(page.data, "{\"seq\":0,\"id\":\"r#0\",\"x\":[0]}\n"
                                   "{\"seq\":1,\"id\":\"r#1\",\"x\":[1]}\n"
                                   "{\"seq\":2,\"id\":\"r#0\",\"x\":[0]}\n");
    assert_int_equal(next, 3);
    buf_free(&page);
    observation_log_close(log);
}

static void pages_of_any_size_give_every_line_once(void **state)
{
    struct observation_log *log = open_log(state, BIG);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(append(log, 1 + i % 5, NULL), ERR_OK);
    }
    static const size_t limits[] = {1, 7, 100, 10000};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(count_lines(log, 0, limits[i]), 1500);
    }
    assert_int_equal(count_lines(log, 1499, 10), 1);
    assert_int_equal(count_lines(log, 1500, 10), 0);
    assert_int_equal(count_lines(log, 99999, 10), 0);
    observation_log_close(log);
}

static void a_restart_goes_on_where_it_was(void **state)
{
    struct observation_log_info before, after;
    struct observation_log *log = open_log(state, BIG);
    append(log, 5, NULL);
    observation_log_info(log, &before);
    observation_log_close(log);
    log = open_log(state, BIG);
    observation_log_info(log, &after);
    assert_string_equal(before.id, after.id);
    assert_int_equal(after.next_seq, 5);
    assert_int_equal(after.bytes, before.bytes);
    append(log, 1, NULL);
    assert_int_equal(count_lines(log, 0, 100), 6);
    observation_log_close(log);
}

/* Cuts the file at every length: what is kept are the whole lines, and numbering goes on behind
 * them. */
static void a_torn_last_line_is_cut_off(void **state)
{
    struct observation_log *log = open_log(state, BIG);
    append(log, 3, NULL);
    observation_log_close(log);
    char path[512], *whole;
    snprintf(path, sizeof path, "%s", path_in(state, "log/00000000000000000000.ndjson"));
    size_t len;
    struct err e = {0};
    assert_ok(file_read(path, 4096, &whole, &len, &e), &e);
    for (size_t cut = 0; cut <= len; cut++) {
        uint64_t want = 0;
        for (size_t i = 0; i < cut; i++) {
            want += whole[i] == '\n';
        }
        assert_ok(file_write_atomic(path, whole, cut, &e), &e);
        log = open_log(state, BIG);
        struct observation_log_info info;
        observation_log_info(log, &info);
        assert_int_equal(info.next_seq, want);
        assert_int_equal(append(log, 1, NULL), ERR_OK);
        assert_int_equal(count_lines(log, 0, 100), want + 1);
        observation_log_close(log);
    }
    free(whole);
}

static void the_oldest_go_first_and_are_counted(void **state)
{
    struct observation_log_info info;
    struct observation_log *log = open_log(state, 65536);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(append(log, 1, NULL), ERR_OK);
        observation_log_info(log, &info);
        assert_true(info.bytes <= 65536);
    }
    assert_int_equal(info.next_seq, 10000);
    assert_true(info.first_seq > 0);
    assert_int_equal(info.dropped, info.first_seq);
    assert_int_equal(count_lines(log, 0, 777), 10000 - info.first_seq);
    observation_log_close(log);
    struct observation_log_info again;
    log = open_log(state, 65536);
    observation_log_info(log, &again);
    assert_int_equal(again.dropped, info.dropped);
    assert_int_equal(again.next_seq, 10000);
    observation_log_close(log);
}

/* RLIMIT_FSIZE stands for the full disk: write(2) stops at half a line, as there. */
static void a_full_disk_loses_rows_and_counts_them(void **state)
{
    struct observation_log_info info;
    struct rlimit old, tight;
    bool first;
    struct observation_log *log = open_log(state, BIG);
    append(log, 3, NULL);
    observation_log_info(log, &info);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = (struct rlimit){info.bytes + 10, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    assert_int_not_equal(append(log, 2, &first), ERR_OK);
    assert_true(first);
    assert_int_not_equal(append(log, 2, &first), ERR_OK);
    assert_false(first); /* said once */
    observation_log_info(log, &info);
    assert_true(info.failing);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(info.dropped, 4);
    assert_int_equal(info.next_seq, 3);
    assert_int_equal(append(log, 1, &first), ERR_OK);
    assert_int_equal(count_lines(log, 0, 100), 4);
    observation_log_close(log);
    log = open_log(state, BIG);
    observation_log_info(log, &info);
    assert_int_equal(info.dropped, 4); /* kept over the restart */
    assert_false(info.failing);
    observation_log_close(log);
}

static void a_batch_over_the_bound_is_lost_not_written(void **state)
{
    struct observation_log *log = open_log(state, 65536);
    char *line = malloc(70001);
    memset(line, 'x', 70000);
    memcpy(line, "\"id\":\"", 6);
    memcpy(line + 69997, "\"}\n", 4);
    struct err e = {0};
    append(log, 1, NULL);
    assert_fails(observation_log_append(log, line, 70000, 1, NULL, &e), &e, ERR_LIMIT, "65536");
    assert_int_equal(count_lines(log, 0, 10), 1);
    free(line);
    observation_log_close(log);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_test_folder, remove_test_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_are_json_with_ascending_numbers),
        TEST(pages_of_any_size_give_every_line_once),
        TEST(a_restart_goes_on_where_it_was),
        TEST(a_torn_last_line_is_cut_off),
        TEST(the_oldest_go_first_and_are_counted),
        TEST(a_full_disk_loses_rows_and_counts_them),
        TEST(a_batch_over_the_bound_is_lost_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
