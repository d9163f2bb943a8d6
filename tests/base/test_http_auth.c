/*
 * test_http_auth.c - the token file and the origin check, without a server.
 */
#include "testing.h"

#include "../../base/http_server/http_auth.h"

static enum err_code load(void **state, const char *text, struct http_auth **out, struct err *e)
{
    const char *path = path_in(state, "tokens");
    assert_ok(file_write_atomic(path, text, strlen(text), e), e);
    return http_auth_load(path, out, e);
}

static void tokens_name_their_owner_and_role(void **state)
{
    struct http_auth *a;
    struct err e;
    const char *name;
    enum http_role role;
    assert_ok(load(state,
                   "# who may ask\n\n  ann operator\t0123456789abcdef\r\n"
                   "grafana viewer fedcba9876543210\n",
                   &a, &e),
              &e);
    assert_ok(http_auth_identify(a, "Bearer 0123456789abcdef", &name, &role, &e), &e);
    assert_string_equal(name, "ann");
    assert_int_equal(role, HTTP_OPERATOR);
    assert_ok(http_auth_identify(a, "bearer  fedcba9876543210", &name, &role, &e), &e);
    assert_string_equal(name, "grafana");
    assert_int_equal(role, HTTP_VIEWER);
    http_auth_free(a);
}

static void other_tokens_are_nobody(void **state)
{
    static const char *const bad[] = {"Bearer 0123456789abcdeF", "Bearer ",
                                      "Bearer 0123456789abcdef ", "Basic 0123456789abcdef", ""};
    struct http_auth *a;
    struct err e;
    const char *name;
    enum http_role role;
    assert_ok(load(state, "ann operator 0123456789abcdef", &a, &e), &e);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(http_auth_identify(a, bad[i], &name, &role, &e), &e, ERR_UNAUTHORIZED,
                     "token");
    assert_fails(http_auth_identify(a, NULL, &name, &role, &e), &e, ERR_UNAUTHORIZED, "Bearer");
    http_auth_free(a);
}

static void mistakes_in_the_file_are_named(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "no token in it"},
        {"# only a comment\n", "no token in it"},
        {"ann operator\n", "tokens:1: expected NAME ROLE TOKEN"},
        {"\nann operator 0123456789abcdef more\n", "tokens:2: expected NAME ROLE TOKEN"},
        {"ann root 0123456789abcdef\n", "expected role viewer or operator, got \"root\""},
        {"ann viewer short\n", "16 characters or more, got 5"},
        {"a/b viewer 0123456789abcdef\n", "expected a name"},
    };
    struct http_auth *a;
    struct err e;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum err_code code = load(state, cases[i].text, &a, &e);
        if (code == ERR_OK || strstr(e.message, cases[i].message) == NULL)
            fail_msg("expected \"%s\", got %d \"%s\"", cases[i].message, code, e.message);
    }
    assert_fails(http_auth_load(path_in(state, "absent"), &a, &e), &e, ERR_NOT_FOUND, "absent");
}

static void foreign_pages_cannot_drive_a_server_without_tokens(void **state)
{
    (void)state;
    assert_true(http_origin_allowed(NULL, "127.0.0.1:8080", true));
    assert_true(http_origin_allowed("http://127.0.0.1:8080", "127.0.0.1:8080", true));
    assert_true(http_origin_allowed("http://localhost:8080", "localhost:8080", true));
    assert_true(http_origin_allowed("http://[::1]:8080", "[::1]:8080", true));
    assert_true(http_origin_allowed("https://ops.example:1", "ops.example:1", false));
    assert_false(http_origin_allowed("http://evil.example", "127.0.0.1:8080", true));
    assert_false(http_origin_allowed("http://127.0.0.1:9999", "127.0.0.1:8080", true));
    assert_false(http_origin_allowed("null", "127.0.0.1:8080", true));
    assert_false(http_origin_allowed("http://evil.example:8080", "evil.example:8080", true));
    assert_false(http_origin_allowed("http://127.evil.example", "127.evil.example", true));
    assert_false(http_origin_allowed("http://127.0.0.1", NULL, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_name_their_owner_and_role),
        cmocka_unit_test(other_tokens_are_nobody),
        cmocka_unit_test(mistakes_in_the_file_are_named),
        cmocka_unit_test(foreign_pages_cannot_drive_a_server_without_tokens),
    };
    return cmocka_run_group_tests_name("http_auth", tests, make_test_folder, remove_test_folder);
}
