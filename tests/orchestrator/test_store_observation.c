/*
 * test_store_observation.c - nothing lost, nothing counted twice: logs read again, labels late,
 * twice, contradicting, before their observation, or never; processes killed in the middle.
 */
#include "store_fixture.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/rand.h"
#include "store/observation_store.h"

static const struct observation_batch batch = {.model = "loan", .replica = "r1", .log_id = "log-1"};

static const float score[] = {0.75f};

static struct observation row(int64_t seq, const char *id)
{
    return (struct observation){.seq = seq,
                                .id = id,
                                .unix_ms = T0 + seq,
                                .version = SHA_A,
                                .x = "[1,\"a\",null]",
                                .y = score,
                                .n_y = 1};
}

static struct observation_ingested ingest_from(struct store *s, struct observation_batch b,
                                               int64_t first, int64_t n)
{
    struct observation *rows = calloc((size_t)n, sizeof(*rows));
    char(*ids)[32] = calloc((size_t)n, sizeof(*ids));
    struct observation_ingested out = {0};

    for (int64_t i = 0; i < n; i++) {
        snprintf(ids[i], sizeof(ids[i]), "req-%lld", (long long)(first + i));
        rows[i] = row(first + i, ids[i]);
    }
    b.next_seq = first + n;
    assert_ok(observation_ingest(s, &b, rows, (size_t)n, &out, e));
    free(rows);
    free(ids);
    return out;
}

static struct observation_ingested ingest(struct store *s, int64_t first, int64_t n)
{
    return ingest_from(s, batch, first, n);
}

static struct observation_labelled label(struct store *s, const char *id, const char *text)
{
    struct observation_label l = {.id = id, .label = text};
    struct observation_labelled out = {0};

    assert_ok(observation_add_labels(s, "loan", &l, 1, T0 + 5000, &out, e));
    return out;
}

/* The account, after checking that it balances and agrees with the rows themselves. */
static struct observation_account account(struct store *s)
{
    struct observation_account a;
    struct store_stmt *st;
    bool more;

    assert_ok(observation_account_get(s, "loan", &a, e));
    assert_int_equal(a.observed + a.imported, a.labelled + a.owed + a.expired - a.late);
    assert_ok(
        store_prepare(s, "SELECT count(*), coalesce(sum(state = 0), 0) FROM observation", &st, e));
    assert_ok(store_step(st, &more, e));
    assert_int_equal(store_int(st, 0), a.rows);
    assert_int_equal(store_int(st, 1), a.owed);
    store_reset(st);
    assert_ok(store_prepare(s, "SELECT count(*) FROM label_waiting", &st, e));
    assert_ok(store_step(st, &more, e));
    assert_int_equal(store_int(st, 0), a.labels_waiting);
    store_reset(st);
    return a;
}

/* ---- logs ---- */

static void offsets_replayed_count_once(void **state)
{
    struct fixture *f = *state;
    int64_t next = -1;

    assert_int_equal(ingest(f->s, 0, 100).n_new, 100);
    struct observation_ingested again = ingest(f->s, 0, 100);
    assert_int_equal(again.n_new, 0);
    assert_int_equal(again.n_repeated, 100);
    again = ingest(f->s, 50, 100);
    assert_int_equal(again.n_repeated, 50);
    assert_int_equal(again.n_new, 50);
    assert_ok(observation_next_seq(f->s, "loan", "log-1", &next, e));
    assert_int_equal(next, 150);
    assert_int_equal(account(f->s).observed, 150);
    assert_int_equal(account(f->s).duplicates, 0);
}

static void id_from_two_logs_counts_once(void **state)
{
    struct fixture *f = *state;
    struct observation_batch other = batch;

    other.log_id = "log-2";
    ingest(f->s, 0, 10);
    assert_int_equal(ingest_from(f->s, other, 5, 10).n_duplicate, 5);
    assert_int_equal(account(f->s).observed, 15);
    assert_int_equal(account(f->s).duplicates, 5);
}

static void rows_the_replica_dropped_are_counted_missed(void **state)
{
    struct fixture *f = *state;

    ingest(f->s, 0, 10);
    assert_int_equal(ingest(f->s, 25, 5).n_missed, 15);
    assert_int_equal(account(f->s).missed, 15);
}

static void die_while_ingesting(struct store *s)
{
    /* observation_ingest commits by itself; this is what it has done just before */
    store_begin(s, NULL);
    store_exec(s,
               "INSERT INTO observation (model, id, t, role, x, state)"
               " SELECT model, 'req-10', 0, 0, '[]', 0 FROM log_offset",
               NULL);
    store_exec(s, "UPDATE log_offset SET next_seq = 12", NULL);
}

static void killed_ingest_is_read_again(void **state)
{
    struct fixture *f = *state;
    int64_t next = -1;

    ingest(f->s, 0, 10);
    fixture_killed_in(f, die_while_ingesting);
    assert_ok(observation_next_seq(f->s, "loan", "log-1", &next, e));
    assert_int_equal(next, 10);
    assert_int_equal(ingest(f->s, 10, 2).n_new, 2);
    assert_int_equal(account(f->s).observed, 12);
}

static void log_lines_are_read_as_the_wire_says(void **state)
{
    static const char text[] =
        "{\"seq\":0,\"id\":\"a\",\"t\":1767225600000,\"v\":\"" SHA_A
        "\",\"role\":\"champion\",\"x\":[1.5,\"blue\",null],\"y\":[0.83],\"sv\":\"" SHA_B
        "\",\"sy\":[0.79]}\n"
        "{\"seq\":1,\"id\":\"b\",\"key\":\"k\",\"t\":1767225600001,\"v\":\"" SHA_A
        "\",\"role\":\"candidate\",\"x\":[2,\"red\",3],\"y\":[0.5]}\n";
    struct fixture *f = *state;
    struct observation_batch b = batch;
    struct observation_ingested out = {0};

    b.next_seq = 2;
    assert_ok(observation_ingest_ndjson(f->s, &b, text, sizeof(text) - 1, &out, e));
    assert_int_equal(out.n_new, 2);
    assert_ok(observation_ingest_ndjson(f->s, &b, text, sizeof(text) - 1, &out, e));
    assert_int_equal(out.n_repeated, 2);
}

static void broken_line_refuses_the_batch_and_names_the_line(void **state)
{
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"{\"seq\":1,", "line 2: line:1:"},
        {"{\"seq\":1,\"id\":\"b\",\"t\":1,\"v\":\"zz\",\"role\":\"champion\",\"x\":[],\"y\":[]}",
         "line 2: v: expected a SHA-256"},
        {"{\"seq\":1,\"id\":\"b\",\"t\":1,\"v\":\"" SHA_A "\",\"role\":\"king\",\"x\":[],\"y\":[]}",
         "line 2: role: expected champion or candidate"},
        {"{\"seq\":1,\"id\":\"\",\"t\":1,\"v\":\"" SHA_A
         "\",\"role\":\"champion\",\"x\":[],\"y\":[]}",
         "line 2: id: expected 1..255 bytes"},
        {"{\"seq\":1,\"id\":\"b\",\"t\":1,\"v\":\"" SHA_A
         "\",\"role\":\"champion\",\"x\":[],\"y\":[\"a\"]}",
         "line 2: y: expected at most 1024 numbers"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct observation_batch b = batch;
        struct buf text = BUF_INIT;
        struct err e = {0};
        b.next_seq = 2;
        buf_printf(&text,
                   "{\"seq\":0,\"id\":\"a\",\"t\":1,\"v\":\"" SHA_A
                   "\",\"role\":\"champion\",\"x\":[],\"y\":[]}\n%s\n",
                   cases[i].line);
        assert_int_not_equal(observation_ingest_ndjson(f->s, &b, text.data, text.len, NULL, &e),
                             ERR_OK);
        if (!strstr(e.message, cases[i].says)) {
            print_error("expected \"%s\" in \"%s\"\n", cases[i].says, e.message);
        }
        assert_non_null(strstr(e.message, cases[i].says));
        buf_free(&text);
    }
    assert_int_equal(account(f->s).observed, 0);
}

/* ---- labels ---- */

static void label_joins_whichever_comes_first(void **state)
{
    struct fixture *f = *state;

    ingest(f->s, 0, 2);
    assert_int_equal(label(f->s, "req-0", "UP").n_joined, 1);
    assert_int_equal(label(f->s, "req-2", "DOWN").n_waiting, 1);
    assert_int_equal(account(f->s).labels_waiting, 1);
    struct observation_ingested late = ingest(f->s, 2, 1);
    assert_int_equal(late.n_joined, 1);
    struct observation_account a = account(f->s);
    assert_int_equal(a.labelled, 2);
    assert_int_equal(a.owed, 1);
    assert_int_equal(a.labels_waiting, 0);
    assert_int_equal(a.oldest_owed_unix_ms, T0 + 1);
}

static void first_label_stays(void **state)
{
    struct fixture *f = *state;

    ingest(f->s, 0, 1);
    label(f->s, "req-0", "UP");
    assert_int_equal(label(f->s, "req-0", "UP").n_duplicate, 1);
    assert_int_equal(label(f->s, "req-0", "DOWN").n_conflict, 1);
    label(f->s, "early", "1.0");
    assert_int_equal(label(f->s, "early", "1").n_duplicate, 1);
    assert_int_equal(label(f->s, "early", "2").n_conflict, 1);
    struct observation_account a = account(f->s);
    assert_int_equal(a.labelled, 1);
    assert_int_equal(a.label_duplicates, 2);
    assert_int_equal(a.label_conflicts, 2);
}

static void bad_label_refuses_its_batch(void **state)
{
    struct fixture *f = *state;
    struct observation_label labels[] = {{.id = "req-0", .label = "UP"}, {.id = "", .label = "UP"}};
    struct err e = {0};

    ingest(f->s, 0, 1);
    assert_int_equal(observation_add_labels(f->s, "loan", labels, 2, T0, NULL, &e), ERR_INVALID);
    assert_string_equal(e.message, "labels[1]: id: expected 1..255 bytes, got 0");
    assert_int_equal(account(f->s).labelled, 0);
}

static void label_that_never_comes_expires_and_one_that_comes_later_is_late(void **state)
{
    struct fixture *f = *state;
    struct observation_limits limits = {
        .max_rows = 100, .max_labels_waiting = 10, .max_wait_ms = 1000};
    bool more = true;

    ingest(f->s, 0, 10);
    assert_ok(observation_keep_bounded(f->s, "loan", &limits, 4, T0 + 1000 + 8, &more, e));
    assert_true(more);
    while (more) {
        assert_ok(observation_keep_bounded(f->s, "loan", &limits, 4, T0 + 1000 + 8, &more, e));
    }
    struct observation_account a = account(f->s);
    assert_int_equal(a.expired, 8);
    assert_int_equal(a.owed, 2);
    struct observation_labelled n = label(f->s, "req-0", "UP");
    assert_int_equal(n.n_joined, 1);
    assert_int_equal(n.n_late, 1);
    a = account(f->s);
    assert_int_equal(a.late, 1);
    assert_int_equal(a.labelled, 1);
}

static void oldest_rows_and_labels_go_first(void **state)
{
    struct fixture *f = *state;
    struct observation_limits limits = {.max_rows = 6, .max_labels_waiting = 1};
    struct observation_account a;
    bool more = false;

    ingest(f->s, 0, 10);
    label(f->s, "req-0", "UP");
    label(f->s, "req-9", "UP");
    label(f->s, "early-1", "UP");
    label(f->s, "early-2", "DOWN");
    assert_ok(observation_keep_bounded(f->s, "loan", &limits, 1000, T0, &more, e));
    assert_false(more);
    a = account(f->s);
    assert_int_equal(a.rows, 6);
    assert_int_equal(a.rows_dropped, 4);
    assert_int_equal(a.labels_dropped, 1);
    assert_int_equal(label(f->s, "early-2", "DOWN").n_duplicate, 1);
    assert_int_equal(label(f->s, "req-9", "UP").n_duplicate, 1);
    assert_int_equal(label(f->s, "req-3", "UP").n_waiting, 1); /* gone with its row */
}

/* ---- reading ---- */

struct seen {
    int64_t lseqs[64];
    char ids[64][32];
    int n;
    struct labelled_row last;
    float y, shadow_y;
};

static enum err_code see(void *user, const struct labelled_row *r, struct err *e)
{
    struct seen *seen = user;

    (void)e;
    assert_true(seen->n < 64);
    seen->lseqs[seen->n] = r->lseq;
    snprintf(seen->ids[seen->n++], 32, "%s", r->id);
    seen->last = *r;
    seen->y = r->n_y ? r->y[0] : -1.0f;
    seen->shadow_y = r->n_shadow_y ? r->shadow_y[0] : -1.0f;
    return ERR_OK;
}

static void fold_over_lseq_misses_none(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    char id[32];

    ingest(f->s, 0, 20);
    for (int i = 19; i >= 0; i -= 2) { /* labels in another order than rows */
        snprintf(id, sizeof(id), "req-%d", i);
        label(f->s, id, "UP");
    }
    assert_ok(observation_labelled_after(f->s, "loan", 0, 4, see, &seen, e));
    assert_int_equal(seen.n, 4);
    assert_ok(observation_labelled_after(f->s, "loan", seen.lseqs[3], 100, see, &seen, e));
    assert_int_equal(seen.n, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(seen.lseqs[i], i + 1);
    }
    assert_string_equal(seen.ids[0], "req-19");
    assert_string_equal(seen.ids[9], "req-1");
    assert_ok(observation_labelled_after(f->s, "loan", 10, 100, see, &seen, e));
    assert_int_equal(seen.n, 10);
}

static void newest_rows_come_in_time_order(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    char id[32];

    ingest(f->s, 0, 20);
    for (int i = 0; i < 20; i += 2) {
        snprintf(id, sizeof(id), "req-%d", 18 - i);
        label(f->s, id, "UP");
    }
    assert_ok(observation_labelled_newest(f->s, "loan", 0, 3, see, &seen, e));
    assert_int_equal(seen.n, 3);
    assert_string_equal(seen.ids[0], "req-14");
    assert_string_equal(seen.ids[2], "req-18");
    seen.n = 0;
    assert_ok(observation_labelled_newest(f->s, "loan", T0 + 11, 100, see, &seen, e));
    assert_int_equal(seen.n, 4);
}

static void both_sides_of_a_shadowed_row_are_kept(void **state)
{
    struct fixture *f = *state;
    struct observation r = row(0, "a");
    struct observation_batch b = batch;
    struct seen seen = {0};
    const float shadow[] = {0.25f};

    r.shadow_version = SHA_B;
    r.shadow_y = shadow;
    r.n_shadow_y = 1;
    b.next_seq = 1;
    assert_ok(observation_ingest(f->s, &b, &r, 1, NULL, e));
    label(f->s, "a", "UP");
    assert_ok(observation_labelled_after(f->s, "loan", 0, 1, see, &seen, e));
    assert_true(seen.y == 0.75f);
    assert_true(seen.shadow_y == 0.25f);
}

static void models_do_not_mix(void **state)
{
    struct fixture *f = *state;
    struct observation_batch other = batch;
    struct observation_account a;

    other.model = "fraud";
    ingest(f->s, 0, 10);
    assert_int_equal(ingest_from(f->s, other, 0, 7).n_new, 7);
    assert_ok(observation_account_get(f->s, "fraud", &a, e));
    assert_int_equal(a.observed, 7);
    assert_int_equal(label(f->s, "req-8", "UP").n_joined, 1);
    assert_ok(observation_account_get(f->s, "fraud", &a, e));
    assert_int_equal(a.labelled, 0);
}

static void imported_rows_are_labelled_and_counted_once(void **state)
{
    struct fixture *f = *state;
    struct observation rows[] = {
        {.id = "h-1", .unix_ms = T0, .role = OBSERVATION_IMPORTED, .x = "[1]"},
        {.id = "h-2", .unix_ms = T0 + 1, .role = OBSERVATION_IMPORTED, .x = "[2]"}};
    struct observation_label labels[] = {{.id = "h-1", .label = "UP"},
                                         {.id = "h-2", .label = "DOWN"}};
    struct seen seen = {0};
    int64_t n_new = 0, n_duplicate = 0;

    ingest(f->s, 0, 1);
    assert_ok(observation_import(f->s, "loan", rows, labels, 2, &n_new, &n_duplicate, e));
    assert_int_equal(n_new, 2);
    assert_ok(observation_import(f->s, "loan", rows, labels, 2, &n_new, &n_duplicate, e));
    assert_int_equal(n_new, 0);
    assert_int_equal(n_duplicate, 2);
    struct observation_account a = account(f->s);
    assert_int_equal(a.imported, 2);
    assert_int_equal(a.labelled, 2);
    assert_int_equal(a.owed, 1);
    assert_ok(observation_labelled_after(f->s, "loan", 1, 10, see, &seen, e));
    assert_int_equal(seen.n, 1);
    assert_true(seen.y == -1.0f);
    assert_null(seen.last.version);
}

/* Whatever order things happen in, the account balances and each id counts once. */
static void random_order_keeps_the_account(void **state)
{
    struct fixture *f = *state;
    struct observation_limits limits = {
        .max_rows = 150, .max_labels_waiting = 20, .max_wait_ms = 100};
    struct rng rng;
    int64_t next = 0;
    char id[32];
    bool more;

    rng_seed(&rng, 7);
    for (int i = 0; i < 400; i++) {
        uint64_t dice = rng_below(&rng, 10);
        if (dice < 3) {
            int64_t back = (int64_t)rng_below(&rng, 4), n = 1 + (int64_t)rng_below(&rng, 5);
            ingest(f->s, next > back ? next - back : next, n);
            assert_ok(observation_next_seq(f->s, "loan", "log-1", &next, e));
        } else if (dice < 9) {
            snprintf(id, sizeof(id), "req-%d", (int)rng_below(&rng, (uint64_t)next + 10));
            label(f->s, id, dice % 2 ? "UP" : "DOWN");
        } else {
            assert_ok(observation_keep_bounded(f->s, "loan", &limits, 10, T0 + next, &more, e));
        }
        account(f->s);
    }
    assert_int_equal(account(f->s).observed, next);
}

/* ---- speed ---- */

static void bulk_rows_go_in_fast(void **state)
{
    struct fixture *f = *state;
    int64_t start = clock_mono_ms();
    const int64_t n_batches = 20, n_rows = 5000;

    for (int64_t i = 0; i < n_batches; i++) {
        ingest(f->s, i * n_rows, n_rows);
    }
    double seconds = (double)(clock_mono_ms() - start) / 1000.0;
    print_message("  %lld rows in %.2f s: %.0f rows/s\n", (long long)(n_batches * n_rows), seconds,
                  (double)(n_batches * n_rows) / seconds);
    assert_int_equal(account(f->s).observed, n_batches * n_rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(offsets_replayed_count_once),
        store_test(id_from_two_logs_counts_once),
        store_test(rows_the_replica_dropped_are_counted_missed),
        store_test(killed_ingest_is_read_again),
        store_test(log_lines_are_read_as_the_wire_says),
        store_test(broken_line_refuses_the_batch_and_names_the_line),
        store_test(label_joins_whichever_comes_first),
        store_test(first_label_stays),
        store_test(bad_label_refuses_its_batch),
        store_test(label_that_never_comes_expires_and_one_that_comes_later_is_late),
        store_test(oldest_rows_and_labels_go_first),
        store_test(fold_over_lseq_misses_none),
        store_test(newest_rows_come_in_time_order),
        store_test(both_sides_of_a_shadowed_row_are_kept),
        store_test(models_do_not_mix),
        store_test(imported_rows_are_labelled_and_counted_once),
        store_test(random_order_keeps_the_account),
        store_test(bulk_rows_go_in_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
