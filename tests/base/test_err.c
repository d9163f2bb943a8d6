/* test_err.c - codes, statuses and messages. */
#include "testing.h"

#include <errno.h>

static void err_set_fills_code_and_message(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_set(&e, ERR_BUSY, "%d of %d", 3, 4), ERR_BUSY);
    assert_int_equal(e.code, ERR_BUSY);
    assert_string_equal(e.message, "3 of 4");
}

static void err_functions_accept_null(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_IO, "x"), ERR_IO);
    assert_int_equal(err_set_errno(NULL, ENOSPC, "x"), ERR_NO_SPACE);
    assert_int_not_equal(err_prefix(NULL, "x"), ERR_OK);
}

static void err_message_too_long_is_cut_and_terminated(void **state)
{
    (void)state;
    struct err e;
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&e, ERR_IO, "%s", text);
    assert_int_equal(strlen(e.message), sizeof e.message - 1);
    err_prefix(&e, "%s", text);
    assert_int_equal(strlen(e.message), sizeof e.message - 1);
}

static void err_prefix_keeps_code_and_message(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, ERR_NOT_FOUND, "no such key");
    assert_int_equal(err_prefix(&e, "file %s", "a.json"), ERR_NOT_FOUND);
    assert_string_equal(e.message, "file a.json: no such key");
}

static void err_set_may_quote_its_own_message(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, ERR_IO, "inner");
    err_set(&e, ERR_BUSY, "outer (%s)", e.message);
    assert_string_equal(e.message, "outer (inner)");
}

static void errno_maps_to_the_code_a_caller_can_act_on(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(err_set_errno(&e, ENOENT, "open %s", "f"), ERR_NOT_FOUND);
    assert_string_equal(e.message, "open f: No such file or directory");
    assert_int_equal(err_set_errno(&e, ENOSPC, "w"), ERR_NO_SPACE);
    assert_int_equal(err_set_errno(&e, EDQUOT, "w"), ERR_NO_SPACE);
    assert_int_equal(err_set_errno(&e, ENOMEM, "w"), ERR_NOMEM);
    assert_int_equal(err_set_errno(&e, EACCES, "w"), ERR_IO);
}

static void every_code_has_text_and_status(void **state)
{
    (void)state;
    for (int code = ERR_OK; code <= ERR_INTERNAL; code++) {
        assert_true(strlen(err_code_text((enum err_code)code)) > 0);
        int status = err_http_status((enum err_code)code);
        assert_in_range(status, 200, 599);
    }
    assert_int_equal(err_http_status(ERR_NOT_FOUND), 404);
    assert_int_equal(err_http_status(ERR_NO_SPACE), 507);
    assert_int_equal(err_http_status((enum err_code)9999), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(err_set_fills_code_and_message),
        cmocka_unit_test(err_functions_accept_null),
        cmocka_unit_test(err_message_too_long_is_cut_and_terminated),
        cmocka_unit_test(err_prefix_keeps_code_and_message),
        cmocka_unit_test(err_set_may_quote_its_own_message),
        cmocka_unit_test(errno_maps_to_the_code_a_caller_can_act_on),
        cmocka_unit_test(every_code_has_text_and_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
