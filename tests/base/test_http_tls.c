/*
 * test_http_tls.c - HTTPS from end to end, with a certificate made here, by GnuTLS itself.
 */
#include "http_testing.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

static void must(int rc)
{
    if (rc < 0)
        fail_msg("GnuTLS: %s", gnutls_strerror(rc));
}

static void write_datum(const char *path, gnutls_datum_t *d)
{
    struct err e;
    assert_ok(file_write_atomic(path, d->data, d->size, &e), &e);
    gnutls_free(d->data);
}

static void sign_self(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key)
{
    static const unsigned char loopback[4] = {127, 0, 0, 1};
    must(gnutls_x509_crt_set_version(cert, 3));
    must(gnutls_x509_crt_set_serial(cert, "\x01", 1));
    must(gnutls_x509_crt_set_activation_time(cert, time(NULL) - 3600));
    must(gnutls_x509_crt_set_expiration_time(cert, time(NULL) + 3600));
    must(gnutls_x509_crt_set_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, "leeway test", 11));
    must(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, loopback, 4,
                                              GNUTLS_FSAN_SET));
    must(gnutls_x509_crt_set_basic_constraints(cert, 1, -1));
    must(gnutls_x509_crt_set_key(cert, key));
    must(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0));
}

/* A self-signed certificate for 127.0.0.1 and its key, as PEM files. */
static void make_certificate(const char *cert_path, const char *key_path)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    gnutls_datum_t pem;
    must(gnutls_x509_privkey_init(&key));
    must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    must(gnutls_x509_crt_init(&cert));
    sign_self(cert, key);
    must(gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &pem));
    write_datum(cert_path, &pem);
    must(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem));
    write_datum(key_path, &pem);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}

static struct http_request *kept;
static bool has_kept, has_stream;

static void on_echo(struct http_request *r, void *user)
{
    size_t len;
    (void)user;
    const char *body = http_body(r, &len);
    http_respond(r, 200, "text/plain", body, len);
}

static void on_keep(struct http_request *r, void *user)
{
    (void)user;
    kept = r;
    has_kept = true;
}

static void on_stream_close(struct http_sse *s, void *user)
{
    (void)s;
    (void)user;
}

static void on_stream(struct http_request *r, void *user)
{
    (void)user;
    http_sse_send(http_sse_start(r, on_stream_close, NULL), "hello", "{}");
    has_stream = true;
}

static const struct http_route routes[] = {
    {"POST", "/echo", on_echo, HTTP_OPERATOR, 2 << 20, false},
    {"GET", "/late", on_keep, HTTP_OPERATOR, 0, false},
    {"GET", "/stream", on_stream, HTTP_OPERATOR, 0, false},
    {0},
};

static void open_tls(struct http_fixture *f, void **state, int n_threads)
{
    struct http_server_options o;
    make_certificate(path_in(state, "cert.pem"), path_in(state, "key.pem"));
    http_server_options_init(&o);
    o.cert_file = path_in(state, "cert.pem");
    o.key_file = path_in(state, "key.pem");
    o.n_threads = n_threads;
    fixture_open(f, &o, routes, NULL);
}

static void large_bodies_survive_the_round_trip(void **state)
{
    for (int n_threads = 0; n_threads <= 2; n_threads += 2) {
        struct http_fixture f;
        struct answer a;
        size_t len = 1500000;
        char *body = malloc(len);
        for (size_t i = 0; i < len; i++)
            body[i] = (char)('a' + i % 23);
        open_tls(&f, state, n_threads);
        struct http_call_options o = {.method = "POST",
                                      .url = url_of(&f, "/echo"),
                                      .body = body,
                                      .body_len = len,
                                      .ca_file = path_in(state, "cert.pem")};
        do_call(&f, &o, &a);
        assert_status(&a, 200);
        assert_int_equal(a.body_len, len);
        assert_memory_equal(a.body, body, sizeof a.body - 1);
        free(body);
        fixture_close(&f);
    }
}

static void late_answers_and_streams_work_over_tls(void **state)
{
    struct http_fixture f;
    struct answer a, stream;
    open_tls(&f, state, 0);
    struct http_call_options o = {.url = url_of(&f, "/late"),
                                  .ca_file = path_in(state, "cert.pem")};
    has_kept = has_stream = false;
    start_call(&f, &o, &a);
    run_until(&f, &has_kept);
    o.url = url_of(&f, "/stream");
    start_call(&f, &o, &stream);
    http_respond(kept, 200, "text/plain", "late", 4);
    run_until(&f, &a.done);
    assert_string_equal(a.body, "late");
    run_until(&f, &has_stream);
    fixture_stop_server(&f, 5000);
    run_until(&f, &stream.done);
    assert_status(&stream, 200);
    assert_string_equal(stream.body, ": open\n\nevent: hello\ndata: {}\n\n");
    fixture_close(&f);
}

/* libmicrohttpd 0.9.75 would be run without a pause for as long as such a peer stays. */
static void a_peer_that_stalls_in_its_handshake_costs_no_cpu(void **state)
{
    struct http_fixture f;
    int n_turns = 0;
    open_tls(&f, state, 0);
    struct raw *r = raw_open(&f);
    raw_puts(r, "\x16\x03");
    f.late = false;
    uv_timer_start(&f.deadline, fixture_on_late, 1000, 0);
    for (; !f.late; n_turns++)
        uv_run(&f.loop, UV_RUN_ONCE);
    if (n_turns > 1000) /* unpaused: tens of thousands */
        fail_msg("expected at most 1000 turns of the loop in 1 s, got %d", n_turns);
    raw_close(r);
    fixture_close(&f);
}

static void an_unknown_certificate_is_not_trusted(void **state)
{
    struct http_fixture f;
    struct answer a;
    open_tls(&f, state, 0);
    simple_call(&f, "GET", "/late", &a);
    assert_int_equal(a.code, ERR_UNREACHABLE);
    assert_contains(a.message, "certificate");
    fixture_close(&f);
}

static void a_key_that_does_not_fit_is_named(void **state)
{
    struct http_server_options o;
    struct http_server *s;
    struct err e;
    uv_loop_t loop;
    uv_loop_init(&loop);
    make_certificate(path_in(state, "cert.pem"), path_in(state, "key.pem"));
    make_certificate(path_in(state, "other.pem"), path_in(state, "other-key.pem"));
    http_server_options_init(&o);
    o.cert_file = path_in(state, "cert.pem");
    o.key_file = path_in(state, "other-key.pem");
    assert_fails(http_server_start(&loop, &o, routes, NULL, &s, &e), &e, ERR_INVALID,
                 "other-key.pem");
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_bodies_survive_the_round_trip),
        cmocka_unit_test(late_answers_and_streams_work_over_tls),
        cmocka_unit_test(a_peer_that_stalls_in_its_handshake_costs_no_cpu),
        cmocka_unit_test(an_unknown_certificate_is_not_trusted),
        cmocka_unit_test(a_key_that_does_not_fit_is_named),
    };
    return cmocka_run_group_tests_name("http_tls", tests, make_test_folder, remove_test_folder);
}
