/* test_log.c - lines of logfmt, caught on their way to stderr. */
#include "testing.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

/* Runs body with stderr going to a file; the text written is in `out`. */
#define CAPTURE(out, body)                                                                         \
    do {                                                                                           \
        FILE *file = tmpfile();                                                                    \
        assert_non_null(file);                                                                     \
        int saved = dup(STDERR_FILENO);                                                            \
        dup2(fileno(file), STDERR_FILENO);                                                         \
        body;                                                                                      \
        dup2(saved, STDERR_FILENO);                                                                \
        close(saved);                                                                              \
        rewind(file);                                                                              \
        size_t n_read = fread(out, 1, sizeof out - 1, file);                                       \
        out[n_read] = '\0';                                                                        \
        fclose(file);                                                                              \
    } while (0)

static void log_writes_one_line_of_logfmt(void **state)
{
    (void)state;
    char out[1024];
    CAPTURE(out, log_info("run_started", LOG_S("run", "r-7"), LOG_I("rows", 5), LOG_F("psi", 0.31),
                          LOG_B("manual", true)));
    assert_memory_equal(out, "ts=20", 5);
    const char *rest = strchr(out, ' ');
    assert_string_equal(rest,
                        " level=info event=run_started run=r-7 rows=5 psi=0.31 manual=true\n");
}

static void log_escapes_what_would_break_a_line(void **state)
{
    (void)state;
    char out[1024];
    CAPTURE(out, log_warn("odd", LOG_S("a", "two words"), LOG_S("b", "x\"y\\z\n\t\x01"),
                          LOG_S("c", NULL), LOG_S("d", "k=v"), LOG_S("e", "gr\xc3\xbc\xc3\x9f")));
    const char *rest = strchr(out, ' ');
    assert_string_equal(rest,
                        " level=warn event=odd a=\"two words\" b=\"x\\\"y\\\\z\\n\\t\\u0001\" "
                        "c=\"\" d=\"k=v\" e=gr\xc3\xbc\xc3\x9f\n");
}

static void log_stays_silent_below_its_level(void **state)
{
    (void)state;
    char out[1024];
    CAPTURE(out, log_debug("quiet", LOG_I("n", 1)));
    assert_string_equal(out, "");
    log_set_level(LOG_ERROR);
    CAPTURE(out, log_warn("quiet", LOG_I("n", 1)));
    assert_string_equal(out, "");
    log_set_level(LOG_DEBUG);
    CAPTURE(out, log_debug("loud", LOG_I("n", 1)));
    assert_non_null(strstr(out, "event=loud n=1\n"));
    log_set_level(LOG_INFO);
}

static void log_cuts_a_line_too_long_and_says_so(void **state)
{
    (void)state;
    char out[8192], text[6000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CAPTURE(out, log_info("long", LOG_S("text", text), LOG_I("after", 1)));
    size_t len = strlen(out);
    assert_true(len <= 4096);
    assert_string_equal(out + len - 5, "a...\n");
}

static void log_level_is_read_by_name(void **state)
{
    (void)state;
    enum log_level level = LOG_INFO;
    assert_true(log_level_parse("error", &level));
    assert_int_equal(level, LOG_ERROR);
    assert_false(log_level_parse("loud", &level));
    assert_int_equal(level, LOG_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_writes_one_line_of_logfmt),
        cmocka_unit_test(log_escapes_what_would_break_a_line),
        cmocka_unit_test(log_stays_silent_below_its_level),
        cmocka_unit_test(log_cuts_a_line_too_long_and_says_so),
        cmocka_unit_test(log_level_is_read_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
