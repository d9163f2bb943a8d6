/* test_cli_table.c - tables fit their width, whatever that costs, and what they show is harmless.
 */
#include "testing.h"

#include "base/table.h"
#include "base/text_width.h"

static const struct table_column columns[] = {
    {"NAME", TABLE_CUT}, {"N", TABLE_NUMBER}, {"WHY", TABLE_WRAP}};

static struct table *two_rows(void)
{
    struct table *t = table_new(columns, 3);
    table_cell(t, STYLE_PLAIN, "alpha");
    table_cell(t, STYLE_PLAIN, "%d", 7);
    table_cell(t, STYLE_PLAIN, "because it was so");
    table_cell(t, STYLE_PLAIN, "a-rather-long-name-of-a-model");
    table_cell(t, STYLE_PLAIN, "%d", 12345);
    table_cell(t, STYLE_PLAIN, "it fell from 0.81 to 0.66 over the newest 2,000 labelled rows");
    return t;
}

/* Fails where a line is wider than width. */
static void assert_fits(const char *text, size_t width)
{
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        char copy[512];
        snprintf(copy, sizeof copy, "%.*s", (int)len, line);
        if (text_width(copy) > width)
            fail_msg("%zu columns, at most %zu expected: %s", text_width(copy), width, copy);
        line += len + (line[len] == '\n');
    }
}

static void table_shows_everything_where_there_is_room(void **state)
{
    (void)state;
    struct table *t = two_rows();
    struct page page = page_plain(120);
    table_print(t, &page);
    assert_string_equal(
        page.text.data,
        "NAME                               N  WHY\n"
        "alpha                              7  because it was so\n"
        "a-rather-long-name-of-a-model  12345  it fell from 0.81 to 0.66 over the newest 2,000 "
        "labelled rows\n");
    page_free(&page);
    table_free(t);
}

static void table_wraps_and_cuts_text_but_never_numbers(void **state)
{
    (void)state;
    struct table *t = two_rows();
    struct page page = page_plain(40);
    table_print(t, &page);
    assert_fits(page.text.data, 40);
    assert_non_null(strstr(page.text.data, "12345"));
    assert_non_null(strstr(page.text.data, "…"));
    assert_non_null(strstr(page.text.data, "labelled"));
    page_free(&page);
    table_free(t);
}

static void table_becomes_blocks_where_columns_do_not_fit(void **state)
{
    (void)state;
    struct table *t = two_rows();
    struct page page = page_plain(24);
    size_t widths[TABLE_MAX_COLUMNS];
    assert_false(table_layout(t, 24, widths));
    table_print(t, &page);
    assert_non_null(strstr(page.text.data, "NAME            alpha\nN               7\n"));
    page_free(&page);
    table_free(t);
}

static void table_puts_the_last_column_below_its_row(void **state)
{
    (void)state;
    static const struct table_column below[] = {{"RUN", TABLE_KEEP}, {"WHY", TABLE_BELOW}};
    struct table *t = table_new(below, 2);
    struct page page = page_plain(30);
    table_cell(t, STYLE_PLAIN, "r-1");
    table_cell(t, STYLE_PLAIN, "the candidate was not better than the champion");
    table_print(t, &page);
    assert_string_equal(page.text.data, "RUN\nr-1\n    the candidate was not\n"
                                        "    better than the champion\n");
    page_free(&page);
    table_free(t);
}

static void table_prints_nothing_without_rows(void **state)
{
    (void)state;
    struct table *t = table_new(columns, 3);
    struct page page = page_plain(80);
    table_print(t, &page);
    assert_int_equal(page.text.len, 0);
    page_free(&page);
    table_free(t);
}

static void texts_from_elsewhere_cannot_move_the_cursor(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    text_put_clean(&b, "a\033[2Jb\x7f\xc2\x9b"
                       "c\tb\xff\xc3\xa9\n");
    assert_string_equal(b.data, "a [2Jb  c b?é\n");
    buf_free(&b);
}

static void text_lines_break_at_spaces_and_cut_long_words(void **state)
{
    (void)state;
    const char *next = "one two\nthree-is-longer", *line = next;
    assert_int_equal(text_next_line(line, 5, &next), 3);
    assert_string_equal(next, "two\nthree-is-longer");
    line = next;
    assert_int_equal(text_next_line(line, 5, &next), 3);
    line = next;
    assert_int_equal(text_next_line(line, 5, &next), 5);
    assert_string_equal(next, "-is-longer");
    line = "ééé";
    assert_int_equal(text_next_line(line, 2, &next), 4); /* two characters, four bytes */
    assert_string_equal(next, "é");
}

static void page_wraps_fields_beside_their_name(void **state)
{
    (void)state;
    struct page page = page_plain(30);
    page_field(&page, "why", "one two three four");
    page_field(&page, "empty", "%s", "");
    assert_string_equal(page.text.data, "why             one two three\n"
                                        "                four\n");
    page_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_shows_everything_where_there_is_room),
        cmocka_unit_test(table_wraps_and_cuts_text_but_never_numbers),
        cmocka_unit_test(table_becomes_blocks_where_columns_do_not_fit),
        cmocka_unit_test(table_puts_the_last_column_below_its_row),
        cmocka_unit_test(table_prints_nothing_without_rows),
        cmocka_unit_test(texts_from_elsewhere_cannot_move_the_cursor),
        cmocka_unit_test(text_lines_break_at_spaces_and_cut_long_words),
        cmocka_unit_test(page_wraps_fields_beside_their_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
