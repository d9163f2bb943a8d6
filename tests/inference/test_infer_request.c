/*
 * test_infer_request.c - the one-pass reader: against cJSON on random requests, and its errors.
 */
#include <math.h>

#include "base/buf.h"
#include "base/rand.h"
#include "infer_request.h"
#include "request_oracle.h"
#include "tensor.h"
#include "testing.h"
#include "tiny_artifact.h"

static const char three_features[] =
    "{\"model\":\"m\",\"features\":[{\"name\":\"a\",\"type\":\"numeric\"},"
    "{\"name\":\"b\",\"type\":\"categorical\"},{\"name\":\"c d\",\"type\":\"numeric\"}],"
    "\"label\":{\"name\":\"y\",\"type\":\"regression\"}}";

struct reader {
    struct schema *schema;
    struct feature_index *features;
    struct arena arena;
    struct infer_request request;
    struct err e;
};

static int make_reader(void **state)
{
    struct reader *r = calloc(1, sizeof *r);
    r->schema = tiny_schema(three_features);
    r->features = feature_index_new(r->schema);
    *state = r;
    return r->features ? 0 : -1;
}

static int free_reader(void **state)
{
    struct reader *r = *state;
    feature_index_free(r->features);
    schema_free(r->schema);
    arena_free(&r->arena);
    free(r);
    return 0;
}

static enum err_code read_body(struct reader *r, const struct infer_body *body)
{
    arena_reset(&r->arena);
    r->e = (struct err){0};
    return infer_request_read(body, r->features, NULL, &r->arena, &r->request, &r->e);
}

/* Reads from memory of exactly that size, so that a step beyond it is found by AddressSanitizer. */
static enum err_code read_text(struct reader *r, const char *text, size_t len, char **copy)
{
    *copy = malloc(len ? len : 1);
    memcpy(*copy, text, len);
    const struct infer_body body = {*copy, len, *copy + len, 0};
    return read_body(r, &body);
}

static void refuses(struct reader *r, const char *text, const char *want)
{
    char *copy;
    enum err_code code = read_text(r, text, strlen(text), &copy);
    free(copy);
    if (!code || !strstr(r->e.message, want)) {
        fail_msg("%s\n  expected an error with \"%s\", got %s \"%s\"", text, want,
                 err_code_text(code), r->e.message);
    }
}

#define A "{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}"
#define B "{\"name\":\"b\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"x\"]}"
#define C "{\"name\":\"c d\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[2]}"
#define INPUTS(x) "{\"inputs\":[" x "]}"

/* ---- random requests ---- */

static void put_random_number(struct rng *g, struct buf *b)
{
    switch (rng_below(g, 6)) {
    case 0:
        buf_printf(b, "%d", (int)rng_below(g, 2000) - 1000);
        break;
    case 1:
        buf_printf(b, "%.17g", rng_normal(g) * pow(10, (double)rng_below(g, 40) - 20));
        break;
    case 2:
        buf_printf(b, "%.*f", (int)rng_below(g, 30), rng_normal(g));
        break;
    case 3:
        buf_printf(b, "%se%s%d", rng_below(g, 2) ? "-1.5" : "7", rng_below(g, 2) ? "+" : "-",
                   (int)rng_below(g, 290));
        break;
    case 4:
        buf_printf(b, "%llu%llu", (unsigned long long)rng_u64(g), (unsigned long long)rng_u64(g));
        break;
    default:
        buf_puts(b, rng_below(g, 2) ? "0" : "-0.0");
    }
}

static void put_random_string(struct rng *g, struct buf *b)
{
    static const char *const pieces[] = {
        "a",   "zip code", "\\n", "\\\"", "\\\\", "é",  "\\u00e9", "\\ud83d\\ude00",
        "\\/", "\\t",      "\\b", "0.5",  "",     "12", "€"};
    buf_puts(b, "\"");
    for (uint64_t n = rng_below(g, 4); n > 0; n--) {
        buf_puts(b, pieces[rng_below(g, sizeof pieces / sizeof *pieces)]);
    }
    buf_puts(b, "\"");
}

static void put_space(struct rng *g, struct buf *b)
{
    static const char *const spaces[] = {"", "", "", " ", "\n", "\t\r "};
    buf_puts(b, spaces[rng_below(g, sizeof spaces / sizeof *spaces)]);
}

static void put_random_value(struct rng *g, const char *type, struct buf *b)
{
    put_space(g, b);
    if (rng_below(g, 8) == 0) {
        buf_puts(b, "null");
    } else if (strcmp(type, "BYTES") == 0) {
        put_random_string(g, b);
    } else if (strcmp(type, "BOOL") == 0) {
        buf_puts(b, rng_below(g, 2) ? "true" : "false");
    } else if (strcmp(type, "INT64") == 0) {
        buf_printf(b, "%lld", (long long)(rng_u64(g) >> rng_below(g, 63) >> 2));
    } else if (strcmp(type, "UINT8") == 0) {
        buf_printf(b, "%d", (int)rng_below(g, 256));
    } else {
        put_random_number(g, b);
    }
    put_space(g, b);
}

static void put_random_data(struct rng *g, const char *type, size_t n, bool nested, struct buf *b)
{
    buf_puts(b, "\"data\":[");
    for (size_t i = 0; i < n; i++) {
        buf_puts(b, i ? "," : "");
        buf_puts(b, nested ? "[" : "");
        put_random_value(g, type, b);
        buf_puts(b, nested ? "]" : "");
    }
    buf_puts(b, "]");
}

/* A tensor whose keys stand in any order, with a key nobody knows among them. */
static void put_random_tensor(struct rng *g, const char *name, bool numeric, size_t n,
                              struct buf *b)
{
    static const char *const types[] = {"FP32", "FP64", "INT64", "UINT8", "BOOL", "BYTES"};
    const char *type = types[rng_below(g, numeric ? 5 : 6)];
    bool two = rng_below(g, 2), nested = two && rng_below(g, 2);
    size_t first = rng_below(g, 5);
    buf_puts(b, "{");
    for (size_t i = 0; i < 5; i++) {
        buf_puts(b, i ? "," : "");
        put_space(g, b);
        switch ((first + i * 2) % 5) {
        case 0:
            buf_printf(b, "\"name\" :\"%s\"", name);
            break;
        case 1:
            put_random_data(g, type, n, nested, b);
            break;
        case 2:
            buf_printf(b, two ? "\"shape\":[%zu,1]" : "\"shape\":[%zu]", n);
            break;
        case 3:
            buf_printf(b, "\"datatype\": \"%s\"", type);
            break;
        default:
            buf_puts(b, "\"extra\":{\"x\":[1,{\"y\":null}],\"z\":\"\\u0041\"}");
        }
    }
    buf_puts(b, "}");
}

static void make_request(struct rng *g, struct buf *b)
{
    static const char *const names[] = {"a", "b", "c d"};
    size_t n = 1 + rng_below(g, 6), first = rng_below(g, 3);
    buf_clear(b);
    buf_printf(b, "{\"id\":\"r%d\",", (int)rng_below(g, 100));
    buf_puts(b, rng_below(g, 2) ? "\"parameters\":{\"p\":[true,1e3]}," : "");
    buf_puts(b, "\"inputs\":[");
    for (size_t i = 0; i < 3; i++) {
        size_t f = (first + i) % 3;
        buf_puts(b, i ? "," : "");
        put_random_tensor(g, names[f], f != 1, n, b);
    }
    buf_puts(b, "]}");
    put_space(g, b);
}

static void check_against_oracle(struct reader *r, const char *text, size_t len, bool must_accept)
{
    struct oracle_rows oracle;
    char *copy;
    bool wanted = oracle_read(text, len, r->schema, &oracle);
    enum err_code code = read_text(r, text, len, &copy);
    if ((must_accept || !code) && (code || !wanted)) {
        fail_msg("%.*s\n  oracle %s, reader: %s \"%s\"", (int)len, text,
                 wanted ? "accepts" : "refuses", err_code_text(code), r->e.message);
    }
    const char *difference = code ? NULL : oracle_compare(&oracle, r->schema, &r->request.rows);
    if (difference) {
        fail_msg("%.*s\n  %s", (int)len, text, difference);
    }
    free(copy);
    oracle_free(&oracle, r->schema);
}

static void reads_random_requests_as_cjson_does(void **state)
{
    struct rng g;
    struct buf b = BUF_INIT;
    rng_seed(&g, 1);
    for (int i = 0; i < 3000; i++) {
        make_request(&g, &b);
        check_against_oracle(*state, b.data, b.len, true);
    }
    buf_free(&b);
}

/* What the reader accepts of damaged requests, cJSON accepts with the same values. */
static void accepts_nothing_that_cjson_refuses(void **state)
{
    static const char bytes[] = "{}[]\",:0123456789.eE+-truefalsn\\u \n\x01\x80";
    struct rng g;
    struct buf b = BUF_INIT;
    rng_seed(&g, 2);
    for (int i = 0; i < 20000; i++) {
        make_request(&g, &b);
        for (uint64_t n = 1 + rng_below(&g, 3); n > 0; n--) {
            size_t at = rng_below(&g, b.len);
            if (rng_below(&g, 3) == 0) {
                memmove(b.data + at, b.data + at + 1, b.len - at - 1);
                b.len--;
            } else {
                b.data[at] = bytes[rng_below(&g, sizeof bytes - 1)];
            }
        }
        if (!memmem(b.data, b.len, "\\u0000", 6)) { /* cJSON cannot hold it */
            check_against_oracle(*state, b.data, b.len, false);
        }
    }
    buf_free(&b);
}

static void refuses_every_prefix_of_a_request(void **state)
{
    static const char text[] =
        "{\"id\":\"x\",\"inputs\":[" A "," B "," C "],\"outputs\":[{\"name\":\"v\"}]}";
    char *copy;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        enum err_code code = read_text(*state, text, len, &copy);
        free(copy);
        assert_int_not_equal(code, ERR_OK);
    }
    assert_int_equal(read_text(*state, text, sizeof text - 1, &copy), ERR_OK);
    free(copy);
}

/* ---- errors ---- */

static void errors_name_tensor_and_byte(void **state)
{
    refuses(*state, INPUTS(A "," B), "feature \"c d\" has no input tensor");
    refuses(*state, INPUTS(A "," A), "input \"a\": byte 114: feature \"a\" is given twice");
    refuses(*state, INPUTS("{\"name\":\"q\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}"),
            "input \"q\": byte 60: no feature of this name");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1]}"),
            "1 values at nesting level 1, the shape says 2");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1,2]}"),
            "input \"a\": byte 63: more than the 1 values of its shape");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[\"1\"]}"),
            "a string in a tensor of FP32");
    refuses(*state,
            INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"1x\"]}"),
            "feature \"a\" is numeric, got the text \"1x\"");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[300]}"),
            "300 in a tensor of INT8");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1.5]}"),
            "1.5 in a tensor of INT8");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP99\",\"data\":[1]}"),
            "unknown datatype \"FP99\"");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2]}"),
            "expected the shape [n, 1] or [n]");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[0],\"datatype\":\"FP32\",\"data\":[]}"),
            "a shape of 0 rows");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1e9],\"datatype\":\"FP32\",\"data\":[]}"),
            "a shape of 1000000000 rows does not fit");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\"}"),
            "expected either");
    refuses(*state, INPUTS("{\"name\":\"a\",\"datatype\":\"FP32\",\"data\":[1]}"),
            "a tensor needs");
    refuses(*state, INPUTS(A ",{\"name\":\"b\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[]}"),
            "2 rows, but the tensors before have 1");
    refuses(*state, "{}", "the request needs \"inputs\"");
    refuses(*state, "[]", "byte 0: expected an object, got '['");
    refuses(*state, "", "byte 0: expected an object, got the end");
    refuses(*state, INPUTS(A "," B "," C) "x", "expected the end, got 'x'");
    refuses(*state, "{\"inputs\":[],\"inputs\":[]}", "\"inputs\" is given twice");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[01]}"),
            "expected a JSON number");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1e999]}"),
            "within the range of a double");
    refuses(*state, INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[NaN]}"),
            "expected a number, got 'N'");
}

static void refuses_deep_nesting(void **state)
{
    struct buf b = BUF_INIT;
    buf_puts(&b, "{\"parameters\":{\"x\":");
    for (int i = 0; i < 100; i++) {
        buf_puts(&b, "[");
    }
    refuses(*state, b.data, "nested deeper than 64");
    buf_free(&b);
}

/* ---- the matrix, binary tensors, parameters ---- */

static void reads_a_matrix_in_schema_order(void **state)
{
    struct reader *r = *state;
    char *copy;
    static const char text[] = INPUTS("{\"name\":\"input\",\"shape\":[2,3],\"datatype\":\"FP64\","
                                      "\"data\":[[1,2,3],[4,0.5,null]]}");
    assert_ok(read_text(r, text, sizeof text - 1, &copy), &r->e);
    free(copy);
    const struct column *c = r->request.rows.columns;
    assert_int_equal(r->request.rows.n_rows, 2);
    assert_true(c[0].numbers[0] == 1 && c[0].numbers[1] == 4);
    assert_memory_equal(c[1].texts[0].s, "2", c[1].texts[0].len);
    assert_memory_equal(c[1].texts[1].s, "0.5", c[1].texts[1].len);
    assert_true(c[2].numbers[0] == 3 && isnan(c[2].numbers[1]));
}

static void refuses_a_ragged_matrix(void **state)
{
    refuses(*state,
            INPUTS("{\"name\":\"input\",\"shape\":[2,3],\"datatype\":\"FP64\","
                   "\"data\":[[1,2],[3,4,5,6]]}"),
            "2 values at nesting level 2, the shape says 3");
}

/* Three tensors of one row, all binary: datatype and bytes of "a" are given. */
static enum err_code read_binary(struct reader *r, const char *type, const void *a, size_t a_len)
{
    char json[512], body[1024];
    int len =
        snprintf(json, sizeof json,
                 "{\"inputs\":[{\"name\":\"a\",\"shape\":[1],\"datatype\":\"%s\",\"parameters\":"
                 "{\"binary_data_size\":%zu}},{\"name\":\"b\",\"shape\":[1],\"datatype\":\"BYTES\","
                 "\"parameters\":{\"binary_data_size\":7}}," C "]}",
                 type, a_len);
    memcpy(body, json, (size_t)len);
    memcpy(body + len, a, a_len);
    memcpy(body + len + a_len, "\x03\x00\x00\x00xyz", 7);
    const struct infer_body parts = {body, (size_t)len, body + len, a_len + 7};
    static char kept[1024]; /* the rows' texts look into it */
    memcpy(kept, body, sizeof kept);
    const struct infer_body stable = {kept, parts.json_len, kept + len, parts.binary_len};
    return read_body(r, &stable);
}

static void reads_every_binary_datatype(void **state)
{
    struct reader *r = *state;
    static const struct {
        const char *type;
        const char *bytes;
        size_t len;
        double want;
    } cases[] = {
        {"BOOL", "\x01", 1, 1},
        {"UINT8", "\xff", 1, 255},
        {"UINT16", "\x01\x02", 2, 513},
        {"UINT32", "\xff\xff\xff\xff", 4, 4294967295.0},
        {"UINT64", "\x00\x00\x00\x00\x00\x00\x00\x80", 8, 0x1p63},
        {"INT8", "\xff", 1, -1},
        {"INT16", "\xfe\xff", 2, -2},
        {"INT32", "\x00\x00\x00\x80", 4, -2147483648.0},
        {"INT64", "\xff\xff\xff\xff\xff\xff\xff\xff", 8, -1},
        {"FP16", "\x00\x3e", 2, 1.5},
        {"FP16", "\x01\x80", 2, -0x1p-24},
        {"FP32", "\x00\x00\xc0\x3f", 4, 1.5},
        {"FP64", "\x00\x00\x00\x00\x00\x00\xf8\x3f", 8, 1.5},
        {"BYTES", "\x04\x00\x00\x00-2.5", 8, -2.5},
        {"FP16", "\x00\x7e", 2, NAN},
        {"FP32", "\x00\x00\xc0\x7f", 4, NAN},
        {"BYTES", "\x00\x00\x00\x00", 4, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(read_binary(r, cases[i].type, cases[i].bytes, cases[i].len), &r->e);
        double got = r->request.rows.columns[0].numbers[0];
        if (got != cases[i].want && !(isnan(got) && isnan(cases[i].want))) {
            fail_msg("%s: expected %.17g, got %.17g", cases[i].type, cases[i].want, got);
        }
        assert_memory_equal(r->request.rows.columns[1].texts[0].s, "xyz", 3);
    }
}

static void refuses_binary_data_of_another_size(void **state)
{
    struct reader *r = *state;
    assert_fails(read_binary(r, "FP32", "\0\0", 2), &r->e, ERR_INVALID,
                 "2 bytes for 1 elements of FP32");
    assert_fails(read_binary(r, "BYTES", "\x09\0\0\0ab", 6), &r->e, ERR_INVALID,
                 "length 9, but 2 bytes are left");
    const char json[] = INPUTS(A "," B "," C);
    const struct infer_body extra = {json, sizeof json - 1, "zz", 2};
    assert_fails(read_body(r, &extra), &r->e, ERR_INVALID, "2 bytes of binary data belong to no");
    refuses(r,
            INPUTS("{\"name\":\"a\",\"shape\":[1],\"datatype\":\"FP32\",\"parameters\":"
                   "{\"binary_data_size\":4}}"),
            "binary_data_size 4, but 0 bytes are left");
}

static void half_precision_matches_its_definition(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7c00; h++) { /* IEEE 754: sign, 5 exponent bits, 10 fraction bits */
        unsigned exponent = h >> 10, fraction = h & 1023;
        double want = exponent ? pow(2, (double)exponent - 15) * (1 + fraction / 1024.0)
                               : pow(2, -14) * (fraction / 1024.0);
        assert_true(tensor_half_to_double((uint16_t)h) == want);
        assert_true(tensor_half_to_double((uint16_t)(h | 0x8000)) == -want);
    }
    assert_true(isinf(tensor_half_to_double(0x7c00)));
}

static void reads_id_key_and_outputs(void **state)
{
    struct reader *r = *state;
    static const char text[] =
        "{\"id\":\"req-1\",\"parameters\":{\"leeway_key\":42,\"binary_data_output\":true},"
        "\"outputs\":[{\"name\":\"class\",\"parameters\":{\"binary_data\":false}},{\"name\":"
        "\"score\"}],"
        "\"inputs\":[" A "," B "," C "]}";
    char *copy;
    assert_ok(read_text(r, text, sizeof text - 1, &copy), &r->e);
    const struct infer_request *q = &r->request;
    assert_memory_equal(q->id.s, "req-1", q->id.len);
    assert_memory_equal(q->key.s, "42", q->key.len);
    assert_true(q->binary_output);
    assert_int_equal(q->n_outputs, 2);
    assert_true(q->outputs[0].binary_given && !q->outputs[0].binary);
    assert_true(!q->outputs[1].binary_given);
    const struct infer_body body = {copy, sizeof text - 1, copy, 0};
    struct infer_request peeked;
    assert_ok(infer_request_peek(&body, &r->arena, &peeked, &r->e), &r->e);
    assert_memory_equal(peeked.key.s, "42", 2);
    free(copy);
}

static void an_empty_id_is_none(void **state)
{
    struct reader *r = *state;
    static const char text[] = "{\"id\":\"\",\"inputs\":[" A "," B "," C "]}";
    char *copy;
    assert_ok(read_text(r, text, sizeof text - 1, &copy), &r->e);
    assert_null(r->request.id.s);
    free(copy);
}

static void skips_tensors_of_the_other_version(void **state)
{
    struct reader *r = *state;
    struct schema *other =
        tiny_schema("{\"model\":\"m\",\"features\":[{\"name\":\"new\",\"type\":"
                    "\"numeric\"}],\"label\":{\"name\":\"y\",\"type\":\"regression\"}}");
    struct feature_index *others = feature_index_new(other);
    static const char text[] =
        INPUTS(A "," B ",{\"name\":\"new\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[9]}," C);
    const struct infer_body body = {text, sizeof text - 1, "", 0};
    assert_ok(infer_request_read(&body, r->features, others, &r->arena, &r->request, &r->e), &r->e);
    assert_fails(read_body(r, &body), &r->e, ERR_PARSE, "input \"new\"");
    feature_index_free(others);
    schema_free(other);
}

static void splits_the_body_by_its_header(void **state)
{
    (void)state;
    struct infer_body b;
    struct err e = {0};
    assert_ok(infer_body_split("{}rest", 6, "2", &b, &e), &e);
    assert_int_equal(b.json_len, 2);
    assert_int_equal(b.binary_len, 4);
    assert_fails(infer_body_split("{}", 2, "3", &b, &e), &e, ERR_INVALID, "expected 0..2");
    assert_fails(infer_body_split("{}", 2, "-1", &b, &e), &e, ERR_INVALID, "got \"-1\"");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_reader, free_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_random_requests_as_cjson_does),
        TEST(accepts_nothing_that_cjson_refuses),
        TEST(refuses_every_prefix_of_a_request),
        TEST(errors_name_tensor_and_byte),
        TEST(refuses_deep_nesting),
        TEST(reads_a_matrix_in_schema_order),
        TEST(refuses_a_ragged_matrix),
        TEST(reads_every_binary_datatype),
        TEST(refuses_binary_data_of_another_size),
        TEST(half_precision_matches_its_definition),
        TEST(reads_id_key_and_outputs),
        TEST(an_empty_id_is_none),
        TEST(skips_tensors_of_the_other_version),
        TEST(splits_the_body_by_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
