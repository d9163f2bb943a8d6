/* test_suggest.c - slips of the fingers are recognised, other words are left alone. */
#include "testing.h"

#include "base/suggest.h"

static const char *nearest(const char *word)
{
    static const char *const known[] = {"weight", "window", "threshold", "min_rows", "on"};
    struct suggest s = suggest_start(word);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        suggest_add(&s, known[i]);
    }
    return suggest_best(&s);
}

static void suggest_finds_the_nearest_name(void **state)
{
    (void)state;
    assert_string_equal(nearest("wieght"), "weight"); /* swapped */
    assert_string_equal(nearest("wndow"), "window");  /* lost */
    assert_string_equal(nearest("treshhold"), "threshold");
    assert_string_equal(nearest("min-rows"), "min_rows"); /* replaced */
}

static void suggest_is_silent_about_other_words(void **state)
{
    (void)state;
    assert_null(nearest("banana"));
    assert_null(nearest(""));
    assert_null(nearest("x"));
    char longer[300];
    memset(longer, 'w', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_null(nearest(longer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggest_finds_the_nearest_name),
        cmocka_unit_test(suggest_is_silent_about_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
