/* test_sha256.c - the examples of FIPS 180-2, appendix B, and the running form against the whole.
 */
#include "testing.h"

#include "base/sha256.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void sha256_matches_the_published_examples(void **state)
{
    (void)state;
    char hex[SHA256_HEX_BYTES];
    sha256_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_hex("abc", 3, hex);
    assert_string_equal(hex, ABC);
    const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    sha256_hex(two_blocks, strlen(two_blocks), hex);
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void sha256_of_a_million_a_in_uneven_pieces(void **state)
{
    (void)state;
    char piece[997], hex[SHA256_HEX_BYTES];
    memset(piece, 'a', sizeof piece);
    struct sha256 *s = sha256_new();
    for (size_t left = 1000000; left > 0;) {
        size_t n = left < sizeof piece ? left : sizeof piece;
        sha256_update(s, piece, n);
        left -= n;
    }
    sha256_finish(s, hex);
    sha256_free(s);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void sha256_file_reads_what_is_there(void **state)
{
    struct err e = {0};
    char hex[SHA256_HEX_BYTES];
    const char *path = path_in(state, "abc");
    assert_ok(file_write_atomic(path, "abc", 3, &e), &e);
    assert_ok(sha256_file(path, hex, &e), &e);
    assert_string_equal(hex, ABC);
    assert_fails(sha256_file(path_in(state, "none"), hex, &e), &e, ERR_NOT_FOUND, "none");
}

static void is_hex_takes_exactly_64_lower_case_digits(void **state)
{
    (void)state;
    assert_true(sha256_is_hex(ABC));
    assert_false(sha256_is_hex(ABC "0"));
    assert_false(sha256_is_hex(&ABC[1]));
    assert_false(sha256_is_hex("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
    assert_false(sha256_is_hex("../../../../../../../../../../../../../../../../../../etc/passwd"));
    assert_false(sha256_is_hex(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_matches_the_published_examples),
        cmocka_unit_test(sha256_of_a_million_a_in_uneven_pieces),
        cmocka_unit_test(sha256_file_reads_what_is_there),
        cmocka_unit_test(is_hex_takes_exactly_64_lower_case_digits),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
