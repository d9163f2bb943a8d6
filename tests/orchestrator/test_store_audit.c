/* test_store_audit.c - the audit log: append-only, hash-chained, and whoever tampers is found by
 * place. */
#include "store_fixture.h"

#include "base/json.h"
#include "store/audit.h"

static void append(struct store *s, const char *actor, const char *action, const char *subject,
                   int64_t unix_ms)
{
    cJSON *detail = cJSON_CreateObject();

    cJSON_AddStringToObject(detail, "reason", "psi 0.31 over 0.25");
    struct audit_entry entry = {
        .unix_ms = unix_ms, .actor = actor, .action = action, .subject = subject, .detail = detail};
    assert_ok(audit_append(s, &entry, NULL, e));
    cJSON_Delete(detail);
}

static void append_ten(struct store *s)
{
    for (int i = 0; i < 10; i++) {
        append(s, i % 2 ? "alice" : "system", i % 3 ? "run.transition" : "policy.put",
               i < 5 ? "run/r-1" : "model/loan", T0 + i);
    }
}

static int64_t first_broken(struct store *s)
{
    struct audit_check c = {0};
    struct err e = {0};
    enum err_code rc = audit_verify(s, &c, &e);

    assert_int_equal(rc, c.first_broken ? ERR_CORRUPT : ERR_OK);
    return c.first_broken;
}

static void untouched_chain_verifies(void **state)
{
    struct fixture *f = *state;
    struct audit_check c = {0};
    char head[SHA256_HEX_BYTES];
    int64_t seq = 0;

    assert_ok(audit_verify(f->s, &c, e));
    assert_int_equal(c.n, 0);
    append_ten(f->s);
    assert_ok(audit_verify(f->s, &c, e));
    assert_ok(audit_head(f->s, &seq, head, e));
    assert_int_equal(c.n, 10);
    assert_int_equal(seq, 10);
    assert_string_equal(c.head, head);
}

static void database_refuses_update_and_delete(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};

    append_ten(f->s);
    assert_int_not_equal(store_exec(f->s, "UPDATE audit SET actor = 'bob' WHERE seq = 3", &e),
                         ERR_OK);
    assert_non_null(strstr(e.message, "append-only"));
    assert_int_not_equal(store_exec(f->s, "DELETE FROM audit WHERE seq = 3", &e), ERR_OK);
    assert_int_equal(first_broken(f->s), 0);
}

static void whoever_goes_around_the_triggers_is_found(void **state)
{
    static const struct {
        const char *sql;
        int64_t broken;
    } cases[] = {
        {"UPDATE audit SET actor = 'bob' WHERE seq = 3", 3},
        {"UPDATE audit SET unix_ms = unix_ms + 1 WHERE seq = 10", 10},
        {"UPDATE audit SET detail = '{}' WHERE seq = 1", 1},
        {"DELETE FROM audit WHERE seq = 4", 4},
        {"UPDATE audit SET hash = prev WHERE seq = 7", 7},
        {"UPDATE audit SET action = 'run' || 'x', subject = 'y' WHERE seq = 6", 6},
        {"INSERT INTO audit SELECT 11, 1, 'x', 'x', 'x', '{}', hash, hash FROM audit"
         " WHERE seq = 10",
         11},
        /* the same bytes, moved over the border between two fields */
        {"UPDATE audit SET actor = actor || substr(action, 1, 1), action = substr(action, 2)"
         " WHERE seq = 2",
         2},
    };
    struct fixture *f = *state;

    append_ten(f->s);
    assert_ok(store_exec(f->s, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete", e));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_ok(store_begin(f->s, e));
        assert_ok(store_exec(f->s, cases[i].sql, e));
        assert_int_equal(first_broken(f->s), cases[i].broken);
        store_rollback(f->s);
    }
    assert_int_equal(first_broken(f->s), 0);
}

static int count(struct store *s, struct audit_filter filter)
{
    cJSON *list = NULL;

    assert_ok(audit_list(s, &filter, &list, e));
    int n = cJSON_GetArraySize(list);
    cJSON_Delete(list);
    return n;
}

static void list_filters_and_pages(void **state)
{
    struct fixture *f = *state;
    cJSON *list = NULL;

    append_ten(f->s);
    assert_int_equal(count(f->s, (struct audit_filter){0}), 10);
    assert_int_equal(count(f->s, (struct audit_filter){.actor = "alice"}), 5);
    assert_int_equal(count(f->s, (struct audit_filter){.action = "policy.*"}), 4);
    assert_int_equal(count(f->s, (struct audit_filter){.action = "policy"}), 0);
    assert_int_equal(count(f->s, (struct audit_filter){.subject = "run/r-1", .actor = "alice"}), 2);
    assert_int_equal(
        count(f->s, (struct audit_filter){.from_unix_ms = T0 + 3, .to_unix_ms = T0 + 5}), 3);
    struct audit_filter page = {.before_seq = 8, .limit = 2};
    assert_ok(audit_list(f->s, &page, &list, e));
    assert_int_equal(cJSON_GetArraySize(list), 2);
    int64_t seq = 0;
    assert_ok(json_get_int(list, "[0].seq", 0, 100, &seq, e));
    assert_int_equal(seq, 7);
    assert_string_equal(json_at(list, "[1].detail.reason")->valuestring, "psi 0.31 over 0.25");
    cJSON_Delete(list);
}

static void die_while_appending(struct store *s)
{
    struct audit_entry entry = {.unix_ms = T0, .actor = "system", .action = "x", .subject = "y"};

    store_begin(s, NULL);
    audit_append(s, &entry, NULL, NULL);
}

static void record_of_a_killed_transaction_is_not_there(void **state)
{
    struct fixture *f = *state;
    struct audit_check c = {0};

    append_ten(f->s);
    fixture_killed_in(f, die_while_appending);
    assert_ok(audit_verify(f->s, &c, e));
    assert_int_equal(c.n, 10);
    append_ten(f->s);
    assert_ok(audit_verify(f->s, &c, e));
    assert_int_equal(c.n, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(untouched_chain_verifies),
        store_test(database_refuses_update_and_delete),
        store_test(whoever_goes_around_the_triggers_is_found),
        store_test(list_filters_and_pages),
        store_test(record_of_a_killed_transaction_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
