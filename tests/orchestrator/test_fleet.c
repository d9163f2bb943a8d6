/* test_fleet.c - file_sd texts to addresses, and what is said of bad ones; the file watched on a
 * loop. */
#include "store_fixture.h"

#include "fleet.h"

static struct fleet_targets parse(const char *text)
{
    struct fleet_targets t = {0};
    assert_ok(fleet_parse("fleet", text, strlen(text), &t, e));
    return t;
}

static void targets_come_in_file_order_and_once(void **state)
{
    (void)state;
    struct fleet_targets t = parse(
        "[{\"targets\": [\"127.0.0.1:8001\", \"https://r2:8443/\"], \"labels\": {\"zone\": \"a\"}},"
        " {\"targets\": [\"http://127.0.0.1:8001\", \"r3:80\"]}]");
    assert_int_equal(t.n, 3);
    assert_string_equal(t.urls[0], "http://127.0.0.1:8001");
    assert_string_equal(t.urls[1], "https://r2:8443");
    assert_string_equal(t.urls[2], "http://r3:80");
    fleet_targets_free(&t);
}

static void yaml_is_read_too(void **state)
{
    (void)state;
    struct fleet_targets t = parse("- targets:\n    - a:1\n    - b:2\n- targets: []\n");
    assert_int_equal(t.n, 2);
    assert_string_equal(t.urls[1], "http://b:2");
    fleet_targets_free(&t);
}

static void an_empty_list_is_an_empty_fleet(void **state)
{
    (void)state;
    struct fleet_targets t = parse("[]");
    assert_int_equal(t.n, 0);
    fleet_targets_free(&t);
}

static void bad_files_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *text, *place;
    } bad[] = {
        {"{\"targets\": [\"a:1\"]}", "fleet:1:1"},
        {"[\"a:1\"]", "fleet:1:2"},
        {"[{\"labels\": {}}]", "fleet:1:2"},
        {"[{\"targets\": \"a:1\"}]", "fleet:1:"},
        {"[{\"targets\": [\"a:1\",\n {\"b\": 2}]}]", "fleet:2:"},
        {"[{\"targets\": [\"\"]}]", "fleet:1:"},
        {"[{\"targets\": [\"ftp://a:1\"]}]", "fleet:1:"},
        {"[{\"targets\": [\"http://\"]}]", "fleet:1:"},
        {"[{\"targets\": [\"a b\"]}]", "fleet:1:"},
        {"[{", "fleet:"},
        {"", "fleet:"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct fleet_targets t = {0};
        struct err e = {0};
        enum err_code rc = fleet_parse("fleet", bad[i].text, strlen(bad[i].text), &t, &e);
        if (rc == ERR_OK || strncmp(e.message, bad[i].place, strlen(bad[i].place)) != 0)
            print_error("%s: %s: expected an error at %s\n", bad[i].text, e.message, bad[i].place);
        assert_int_not_equal(rc, ERR_OK);
        assert_memory_equal(e.message, bad[i].place, strlen(bad[i].place));
        assert_null(t.urls);
    }
}

static void a_target_too_long_is_refused(void **state)
{
    char text[400] = "[{\"targets\": [\"";
    struct fleet_targets t = {0};
    (void)state;
    memset(text + strlen(text), 'a', 310);
    strcpy(text + 15 + 310, "\"]}]");
    assert_int_equal(fleet_parse("fleet", text, strlen(text), &t, NULL), ERR_LIMIT);
}

/* ---- watched ---- */

struct seen {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct fleet *fleet;
    int n_changes, n_problems;
    size_t n_targets;
    char problem[512];
    bool late;
};

static void on_changed(const struct fleet_targets *t, void *user)
{
    struct seen *s = user;
    s->n_changes++;
    s->n_targets = t->n;
}

static void on_problem(const char *message, void *user)
{
    struct seen *s = user;
    s->n_problems++;
    snprintf(s->problem, sizeof(s->problem), "%s", message ? message : "");
}

static void on_late(uv_timer_t *timer)
{
    struct seen *s = timer->data;
    s->late = true;
}

static void await(struct seen *s, const int *what, int at_least)
{
    s->late = false;
    uv_timer_start(&s->deadline, on_late, 10000, 0);
    while (*what < at_least && !s->late)
        uv_run(&s->loop, UV_RUN_ONCE);
    assert_false(s->late);
}

static void write_file(const char *path, const char *text)
{
    assert_ok(file_write_atomic(path, text, strlen(text), e));
}

static void a_broken_file_leaves_the_fleet_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    char path[128];
    snprintf(path, sizeof(path), "%s/fleet.json", f->folder);
    uv_loop_init(&s.loop);
    uv_timer_init(&s.loop, &s.deadline);
    s.deadline.data = &s;
    assert_ok(fleet_open(&s.loop, path, on_changed, on_problem, &s, &s.fleet, e));
    assert_int_equal(s.n_problems, 1); /* absent */
    assert_non_null(strstr(s.problem, "fleet.json"));
    write_file(path, "[{\"targets\": [\"a:1\", \"b:1\"]}]");
    await(&s, &s.n_changes, 1);
    assert_int_equal(s.n_targets, 2);
    assert_string_equal(s.problem, "");
    write_file(path, "[{\"targets\": ");
    await(&s, &s.n_problems, 3);
    assert_true(s.problem[0] != '\0');
    assert_int_equal(s.n_changes, 1);
    write_file(path, "[{\"targets\": [\"a:1\"]}]");
    await(&s, &s.n_changes, 2);
    assert_int_equal(s.n_targets, 1);
    fleet_close(s.fleet);
    uv_close((uv_handle_t *)&s.deadline, NULL);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_come_in_file_order_and_once),
        cmocka_unit_test(yaml_is_read_too),
        cmocka_unit_test(an_empty_list_is_an_empty_fleet),
        cmocka_unit_test(bad_files_are_refused_with_their_place),
        cmocka_unit_test(a_target_too_long_is_refused),
        store_test(a_broken_file_leaves_the_fleet_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
