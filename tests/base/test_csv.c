/* test_csv.c - RFC 4180's corners, gzip, limits and places in errors. */
#include "testing.h"

#include <math.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/csv.h"

/* Writes text to a file of the test folder and opens it. */
static enum err_code open_bytes(void **state, const char *text, size_t len, struct csv **c,
                                struct err *e)
{
    const char *path = path_in(state, "t.csv");
    assert_ok(file_write_atomic(path, text, len, e), e);
    return csv_open(path, c, e);
}

static struct csv *open_text(void **state, const char *text)
{
    struct err e = {0};
    struct csv *c = NULL;
    assert_ok(open_bytes(state, text, strlen(text), &c, &e), &e);
    return c;
}

/* Reads everything: fields joined by '|', rows ended by '\n'. */
static char *read_all(struct csv *c)
{
    struct err e = {0};
    struct buf b = BUF_INIT;
    const char *const *fields;
    bool more = true;
    while (more) {
        assert_ok(csv_next(c, &fields, &more, &e), &e);
        for (size_t i = 0; more && i < csv_n_columns(c); i++) {
            buf_printf(&b, "%s%s", fields[i], i + 1 < csv_n_columns(c) ? "|" : "\n");
        }
    }
    return buf_take(&b, NULL);
}

static void reads_as(void **state, const char *text, const char *want)
{
    struct csv *c = open_text(state, text);
    char *got = read_all(c);
    if (strcmp(got, want) != 0) {
        fail_msg("%s\n  expected: %s\n  got:      %s", text, want, got);
    }
    free(got);
    csv_close(c);
}

static void csv_reads_plain_rows(void **state)
{
    struct csv *c = open_text(state, "a,b,c\n1,2,3\nx,,z\n");
    assert_int_equal(csv_n_columns(c), 3);
    assert_string_equal(csv_column(c, 1), "b");
    assert_null(csv_column(c, 3));
    assert_int_equal(csv_find_column(c, "c"), 2);
    assert_int_equal(csv_find_column(c, "C"), -1);
    char *got = read_all(c);
    assert_string_equal(got, "1|2|3\nx||z\n");
    assert_int_equal(csv_row_number(c), 2);
    assert_true(csv_progress(c) == 1);
    free(got);
    csv_close(c);
}

static void csv_reads_the_corners_of_rfc4180(void **state)
{
    reads_as(state, "a,b\r\n1,2\r\n3,4", "1|2\n3|4\n");
    reads_as(state, "a,b\n\"x, y\",\"say \"\"hi\"\"\"\n", "x, y|say \"hi\"\n");
    reads_as(state, "a,b\n\"two\nlines\",\"and\r\nmore\"\n1,2\n", "two\nlines|and\r\nmore\n1|2\n");
    reads_as(state,
             "\xef\xbb\xbf"
             "a,b\n1,2\n",
             "1|2\n");
    reads_as(state, "a,b\n\n1,2\r\n\r\n\n3,4\n\n", "1|2\n3|4\n");
    reads_as(state, "a\n\"\"\n1\n", "\n1\n");
    reads_as(state, "a,b\n5\" pipe,6\"\n", "5\" pipe|6\"\n");
    reads_as(state, "a,b\n1,\"\"\r\n", "1|\n");
    reads_as(state, "a,b\n1,\"x\"", "1|x\n");
    reads_as(state, "a,b\n1,", "1|\n");
    reads_as(state, "a,b", "");
    reads_as(state, "\"a\nb\",c\n1,2\n", "1|2\n");
}

static void csv_errors_name_file_line_and_column(void **state)
{
    struct err e = {0};
    const char *const *fields;
    bool more;
    struct csv *c = open_text(state, "a,b\n\"x\ny\",1\n1,2,3\n");
    assert_ok(csv_next(c, &fields, &more, &e), &e);
    assert_fails(csv_next(c, &fields, &more, &e), &e, ERR_PARSE,
                 "t.csv:4:1: expected 2 fields as in the header, got 3");
    csv_close(c);
    c = open_text(state, "a,b\n1,2\n\"x\"y,1\n");
    assert_ok(csv_next(c, &fields, &more, &e), &e);
    assert_fails(csv_next(c, &fields, &more, &e), &e, ERR_PARSE, "t.csv:3:4: expected a comma");
    csv_close(c);
    c = open_text(state, "a,b\n1,\"never\nends\n");
    assert_fails(csv_next(c, &fields, &more, &e), &e, ERR_PARSE,
                 "t.csv:2:3: a quoted field that begins here never ends");
    csv_close(c);
    c = NULL;
    assert_fails(open_bytes(state, "a,a\n", 4, &c, &e), &e, ERR_PARSE,
                 "t.csv:1:1: column \"a\" is there twice");
    assert_fails(open_bytes(state, "", 0, &c, &e), &e, ERR_PARSE, "the file is empty");
    assert_fails(open_bytes(state, "a\0b\n", 4, &c, &e), &e, ERR_PARSE, "t.csv:1:2: a NUL byte");
    assert_fails(csv_open(path_in(state, "none.csv"), &c, &e), &e, ERR_NOT_FOUND, "none.csv");
    assert_fails(csv_open((const char *)*state, &c, &e), &e, ERR_IO, "it is a folder");
    assert_null(c);
}

static void csv_bounds_fields_and_rows(void **state)
{
    struct err e = {0};
    struct csv *c = NULL;
    struct buf b = BUF_INIT;
    for (int i = 0; i < 4097; i++) {
        buf_printf(&b, "%sc%d", i ? "," : "", i);
    }
    assert_fails(open_bytes(state, b.data, b.len, &c, &e), &e, ERR_LIMIT, "more than 4096 fields");
    buf_clear(&b);
    buf_puts(&b, "a\n\"");
    for (int i = 0; i < 20000; i++) {
        buf_puts(&b, "0123456789012345678901234567890123456789012345678901234567890123456789");
    }
    assert_ok(open_bytes(state, b.data, b.len, &c, &e), &e);
    const char *const *fields;
    bool more;
    assert_fails(csv_next(c, &fields, &more, &e), &e, ERR_LIMIT,
                 "t.csv:2:1114111: a field is longer");
    csv_close(c);
    buf_free(&b);
}

/* Fields, quotes and line ends that fall on every place of the input buffer's border. */
static void csv_does_not_care_where_its_buffer_ends(void **state)
{
    for (int pad = 65536 - 24; pad < 65536 + 4; pad++) {
        struct buf b = BUF_INIT;
        buf_puts(&b, "a,b\n");
        for (int i = 4; i < pad - 1; i++) {
            buf_puts(&b, "x");
        }
        buf_puts(&b, ",\"q\"\"\r\n\"\r\n\r\n\"v\",w\r\n");
        struct csv *c = open_text(state, b.data);
        char *got = read_all(c);
        const char *tail = got + (pad - 5);
        if (strcmp(tail, "|q\"\r\n\nv|w\n") != 0) {
            fail_msg("pad %d: got \"%s\"", pad, tail);
        }
        free(got);
        csv_close(c);
        buf_free(&b);
    }
}

static void write_gzip(const char *path, const char *text, size_t len)
{
    gzFile f = gzopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, text, (unsigned)len), len);
    assert_int_equal(gzclose(f), Z_OK);
}

static void csv_reads_gzip_and_notices_where_it_is_cut(void **state)
{
    struct err e = {0};
    struct csv *c;
    struct buf b = BUF_INIT;
    const char *path = path_in(state, "t.csv.gz");
    buf_puts(&b, "a,b\n");
    for (int i = 0; i < 50000; i++) {
        buf_printf(&b, "%d,%d\n", i, i * 7919 % 10007);
    }
    write_gzip(path, b.data, b.len);
    assert_ok(csv_open(path, &c, &e), &e);
    const char *const *fields;
    bool more = true;
    double last = 0, progress = 0;
    for (int i = 0; i < 50000; i++) {
        assert_ok(csv_next(c, &fields, &more, &e), &e);
        assert_true(more);
        assert_int_equal(atoi(fields[1]), atoi(fields[0]) * 7919 % 10007);
        progress = csv_progress(c);
        assert_true(progress >= last && progress <= 1);
        last = progress;
    }
    csv_close(c);
    char *bytes;
    size_t len;
    assert_ok(file_read(path, 1 << 24, &bytes, &len, &e), &e);
    assert_ok(file_write_atomic(path, bytes, len / 2, &e), &e);
    c = NULL;
    enum err_code code = csv_open(path, &c, &e); /* it may be noticed while reading ahead */
    while (!code && more) {
        code = csv_next(c, &fields, &more, &e);
    }
    assert_fails(code, &e, ERR_PARSE, "t.csv.gz: the compressed file is cut off");
    csv_close(c);
    free(bytes);
    buf_free(&b);
}

static void csv_number_knows_missing_from_wrong(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double want;
    } numbers[] = {{"1", 1}, {"-2.5e3", -2500}, {" 7 ", 7}, {"+.5", .5}, {"1.", 1}, {"0", 0}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double got = -1;
        assert_true(csv_number(numbers[i].text, &got));
        assert_true(got == numbers[i].want);
    }
    static const char *const missing[] = {"", "NA", "NaN", "nan", "null", "NULL", "?", "  "};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        double got = -1;
        assert_true(csv_number(missing[i], &got));
        assert_true(isnan(got));
        assert_true(csv_is_missing(missing[i]));
    }
    static const char *const wrong[] = {"x",   "1x",  "1,5", "0x10", "inf", "-inf",   "1e999",
                                        "1 2", "--1", "e5",  ".",    "+",   "nan(1)", "1e"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        double got = 42;
        if (csv_number(wrong[i], &got)) {
            fail_msg("\"%s\" was read as %g", wrong[i], got);
        }
        assert_false(csv_is_missing(wrong[i]));
        assert_true(got == 42);
    }
}

static void csv_infinity_is_no_number_and_no_other_word(void **state)
{
    (void)state;
    static const char *const words[] = {"inf", "-inf", " +Infinity ", "INF", "-infinity"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        double got = 42;
        if (!csv_infinity(words[i], &got) || !isinf(got) || (got < 0) != (words[i][0] == '-'))
            fail_msg("\"%s\" was read as %g", words[i], got);
    }
    static const char *const others[] = {"", "info", "in", "1", "--inf", "infinit", "nan", "-"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        double got = 42;
        if (csv_infinity(others[i], &got) || got != 42)
            fail_msg("\"%s\" was read as %g", others[i], got);
    }
}

static void csv_reads_a_real_stream(void **state)
{
    (void)state;
    const char *path = LEEWAY_SHARED_DIR "/data/streams/electricity.csv.gz";
    struct err e = {0};
    struct csv *c;
    if (!file_exists(path)) {
        print_message("%s is absent\n", path);
        skip();
    }
    assert_ok(csv_open(path, &c, &e), &e);
    const char *const *fields;
    bool more = true;
    while (more) {
        assert_ok(csv_next(c, &fields, &more, &e), &e);
    }
    assert_int_equal(csv_row_number(c), 45312); /* the published size of the data set */
    csv_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_reads_plain_rows),
        cmocka_unit_test(csv_reads_the_corners_of_rfc4180),
        cmocka_unit_test(csv_errors_name_file_line_and_column),
        cmocka_unit_test(csv_bounds_fields_and_rows),
        cmocka_unit_test(csv_does_not_care_where_its_buffer_ends),
        cmocka_unit_test(csv_reads_gzip_and_notices_where_it_is_cut),
        cmocka_unit_test(csv_number_knows_missing_from_wrong),
        cmocka_unit_test(csv_infinity_is_no_number_and_no_other_word),
        cmocka_unit_test(csv_reads_a_real_stream),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
