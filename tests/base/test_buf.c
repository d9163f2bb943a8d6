/* test_buf.c - growth, the terminator, and failure that sticks. */
#include "testing.h"

#include "base/buf.h"

static void buf_builds_text_piece_by_piece(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_puts(&b, "a");
    buf_append(&b, "\0b", 2);
    buf_printf(&b, "%d-%s", 7, "c");
    assert_int_equal(b.len, 6);
    assert_memory_equal(b.data, "a\0b7-c", 7);
    buf_free(&b);
    assert_null(b.data);
}

static void buf_grows_over_many_appends(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (int i = 0; i < 100000; i++) {
        buf_printf(&b, "%05d", i);
    }
    assert_int_equal(b.len, 500000);
    assert_memory_equal(b.data + 5 * 99999, "99999", 6);
    buf_free(&b);
}

static void buf_take_gives_the_data_away(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    size_t len = 99;
    buf_puts(&b, "xyz");
    char *text = buf_take(&b, &len);
    assert_string_equal(text, "xyz");
    assert_int_equal(len, 3);
    assert_null(b.data);
    free(text);
}

static void buf_take_of_nothing_is_an_empty_text(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    char *text = buf_take(&b, NULL);
    assert_string_equal(text, "");
    free(text);
}

static void buf_failure_sticks_until_cleared(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_puts(&b, "kept");
    buf_append(&b, NULL, SIZE_MAX / 2); /* refused before anything is copied */
    assert_true(buf_failed(&b));
    buf_puts(&b, "ignored");
    assert_int_equal(b.len, 4);
    size_t len = 99;
    struct buf copy = b;
    assert_null(buf_take(&copy, &len));
    assert_int_equal(len, 0);
}

static void buf_clear_keeps_the_memory(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_puts(&b, "something");
    size_t cap = b.cap;
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    assert_int_equal(b.cap, cap);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_builds_text_piece_by_piece),
        cmocka_unit_test(buf_grows_over_many_appends),
        cmocka_unit_test(buf_take_gives_the_data_away),
        cmocka_unit_test(buf_take_of_nothing_is_an_empty_text),
        cmocka_unit_test(buf_failure_sticks_until_cleared),
        cmocka_unit_test(buf_clear_keeps_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
