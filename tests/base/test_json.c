/* test_json.c - places in errors, what is refused before cJSON sees it, typed values, canonical
 * hash. */
#include "testing.h"

#include <math.h>

#include "base/json.h"

static cJSON *parse(const char *text)
{
    struct err e = {0};
    cJSON *root = NULL;
    assert_ok(json_parse("t.json", text, strlen(text), &root, &e), &e);
    return root;
}

/* text is refused with exactly this message. */
static void refuses(const char *text, size_t len, const char *message)
{
    struct err e = {0};
    cJSON *root = NULL;
    enum err_code code = json_parse("t.json", text, len, &root, &e);
    if (!code || strcmp(e.message, message) != 0) {
        fail_msg("%s\n  expected: %s\n  got:      %s", text, message, code ? e.message : "ok");
    }
    assert_null(root);
}

static void json_parse_reads_values(void **state)
{
    (void)state;
    cJSON *root =
        parse(" {\"a\": [1, -2.5e3, \"x\\u00fc\\ud83d\\ude00\", true, null], \"b\": {}} \n");
    assert_int_equal(cJSON_GetArraySize(json_at(root, "a")), 5);
    assert_true(json_at(root, "a[1]")->valuedouble == -2500);
    assert_string_equal(json_at(root, "a[2]")->valuestring, "x\xc3\xbc\xf0\x9f\x98\x80");
    cJSON_Delete(root);
    root = parse("7");
    assert_true(root->valuedouble == 7);
    cJSON_Delete(root);
}

static void json_parse_names_line_and_column(void **state)
{
    (void)state;
    const struct {
        const char *text, *message;
    } cases[] = {
        {"", "t.json:1:1: expected a JSON value, got the end"},
        {"{\"a\": 1,\n  \"b\" 2}", "t.json:2:7: expected ':' after the key, got '2'"},
        {"{\"a\": 1,}", "t.json:1:9: expected a string in double quotes, got '}'"},
        {"[1 2]", "t.json:1:4: expected ',' or ']', got '2'"},
        {"[1,]", "t.json:1:4: expected a JSON value, got ']'"},
        {"{\"a\":1} x", "t.json:1:9: expected nothing after the JSON value, got 'x'"},
        {"[01]", "t.json:1:3: expected no digit after a leading zero, got '1'"},
        {"[1.]", "t.json:1:4: expected a digit after the decimal point, got ']'"},
        {"[1e+]", "t.json:1:5: expected a digit in the exponent, got ']'"},
        {"[-]", "t.json:1:3: expected a digit, got ']'"},
        {"[+1]", "t.json:1:2: expected a JSON value, got '+'"},
        {"[.5]", "t.json:1:2: expected a JSON value, got '.'"},
        {"[NaN]", "t.json:1:2: expected a JSON value, got 'N'"},
        {"[nul]", "t.json:1:2: expected a JSON value, got 'n'"},
        {"['a']", "t.json:1:2: expected a JSON value, got '''"},
        {"[\"a\nb\"]",
         "t.json:1:4: expected control characters in a string to be escaped, got byte 0x0a"},
        {"[\"a", "t.json:1:4: expected the closing double quote, got the end"},
        {"[\"\\x\"]",
         "t.json:1:4: expected one of \" \\ / b f n r t u after the backslash, got 'x'"},
        {"[\"\\u12g4\"]", "t.json:1:7: expected four hex digits after \\u, got 'g'"},
        {"[\"\\ud800\"]", "t.json:1:4: expected a complete surrogate pair, got 'u'"},
        {"[\"\\udc00\"]", "t.json:1:4: expected a complete surrogate pair, got 'u'"},
        {"[\"\\u0000\"]", "t.json:1:4: expected no \\u0000 in a string, got 'u'"},
        {"[\"\xff\"]", "t.json:1:3: expected UTF-8, got byte 0xff"},
        {"[\"\xc0\xaf\"]", "t.json:1:3: expected UTF-8, got byte 0xc0"},
        {"[\"\xed\xa0\x80\"]", "t.json:1:3: expected UTF-8, got byte 0xed"},
        {"\xef\xbb\xbf{}", "t.json:1:1: expected a JSON value, got byte 0xef"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refuses(cases[i].text, strlen(cases[i].text), cases[i].message);
    }
}

static void json_parse_refuses_nul_bytes(void **state)
{
    (void)state;
    refuses("{}\0", 3, "t.json:1:3: expected nothing after the JSON value, got byte 0x00");
    refuses("[\"a\0b\"]", 7,
            "t.json:1:4: expected control characters in a string to be escaped, got byte 0x00");
}

static void json_parse_refuses_duplicate_keys(void **state)
{
    (void)state;
    const char *text = "{\"x\": {\"k\": 1},\n \"y\": [{\"k\": 1, \"l\": 2,\n  \"\\u006b\": 3}]}";
    refuses(text, strlen(text), "t.json:3:3: duplicate key \"k\"");
    cJSON *root = parse("{\"a\": {\"k\": 1}, \"b\": {\"k\": 1}}"); /* in two objects it is fine */
    cJSON_Delete(root);
}

static void json_parse_limits_depth_before_it_builds(void **state)
{
    (void)state;
    char text[2 * JSON_MAX_DEPTH + 4];
    memset(text, '[', JSON_MAX_DEPTH);
    memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
    text[2 * JSON_MAX_DEPTH] = '\0';
    cJSON *root = parse(text);
    cJSON_Delete(root);
    char *deep = malloc(1000000);
    memset(deep, '[', 1000000);
    refuses(deep, 1000000, "t.json:1:65: expected at most 64 levels of nesting, got '['");
    free(deep);
}

static void json_parse_refuses_numbers_that_cjson_would_cut(void **state)
{
    (void)state;
    char text[100];
    memset(text, '1', 64);
    text[64] = '\0';
    refuses(text, 64, "t.json:1:1: expected a number of at most 63 characters, got '1'");
    text[63] = '\0';
    cJSON *root = parse(text);
    assert_true(fabs(root->valuedouble / 1.1111111111111111e62 - 1) < 1e-15);
    cJSON_Delete(root);
}

static void json_load_names_the_file(void **state)
{
    struct err e = {0};
    cJSON *root = NULL;
    const char *path = path_in(state, "f.json");
    assert_ok(file_write_atomic(path, "{\n]", 3, &e), &e);
    assert_fails(json_load(path, 100, &root, &e), &e, ERR_PARSE, "f.json:2:1: expected");
    assert_fails(json_load(path, 2, &root, &e), &e, ERR_LIMIT, "f.json");
}

static void json_at_follows_paths(void **state)
{
    (void)state;
    cJSON *root = parse("{\"steps\": [{\"weight\": 1}, {\"weight\": 5}], \"m\": [[1, 2], [3]]}");
    assert_true(json_at(root, "steps[1].weight")->valuedouble == 5);
    assert_true(json_at(root, "m[0][1]")->valuedouble == 2);
    assert_ptr_equal(json_at(root, ""), root);
    assert_ptr_equal(json_at(root, NULL), root);
    static const char *const absent[] = {
        "steps[2]", "steps[-1]",         "steps[x]", "steps.weight", "none",
        "steps[0",  "steps[0].weight.x", ".steps",   "m[]",          "steps[99999999999]"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        if (json_at(root, absent[i])) {
            fail_msg("%s was found", absent[i]);
        }
    }
    cJSON_Delete(root);
}

static void json_get_says_what_was_expected(void **state)
{
    (void)state;
    struct err e = {0};
    const char *text = "kept";
    double number = 42;
    int64_t whole = 42;
    bool yes = true;
    const cJSON *node;
    cJSON *root = parse("{\"w\": \"five\", \"n\": 1.5, \"big\": 1e300, \"inf\": 1e999, \"o\": {}, "
                        "\"a\": [], \"z\": null, \"t\": true, \"m\": -3}");
    assert_fails(json_get_double(root, "w", 0, 1, &number, &e), &e, ERR_INVALID,
                 "w: expected a number in 0..1, got \"five\"");
    assert_fails(json_get_double(root, "n", 0, 1, &number, &e), &e, ERR_INVALID,
                 "n: expected a number in 0..1, got 1.5");
    assert_fails(json_get_double(root, "inf", -INFINITY, INFINITY, &number, &e), &e, ERR_INVALID,
                 "inf: expected a number, got inf");
    assert_fails(json_get_int(root, "n", INT64_MIN, INT64_MAX, &whole, &e), &e, ERR_INVALID,
                 "n: expected a whole number, got 1.5");
    assert_fails(json_get_int(root, "big", 0, INT64_MAX, &whole, &e), &e, ERR_INVALID,
                 "got 1e+300");
    assert_fails(json_get_int(root, "m", 0, 10, &whole, &e), &e, ERR_INVALID,
                 "m: expected a whole number in 0..10, got -3");
    assert_fails(json_get_string(root, "o", &text, &e), &e, ERR_INVALID,
                 "o: expected a string, got an object");
    assert_fails(json_get_string(root, "gone.far", &text, &e), &e, ERR_INVALID,
                 "gone.far: expected a string, got nothing");
    assert_fails(json_get_bool(root, "z", &yes, &e), &e, ERR_INVALID,
                 "z: expected true or false, got null");
    assert_fails(json_get_array(root, "t", &node, &e), &e, ERR_INVALID,
                 "t: expected an array, got true");
    assert_fails(json_get_object(root, "a", &node, &e), &e, ERR_INVALID,
                 "a: expected an object, got an array");
    assert_string_equal(text, "kept");
    assert_true(number == 42 && whole == 42);
    assert_ok(json_get_int(root, "m", -3, 0, &whole, &e), &e);
    assert_int_equal(whole, -3);
    cJSON_Delete(root);
}

static void json_opt_leaves_the_default_where_absent_or_null(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t whole = 7;
    double number = 7;
    bool yes = true;
    const char *text = "default";
    cJSON *root = parse("{\"z\": null, \"i\": 3, \"s\": 4}");
    assert_ok(json_opt_int(root, "z", 0, 9, &whole, &e), &e);
    assert_ok(json_opt_int(root, "none", 0, 9, &whole, &e), &e);
    assert_ok(json_opt_double(root, "none", 0, 9, &number, &e), &e);
    assert_ok(json_opt_bool(root, "none", &yes, &e), &e);
    assert_ok(json_opt_string(root, "none", &text, &e), &e);
    assert_int_equal(whole, 7);
    assert_string_equal(text, "default");
    assert_ok(json_opt_int(root, "i", 0, 9, &whole, &e), &e);
    assert_int_equal(whole, 3);
    assert_fails(json_opt_string(root, "s", &text, &e), &e, ERR_INVALID,
                 "s: expected a string, got 4");
    cJSON_Delete(root);
}

static void json_only_keys_suggests_the_nearest(void **state)
{
    (void)state;
    struct err e = {0};
    cJSON *root = parse("{\"c\": {\"weight\": 1, \"verson\": 2}}");
    assert_fails(json_only_keys(root, "c", (const char *const[]){"weight", "version", NULL}, &e),
                 &e, ERR_INVALID, "c: unknown key \"verson\" (did you mean \"version\"?)");
    assert_fails(json_only_keys(root, "c", (const char *const[]){"weight", NULL}, &e), &e,
                 ERR_INVALID, "c: unknown key \"verson\"");
    assert_null(strstr(e.message, "mean"));
    assert_ok(json_only_keys(root, "", (const char *const[]){"c", NULL}, &e), &e);
    cJSON_Delete(root);
}

static void json_hash_is_of_the_meaning_not_the_text(void **state)
{
    (void)state;
    struct err e = {0};
    char a[65], b[65], c[65];
    cJSON *x = parse("{\"b\": [1.0, 0.1, \"\\u00fc\\n\"], \"a\": {\"d\": -0, \"c\": 1e3}}");
    cJSON *y = parse("{\"a\":{\"c\":1000,\"d\":0},\"b\":[1,0.1,\"\xc3\xbc\\u000a\"]}");
    cJSON *z = parse("{\"a\":{\"c\":1000,\"d\":0},\"b\":[0.1,1,\"\xc3\xbc\\u000a\"]}");
    assert_ok(json_hash(x, a, &e), &e);
    assert_ok(json_hash(y, b, &e), &e);
    assert_ok(json_hash(z, c, &e), &e);
    assert_string_equal(a, b);
    assert_string_not_equal(b, c);
    cJSON_Delete(x);
    cJSON_Delete(y);
    cJSON_Delete(z);
    x = parse("{\"b\": 2, \"a\": [1, true, null]}");
    assert_ok(json_hash(x, a, &e), &e);
    /* printf '{"a":[1,true,null],"b":2}' | sha256sum */
    assert_string_equal(a, "d5138eba6545bfd591d7ac0cd424287d99ea070d60c623eabee2fc82697500bd");
    cJSON_Delete(x);
}

static void json_print_keeps_order_and_every_bit(void **state)
{
    (void)state;
    cJSON *root = parse("{\"b\": [1, 2.5, \"x\\\"y\"], \"a\": {}, \"n\": [], "
                        "\"x\": [0.1, 88888888888888888888888888882, 1e-320, 9007199254740993]}");
    cJSON_AddNumberToObject(root, "nan", NAN);
    char *compact = json_print(root), *pretty = json_print_pretty(root);
    assert_string_equal(compact, "{\"b\":[1,2.5,\"x\\\"y\"],\"a\":{},\"n\":[],"
                                 "\"x\":[0.1,8.88888888888889e+28,9.99988867182683e-321,"
                                 "9007199254740992],\"nan\":null}");
    assert_memory_equal(pretty,
                        "{\n  \"b\": [\n    1,\n    2.5,\n    \"x\\\"y\"\n  ],\n  \"a\": {},", 50);
    cJSON *again = parse(compact);
    for (int i = 0; i < 4; i++) {
        double x = cJSON_GetArrayItem(json_at(root, "x"), i)->valuedouble;
        double y = cJSON_GetArrayItem(json_at(again, "x"), i)->valuedouble;
        assert_memory_equal(&x, &y, sizeof x);
    }
    free(compact);
    free(pretty);
    cJSON_Delete(root);
    cJSON_Delete(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_parse_reads_values),
        cmocka_unit_test(json_parse_names_line_and_column),
        cmocka_unit_test(json_parse_refuses_nul_bytes),
        cmocka_unit_test(json_parse_refuses_duplicate_keys),
        cmocka_unit_test(json_parse_limits_depth_before_it_builds),
        cmocka_unit_test(json_parse_refuses_numbers_that_cjson_would_cut),
        cmocka_unit_test(json_load_names_the_file),
        cmocka_unit_test(json_at_follows_paths),
        cmocka_unit_test(json_get_says_what_was_expected),
        cmocka_unit_test(json_opt_leaves_the_default_where_absent_or_null),
        cmocka_unit_test(json_only_keys_suggests_the_nearest),
        cmocka_unit_test(json_hash_is_of_the_meaning_not_the_text),
        cmocka_unit_test(json_print_keeps_order_and_every_bit),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
