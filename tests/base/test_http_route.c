/*
 * test_http_route.c - matching is pure: tables of paths and what they mean.
 */
#include "testing.h"

#include "../../base/http_server/http_route.h"

static void nothing(struct http_request *r, void *user)
{
    (void)r;
    (void)user;
}

static const struct http_route routes[] = {
    {.method = "GET", .pattern = "/", .handler = nothing},
    {.method = "GET", .pattern = "/v1/runs/latest", .handler = nothing},
    {.method = "GET", .pattern = "/v1/runs/:id", .handler = nothing},
    {.method = "DELETE", .pattern = "/v1/runs/:id", .handler = nothing},
    {.method = "POST", .pattern = "/v1/models/:model/versions/:version", .handler = nothing},
    {.method = "GET", .pattern = "/assets/...", .handler = nothing},
    {0},
};

static enum route_outcome find(const char *method, const char *path, struct route_match *m)
{
    static char scratch[512];
    return route_find(routes, method, path, scratch, m);
}

static void paths_find_their_route(void **state)
{
    static const struct {
        const char *method, *path;
        enum route_outcome outcome;
        const char *pattern;
    } cases[] = {
        {"GET", "/", ROUTE_FOUND, "/"},
        {"GET", "/v1/runs/latest", ROUTE_FOUND, "/v1/runs/latest"},
        {"GET", "/v1/runs/r-7", ROUTE_FOUND, "/v1/runs/:id"},
        {"HEAD", "/v1/runs/r-7", ROUTE_FOUND, "/v1/runs/:id"},
        {"DELETE", "/v1/runs/latest", ROUTE_FOUND, "/v1/runs/:id"},
        {"GET", "/v1/runs/", ROUTE_NO_PATH, NULL},
        {"GET", "/v1/runs", ROUTE_NO_PATH, NULL},
        {"GET", "/v1/runs/r-7/", ROUTE_NO_PATH, NULL},
        {"GET", "/v1/runs/r-7/x", ROUTE_NO_PATH, NULL},
        {"GET", "//v1/runs/r-7", ROUTE_NO_PATH, NULL},
        {"GET", "*", ROUTE_NO_PATH, NULL},
        {"GET", "http://h/v1/runs/1", ROUTE_NO_PATH, NULL},
        {"GET", "", ROUTE_NO_PATH, NULL},
        {"POST", "/v1/runs/r-7", ROUTE_NO_METHOD, NULL},
        {"get", "/v1/runs/r-7", ROUTE_NO_METHOD, NULL},
        {"HEAD", "/v1/models/m/versions/v", ROUTE_NO_METHOD, NULL},
        {"GET", "/assets/", ROUTE_FOUND, "/assets/..."},
        {"GET", "/assets", ROUTE_NO_PATH, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct route_match m;
        enum route_outcome got = find(cases[i].method, cases[i].path, &m);
        if (got != cases[i].outcome)
            fail_msg("%s %s: expected %d, got %d", cases[i].method, cases[i].path, cases[i].outcome,
                     got);
        if (got == ROUTE_FOUND)
            assert_string_equal(m.route->pattern, cases[i].pattern);
    }
}

static void expect_param(const struct route_match *m, size_t i, const char *name, const char *value)
{
    assert_true(i < m->n_params);
    assert_int_equal(m->params[i].name_len, strlen(name));
    assert_memory_equal(m->params[i].name, name, strlen(name));
    assert_string_equal(m->params[i].value, value);
}

static void parameters_are_decoded_after_the_split(void **state)
{
    struct route_match m;
    (void)state;
    assert_int_equal(find("POST", "/v1/models/a%20b%3Fc/versions/%C3%BC", &m), ROUTE_FOUND);
    expect_param(&m, 0, "model", "a b?c");
    expect_param(&m, 1, "version", "\xc3\xbc");
    assert_int_equal(find("GET", "/assets/js/u%70lot.js", &m), ROUTE_FOUND);
    expect_param(&m, 0, "...", "js/uplot.js");
    assert_int_equal(find("GET", "/assets/", &m), ROUTE_FOUND);
    expect_param(&m, 0, "...", "");
}

static void unsafe_parameters_are_refused(void **state)
{
    static const char *const paths[] = {
        "/v1/runs/%2e%2e",     "/v1/runs/..",           "/v1/runs/.",       "/v1/runs/a%2Fb",
        "/v1/runs/a%2fb",      "/v1/runs/a%5Cb",        "/v1/runs/%00",     "/v1/runs/a%00",
        "/v1/runs/%",          "/v1/runs/%2",           "/v1/runs/%zz",     "/v1/runs/a%2",
        "/assets/../x",        "/assets/a/../../x",     "/assets/%2e%2e/x", "/assets/a/%2e%2e",
        "/assets/..%2fsecret", "/assets/a//b",          "/assets//etc",     "/assets/%2fetc",
        "/assets/a/.",         "/assets/..%5c..%5cwin",
    };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct route_match m;
        enum route_outcome got = find("GET", paths[i], &m);
        if (got != ROUTE_BAD_PATH)
            fail_msg("%s: expected %d, got %d", paths[i], ROUTE_BAD_PATH, got);
    }
}

static void allow_lists_each_method_once(void **state)
{
    char allowed[64], small[8];
    (void)state;
    route_allowed(routes, "/v1/runs/latest", allowed, sizeof allowed);
    assert_string_equal(allowed, "GET, HEAD, DELETE");
    route_allowed(routes, "/nowhere", allowed, sizeof allowed);
    assert_string_equal(allowed, "");
    route_allowed(routes, "/v1/runs/latest", small, sizeof small);
    assert_string_equal(small, "GET");
}

static void patterns_are_checked(void **state)
{
    (void)state;
    assert_true(route_pattern_valid("/"));
    assert_true(route_pattern_valid("/a/:b/..."));
    assert_false(route_pattern_valid("a"));
    assert_false(route_pattern_valid(""));
    assert_false(route_pattern_valid("/a/:"));
    assert_false(route_pattern_valid("/:a/:b/:c/:d/:e/:f/:g/:h/:i"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_find_their_route),
        cmocka_unit_test(parameters_are_decoded_after_the_split),
        cmocka_unit_test(unsafe_parameters_are_refused),
        cmocka_unit_test(allow_lists_each_method_once),
        cmocka_unit_test(patterns_are_checked),
    };
    return cmocka_run_group_tests_name("http_route", tests, NULL, NULL);
}
