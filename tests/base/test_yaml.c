/* test_yaml.c - places of nodes, what is refused, and the meaning of plain scalars. */
#include "testing.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/yaml.h"

static struct yaml_doc *parse(const char *text)
{
    struct err e = {0};
    struct yaml_doc *doc = NULL;
    assert_ok(yaml_parse("p.yaml", text, strlen(text), &doc, &e), &e);
    return doc;
}

static void refuses(const char *text, const char *message)
{
    struct err e = {0};
    struct yaml_doc *doc = NULL;
    enum err_code code = yaml_parse("p.yaml", text, strlen(text), &doc, &e);
    if (!code || !strstr(e.message, message)) {
        fail_msg("%s\n  expected: %s\n  got:      %s", text, message, code ? e.message : "ok");
    }
    assert_null(doc);
}

static void is_at(const struct yaml_node *node, int line, int column)
{
    assert_non_null(node);
    if (yaml_line(node) != line || yaml_column(node) != column) {
        fail_msg("\"%s\" expected at %d:%d, got %d:%d", yaml_text(node), line, column,
                 yaml_line(node), yaml_column(node));
    }
}

static void yaml_nodes_know_their_places(void **state)
{
    (void)state;
    struct yaml_doc *doc = parse("# policy\n"
                                 "model: loan\n"
                                 "triggers:\n"
                                 "  - drift: {share: 0.3, \"for\": 2}\n"
                                 "  - age: 30d\n"
                                 "empty:\n"
                                 "text: |\n"
                                 "  two\n"
                                 "  lines\n");
    const struct yaml_node *root = yaml_root(doc);
    assert_string_equal(yaml_name(doc), "p.yaml");
    assert_int_equal(yaml_kind(root), YAML_MAPPING);
    assert_int_equal(yaml_count(root), 4);
    is_at(root, 2, 1);
    is_at(yaml_key_node(root, 1), 3, 1);
    is_at(yaml_find(root, "model"), 2, 8);
    const struct yaml_node *triggers = yaml_find(root, "triggers");
    assert_int_equal(yaml_kind(triggers), YAML_SEQUENCE);
    assert_int_equal(yaml_count(triggers), 2);
    is_at(triggers, 4, 3);
    is_at(yaml_item(triggers, 1), 5, 5);
    const struct yaml_node *drift = yaml_find(yaml_item(triggers, 0), "drift");
    is_at(drift, 4, 12);
    is_at(yaml_find(drift, "share"), 4, 20);
    assert_string_equal(yaml_text(yaml_find(drift, "for")), "2");
    assert_true(yaml_is_plain(yaml_find(drift, "for")));
    assert_false(yaml_is_plain(yaml_key_node(drift, 1)));
    assert_string_equal(yaml_text(yaml_find(root, "empty")), "");
    assert_int_equal(yaml_line(yaml_find(root, "empty")), 6);
    assert_string_equal(yaml_text(yaml_find(root, "text")), "two\nlines\n");
    assert_null(yaml_find(root, "none"));
    assert_null(yaml_find(triggers, "drift"));
    assert_null(yaml_item(root, 0));
    assert_null(yaml_item(triggers, 2));
    assert_string_equal(yaml_text(triggers), "");
    yaml_free(doc);
}

static void yaml_reads_json_too(void **state)
{
    (void)state;
    struct yaml_doc *doc = parse("{\"a\": [1, {\"b\": null}],\n \"c\": \"x\\ny\"}\n");
    assert_int_equal(yaml_count(yaml_find(yaml_root(doc), "a")), 2);
    assert_string_equal(yaml_text(yaml_find(yaml_root(doc), "c")), "x\ny");
    yaml_free(doc);
}

static void yaml_aliases_share_their_anchor(void **state)
{
    (void)state;
    struct yaml_doc *doc =
        parse("base: &b {x: 1, y: [2, 3]}\nname: &n hello\nother: *b\ntext: *n\n");
    const struct yaml_node *other = yaml_find(yaml_root(doc), "other");
    assert_int_equal(yaml_count(yaml_find(other, "y")), 2);
    assert_string_equal(yaml_text(yaml_find(yaml_root(doc), "text")), "hello");
    is_at(other, 3, 8);
    char *text;
    cJSON *json = yaml_to_json(yaml_root(doc));
    text = json_print(json);
    assert_string_equal(text, "{\"base\":{\"x\":1,\"y\":[2,3]},\"name\":\"hello\","
                              "\"other\":{\"x\":1,\"y\":[2,3]},\"text\":\"hello\"}");
    free(text);
    cJSON_Delete(json);
    yaml_free(doc);
}

static void yaml_reads_block_texts_to_their_end(void **state)
{
    (void)state;
    struct yaml_doc *doc = parse("a: |\nb: >-\n  x\n  y\nc: \"\"\n");
    assert_string_equal(yaml_text(yaml_find(yaml_root(doc), "a")), "");
    assert_string_equal(yaml_text(yaml_find(yaml_root(doc), "b")), "x y");
    assert_false(yaml_is_plain(yaml_find(yaml_root(doc), "a")));
    is_at(yaml_find(yaml_root(doc), "c"), 5, 4);
    yaml_free(doc);
    struct err e = {0};
    doc = NULL;
    assert_fails(yaml_parse("p.yaml", "a: 1\n\0b: 2", 10, &doc, &e), &e, ERR_PARSE,
                 "p.yaml:2:1: expected text, got a control character");
}

static void yaml_errors_name_line_and_column(void **state)
{
    (void)state;
    refuses("a: 1\n? b:\t: c\n", "p.yaml:2:1: expected a key without '?' before it");
    refuses("a: : b\n", "p.yaml:1:4: expected a value, got another ':'");
    refuses("a:\t- b\n", "p.yaml:1:4: expected spaces, got a tab");
    refuses("a: 1\nb: 2\na: 3\n", "p.yaml:3:1: duplicate key \"a\", first in line 1");
    refuses("a: 1\n\"a\": 3\n", "p.yaml:2:1: duplicate key \"a\", first in line 1");
    refuses("x:\n  - {k: 1, k: 2}\n", "p.yaml:2:12: duplicate key \"k\", first in line 2");
    refuses("a: 1\n--- \nb: 2\n", "p.yaml:2:1: expected one document, got a second one");
    refuses("", "p.yaml:1:1: expected a document, got nothing");
    refuses("# only a comment\n", "expected a document, got nothing");
    refuses("a: *nowhere\n", "p.yaml:1:4: an alias without an anchor before it");
    refuses("a: &a [1, *a]\n", "p.yaml:1:11: an alias without an anchor before it");
    refuses("? [1, 2]\n: x\n", "p.yaml:1:1: expected a key without '?' before it");
    refuses("[1, 2]: x\n", "p.yaml:1:1: expected a plain or quoted text as key");
    refuses("a: !!int 3\n", "tags (!name) are not supported");
    refuses("a: \"x\\0y\"\n", "p.yaml:1:4: a text must not contain a NUL character");
    refuses("a: [1, 2\nb: 3\n", "p.yaml:3:1: flow sequence without a closing bracket");
    refuses("a: 'open\n", "p.yaml:");
    refuses("a: b: c\n", "p.yaml:1:");
    refuses("a:\n\t- 1\n", "p.yaml:2:");
    refuses("a: 1\nb: \xff\n", "p.yaml:2:4: expected UTF-8");
    refuses("a: 1\nb: x\xed\xa0\x80\n", "p.yaml:2:5: expected UTF-8");
}

static void yaml_bounds_what_aliases_expand_to(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_puts(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        buf_printf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++) {
            buf_printf(&b, "%s*a%d", k ? ", " : "", i - 1);
        }
        buf_puts(&b, "]\n");
    }
    refuses(b.data, "aliases expanded");
    buf_clear(&b);
    buf_puts(&b, "a0: &a0 [x]\n");
    for (int i = 1; i < 100; i++) {
        buf_printf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    }
    refuses(b.data, "more than 64 levels of nesting, aliases expanded");
    buf_free(&b);
}

static void yaml_bounds_depth_and_size(void **state)
{
    struct err e = {0};
    struct yaml_doc *doc = NULL;
    char text[5000];
    memset(text, '[', 2000);
    memset(text + 2000, ']', 2000);
    text[4000] = '\0';
    refuses(text, "p.yaml:1:65: more than 64 levels of nesting");
    const char *path = path_in(state, "big.yaml");
    assert_ok(file_write_atomic(path, "a: 1\n", 5, &e), &e);
    assert_fails(yaml_load(path, 4, &doc, &e), &e, ERR_LIMIT, "big.yaml");
    assert_ok(yaml_load(path, 5, &doc, &e), &e);
    assert_string_equal(yaml_name(doc), path);
    yaml_free(doc);
}

static void yaml_to_json_follows_the_core_schema(void **state)
{
    (void)state;
    const struct {
        const char *yaml, *json;
    } cases[] = {
        /* YAML 1.2.2, examples 10.8 and 10.9, and the corners that other schemas read otherwise */
        {"null", "null"},
        {"~", "null"},
        {"NULL", "null"},
        {"nUll", "\"nUll\""},
        {"true", "true"},
        {"False", "false"},
        {"yes", "\"yes\""},
        {"on", "\"on\""},
        {"0", "0"},
        {"-19", "-19"},
        {"+12", "12"},
        {"0o7", "7"},
        {"0x3A", "58"},
        {"0.5", "0.5"},
        {".5", "0.5"},
        {"1.", "1"},
        {"+12e03", "12000"},
        {"-2E+05", "-200000"},
        {"1_000", "\"1_000\""},
        {"0b1", "\"0b1\""},
        {"12:30", "\"12:30\""},
        {"30d", "\"30d\""},
        {"1e", "\"1e\""},
        {"\"5\"", "\"5\""},
        {"'true'", "\"true\""},
        {".", "\".\""},
        {"010", "10"},
        {"2024-01-01", "\"2024-01-01\""},
        {"\"\"", "\"\""},
        {"0x", "\"0x\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "[%s]", cases[i].yaml);
        struct yaml_doc *doc = parse(text);
        cJSON *json = yaml_to_json(yaml_item(yaml_root(doc), 0));
        char *got = json_print(json);
        if (strcmp(got, cases[i].json) != 0) {
            fail_msg("%s: expected %s, got %s", cases[i].yaml, cases[i].json, got);
        }
        free(got);
        cJSON_Delete(json);
        yaml_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_nodes_know_their_places),
        cmocka_unit_test(yaml_reads_json_too),
        cmocka_unit_test(yaml_aliases_share_their_anchor),
        cmocka_unit_test(yaml_reads_block_texts_to_their_end),
        cmocka_unit_test(yaml_errors_name_line_and_column),
        cmocka_unit_test(yaml_bounds_what_aliases_expand_to),
        cmocka_unit_test(yaml_bounds_depth_and_size),
        cmocka_unit_test(yaml_to_json_follows_the_core_schema),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
