/*
 * test_safetensors.c - a file written by hand, byte by byte, is the oracle of the format; then
 * round trips, reproducible bytes, and every lie that a header can tell.
 */
#include "testing.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/rand.h"
#include "base/safetensors.h"
#include "base/sha256.h"

/* length of header (0x50 = 80), header, then 1.0f, 2.0f, and the bytes 3 4 5 */
#define BY_HAND                                                                                    \
    "\x50\0\0\0\0\0\0\0"                                                                           \
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"                             \
    "\"__metadata__\":{\"k\":\"v\"}} "                                                             \
    "\0\0\x80\x3f\0\0\0\x40"

/* A file around this header, padded to `pad` bytes of header, with n_data zero bytes behind it. */
static struct buf file_with(const char *header, size_t n_data)
{
    struct buf b = BUF_INIT;
    uint64_t len = strlen(header);
    for (int i = 0; i < 8; i++) {
        buf_append(&b, (char[]){(char)(len >> (8 * i))}, 1);
    }
    buf_puts(&b, header);
    for (size_t i = 0; i < n_data; i++) {
        buf_append(&b, "", 1);
    }
    return b;
}

static void st_reads_a_file_written_by_hand(void **state)
{
    (void)state;
    struct err e = {0};
    struct st_file *f;
    char header[] = BY_HAND;
    header[0] = (char)(sizeof BY_HAND - 1 - 8 - 8);
    assert_ok(st_open_memory(header, sizeof header - 1, &f, &e), &e);
    assert_int_equal(st_count(f), 1);
    const struct st_tensor *t = st_find(f, "a");
    assert_non_null(t);
    assert_int_equal(t->dtype, ST_F32);
    assert_int_equal(t->n_dims, 1);
    assert_int_equal(t->shape[0], 2);
    assert_int_equal(t->n_elements, 2);
    assert_int_equal(t->size_bytes, 8);
    assert_true(((const float *)t->data)[0] == 1.0f && ((const float *)t->data)[1] == 2.0f);
    assert_string_equal(st_metadata(f, "k"), "v");
    assert_null(st_metadata(f, "none"));
    assert_null(st_find(f, "none"));
    assert_ptr_equal(st_at(f, 0), t);
    assert_null(st_at(f, 1));
    st_close(f);
}

static void st_writes_the_bytes_of_the_format(void **state)
{
    (void)state;
    struct err e = {0};
    struct st_writer *w = st_writer_new();
    const float a[] = {1, 2};
    void *bytes;
    size_t size;
    assert_ok(st_writer_meta(w, "k", "v", &e), &e);
    assert_ok(st_writer_add(w, "a", ST_F32, 1, (const int64_t[]){2}, a, &e), &e);
    assert_ok(st_writer_memory(w, &bytes, &size, &e), &e);
    st_writer_free(w);
    const char want[] = "\x78\0\0\0\0\0\0\0"
                        "{\"__metadata__\":{\"k\":\"v\"},"
                        "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    assert_int_equal(size, 128 + 8);
    assert_memory_equal(bytes, want, sizeof want - 1);
    for (size_t i = sizeof want - 1; i < 128; i++) {
        assert_int_equal(((char *)bytes)[i], ' ');
    }
    assert_memory_equal((char *)bytes + 128, "\0\0\x80\x3f\0\0\0\x40", 8);
    free(bytes);
}

static void add_three(struct st_writer *w, const double *d, const int8_t *i, const char *order)
{
    struct err e = {0};
    for (; *order; order++) {
        switch (*order) {
        case 'd':
            assert_ok(st_writer_add(w, "d", ST_F64, 2, (const int64_t[]){2, 3}, d, &e), &e);
            break;
        case 'i':
            assert_ok(st_writer_add(w, "i", ST_I8, 1, (const int64_t[]){5}, i, &e), &e);
            break;
        case 'z':
            assert_ok(st_writer_add(w, "z", ST_U16, 2, (const int64_t[]){0, 7}, NULL, &e), &e);
            break;
        case 's':
            assert_ok(st_writer_add(w, "s", ST_F64, 0, NULL, d, &e), &e);
            break;
        default:
            assert_ok(st_writer_meta(w, *order == '1' ? "one" : "two", "\"\\\n\xc3\xbc", &e), &e);
        }
    }
}

static const double numbers[] = {1.5, -2, 3e300, 0, 5e-324, 6};
static const int8_t bytes5[] = {-1, 2, -3, 4, 127};

static void st_round_trip_keeps_everything(void **state)
{
    struct err e = {0};
    struct st_file *f;
    char sha[65], again[65];
    const char *path = path_in(state, "round.safetensors");
    struct st_writer *w = st_writer_new();
    add_three(w, numbers, bytes5, "i1dz2s");
    assert_ok(st_writer_save(w, path, sha, &e), &e);
    st_writer_free(w);
    assert_ok(sha256_file(path, again, &e), &e);
    assert_string_equal(sha, again);
    assert_ok(st_open(path, &f, &e), &e);
    assert_int_equal(st_count(f), 4);
    const struct st_tensor *t;
    assert_ok(st_need(f, "d", ST_F64, 2, (const int64_t[]){2, -1}, &t, &e), &e);
    assert_memory_equal(t->data, numbers, sizeof numbers);
    assert_int_equal((uintptr_t)t->data % 64, 0);
    assert_ok(st_need(f, "i", ST_I8, 1, (const int64_t[]){5}, &t, &e), &e);
    assert_memory_equal(t->data, bytes5, 5);
    assert_ok(st_need(f, "z", ST_U16, 2, (const int64_t[]){0, 7}, &t, &e), &e);
    assert_int_equal(t->n_elements, 0);
    assert_ok(st_need(f, "s", ST_F64, 0, NULL, &t, &e), &e);
    assert_int_equal(t->n_elements, 1);
    assert_string_equal(st_metadata(f, "two"), "\"\\\n\xc3\xbc");
    st_close(f);
}

static void st_same_content_gives_the_same_bytes(void **state)
{
    (void)state;
    struct err e = {0};
    void *a, *b;
    size_t na, nb;
    struct st_writer *x = st_writer_new(), *y = st_writer_new();
    add_three(x, numbers, bytes5, "i1dz2s");
    add_three(y, numbers, bytes5, "s2zd1i");
    assert_ok(st_writer_memory(x, &a, &na, &e), &e);
    assert_ok(st_writer_memory(y, &b, &nb, &e), &e);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    st_writer_free(x);
    st_writer_free(y);
    free(a);
    free(b);
}

static void st_copies_what_is_misaligned(void **state)
{
    (void)state;
    struct err e = {0};
    struct st_file *f;
    char bytes[sizeof BY_HAND + 16];
    for (size_t shift = 0; shift < 9; shift++) {
        memcpy(bytes + shift, BY_HAND, sizeof BY_HAND - 1);
        bytes[shift] = (char)(sizeof BY_HAND - 1 - 8 - 8);
        assert_ok(st_open_memory(bytes + shift, sizeof BY_HAND - 1, &f, &e), &e);
        const struct st_tensor *t = st_find(f, "a");
        assert_int_equal((uintptr_t)t->data % 4, 0);
        assert_true(((const float *)t->data)[1] == 2.0f);
        st_close(f);
    }
}

static void refuses(const char *header, size_t n_data, enum err_code code, const char *message)
{
    struct err e = {0};
    struct st_file *f = NULL;
    struct buf b = file_with(header, n_data);
    /* exactly sized, so that the address sanitizer sees one byte too many */
    char *exact = malloc(b.len);
    memcpy(exact, b.data, b.len);
    assert_fails(st_open_memory(exact, b.len, &f, &e), &e, code, message);
    assert_null(f);
    free(exact);
    buf_free(&b);
}

#define T(dtype, shape, offsets)                                                                   \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void st_refuses_every_lie_of_a_header(void **state)
{
    (void)state;
    refuses("", 0, ERR_PARSE, "expected a JSON object");
    refuses(" {}", 0, ERR_PARSE, "expected a JSON object");
    refuses("{\"a\":}", 0, ERR_PARSE, "header:1:6: expected a JSON value");
    refuses("{\"a\":" T("F32", "[1]", "[0,4]") ",\"a\":" T("F32", "[1]", "[4,8]") "}", 8, ERR_PARSE,
            "duplicate key \"a\"");
    refuses("{\"a\":3}", 0, ERR_PARSE, "tensor a: expected an object");
    refuses("{\"a\":" T("F31", "[1]", "[0,4]") "}", 4, ERR_UNSUPPORTED, "dtype F31");
    refuses("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, ERR_INVALID, "dtype: expected");
    refuses("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, ERR_INVALID,
            "shape: expected");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, ERR_INVALID, "data_offsets: expected");
    refuses("{\"a\":" T("F32", "[1]", "[0,4]") "}", 3, ERR_PARSE, "do not lie in the 3 bytes");
    refuses("{\"a\":" T("F32", "[1]", "[4,0]") "}", 4, ERR_PARSE, "data_offsets 4..0");
    refuses("{\"a\":" T("F32", "[2]", "[0,4]") "}", 4, ERR_PARSE,
            "2 elements of F32 do not fill 4");
    refuses("{\"a\":" T("F32", "[1]", "[0,4,8]") "}", 8, ERR_PARSE, "expected two whole numbers");
    refuses("{\"a\":" T("F32", "[1]", "[0,-4]") "}", 8, ERR_PARSE, "expected two whole numbers");
    refuses("{\"a\":" T("F32", "[1]", "[0,4.5]") "}", 8, ERR_PARSE, "expected two whole numbers");
    refuses("{\"a\":" T("F32", "[1]", "[0,1e300]") "}", 8, ERR_PARSE, "expected two whole numbers");
    refuses("{\"a\":" T("F32", "[-1]", "[0,4]") "}", 4, ERR_PARSE, "shape[0]: expected");
    refuses("{\"a\":" T("F32", "[\"1\"]", "[0,4]") "}", 4, ERR_PARSE, "shape[0]: expected");
    refuses("{\"a\":" T("F32", "[9007199254740992,9007199254740992]", "[0,4]") "}", 4, ERR_PARSE,
            "overflows");
    refuses("{\"a\":" T("F64", "[4503599627370496,1024]", "[0,0]") "}", 4, ERR_PARSE,
            "do not fill 0 bytes"); /* 2^62 elements fit, their bytes overflow to 0 */
    refuses("{\"a\":" T("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, ERR_UNSUPPORTED,
            "more than 8 dimensions");
    refuses("{\"a\":" T("F32", "[1]", "[0,4]") "}", 5, ERR_PARSE, "end at 4, but there are 5");
    refuses("{\"a\":" T("F32", "[1]", "[1,5]") "}", 5, ERR_PARSE, "begins at 1, expected 0");
    refuses("{\"a\":" T("F32", "[1]", "[0,4]") ",\"b\":" T("F32", "[1]", "[2,6]") "}", 6, ERR_PARSE,
            "tensor b begins at 2, expected 4");
    refuses("{\"a\":" T("F32", "[1]", "[0,4]") ",\"b\":" T("F32", "[1]", "[0,4]") "}", 4, ERR_PARSE,
            "begins at 0, expected 4");
    refuses("{\"__metadata__\":{\"k\":1}}", 0, ERR_PARSE, "__metadata__.k: expected a string");
    refuses("{\"__metadata__\":[]}", 0, ERR_PARSE, "__metadata__: expected an object");
}

static void st_refuses_a_length_that_does_not_fit(void **state)
{
    (void)state;
    struct err e = {0};
    struct st_file *f = NULL;
    assert_fails(st_open_memory("\x01\0\0\0\0\0\0", 7, &f, &e), &e, ERR_PARSE, "too few");
    assert_fails(st_open_memory("\x03\0\0\0\0\0\0\0{}", 10, &f, &e), &e, ERR_PARSE, "does not fit");
    assert_fails(st_open_memory("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, &f, &e), &e, ERR_PARSE,
                 "does not fit");
    assert_ok(st_open_memory("\x02\0\0\0\0\0\0\0{}", 10, &f, &e), &e);
    assert_int_equal(st_count(f), 0);
    st_close(f);
}

static void st_open_of_what_is_no_file_fails(void **state)
{
    struct err e = {0};
    struct st_file *f = NULL;
    assert_fails(st_open(path_in(state, "none"), &f, &e), &e, ERR_NOT_FOUND, "none");
    assert_fails(st_open((const char *)*state, &f, &e), &e, ERR_PARSE, "not a safetensors file");
    assert_ok(file_write_atomic(path_in(state, "empty"), "", 0, &e), &e);
    assert_fails(st_open(path_in(state, "empty"), &f, &e), &e, ERR_PARSE, "not a safetensors file");
}

static void st_need_says_what_it_found_instead(void **state)
{
    (void)state;
    struct err e = {0};
    struct st_file *f;
    const struct st_tensor *t = NULL;
    char bytes[] = BY_HAND;
    bytes[0] = (char)(sizeof BY_HAND - 1 - 8 - 8);
    assert_ok(st_open_memory(bytes, sizeof bytes - 1, &f, &e), &e);
    assert_fails(st_need(f, "a", ST_F64, 2, (const int64_t[]){3, -1}, &t, &e), &e, ERR_INVALID,
                 "tensor a: expected F64[3,?], got F32[2]");
    assert_fails(st_need(f, "b", ST_F32, 1, (const int64_t[]){2}, &t, &e), &e, ERR_INVALID,
                 "tensor b: expected F32[2], got nothing");
    assert_null(t);
    st_close(f);
}

static void st_writer_refuses_what_would_not_be_read(void **state)
{
    (void)state;
    struct err e = {0};
    struct st_writer *w = st_writer_new();
    const int64_t one[] = {1}, negative[] = {-1}, huge[] = {INT64_MAX, 3};
    assert_ok(st_writer_add(w, "a", ST_U8, 1, one, "x", &e), &e);
    assert_fails(st_writer_add(w, "a", ST_U8, 1, one, "x", &e), &e, ERR_CONFLICT, "tensor a");
    assert_fails(st_writer_add(w, "", ST_U8, 1, one, "x", &e), &e, ERR_INVALID, "cannot name");
    assert_fails(st_writer_add(w, "\xff", ST_U8, 1, one, "x", &e), &e, ERR_INVALID, "cannot name");
    assert_fails(st_writer_add(w, "__metadata__", ST_U8, 1, one, "x", &e), &e, ERR_INVALID,
                 "cannot name");
    assert_fails(st_writer_add(w, "b", ST_U8, 1, negative, "x", &e), &e, ERR_INVALID, "shape[0]");
    assert_fails(st_writer_add(w, "b", ST_U8, 2, huge, "x", &e), &e, ERR_LIMIT, "overflows");
    assert_fails(st_writer_add(w, "b", ST_U8, 9, one, "x", &e), &e, ERR_INVALID, "9 dimensions");
    assert_ok(st_writer_meta(w, "k", "v", &e), &e);
    assert_fails(st_writer_meta(w, "k", "w", &e), &e, ERR_CONFLICT, "metadata k");
    assert_fails(st_writer_meta(w, "l", "\xff", &e), &e, ERR_INVALID, "UTF-8");
    st_writer_free(w);
}

/* Flips, cuts and overwrites of a good file: nothing may crash, and what is accepted stays inside.
 */
static void st_survives_damaged_files(void **state)
{
    (void)state;
    struct err e = {0};
    struct rng r;
    void *good;
    size_t size;
    struct st_writer *w = st_writer_new();
    add_three(w, numbers, bytes5, "i1dz2s");
    assert_ok(st_writer_memory(w, &good, &size, &e), &e);
    st_writer_free(w);
    rng_seed(&r, 3);
    for (int round = 0; round < 3000; round++) {
        size_t n = 1 + rng_below(&r, size);
        unsigned char *bytes = malloc(n);
        memcpy(bytes, good, n);
        for (int flips = (int)rng_below(&r, 4); flips > 0; flips--) {
            bytes[rng_below(&r, n)] = (unsigned char)rng_u64(&r);
        }
        struct st_file *f = NULL;
        if (!st_open_memory(bytes, n, &f, &e)) {
            for (size_t i = 0; i < st_count(f); i++) {
                const struct st_tensor *t = st_at(f, i);
                unsigned sum = 0;
                for (size_t k = 0; k < t->size_bytes; k++) {
                    sum += ((const unsigned char *)t->data)[k];
                }
                assert_true(sum < 256 * t->size_bytes + 1);
            }
        }
        st_close(f);
        free(bytes);
    }
    free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(st_reads_a_file_written_by_hand),
        cmocka_unit_test(st_writes_the_bytes_of_the_format),
        cmocka_unit_test(st_round_trip_keeps_everything),
        cmocka_unit_test(st_same_content_gives_the_same_bytes),
        cmocka_unit_test(st_copies_what_is_misaligned),
        cmocka_unit_test(st_refuses_every_lie_of_a_header),
        cmocka_unit_test(st_refuses_a_length_that_does_not_fit),
        cmocka_unit_test(st_open_of_what_is_no_file_fails),
        cmocka_unit_test(st_need_says_what_it_found_instead),
        cmocka_unit_test(st_writer_refuses_what_would_not_be_read),
        cmocka_unit_test(st_survives_damaged_files),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
