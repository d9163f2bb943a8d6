/* observation_label.c - labels: joined with their observation, kept until it comes, or counted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "store/observation_private.h"

enum err_code obs_check_id(const char *id, struct err *e)
{
    size_t len = id ? strlen(id) : 0;

    return len > 0 && len < OBSERVATION_ID_BYTES
               ? ERR_OK
               : err_set(e, ERR_INVALID, "id: expected 1..%d bytes, got %zu",
                         OBSERVATION_ID_BYTES - 1, len);
}

enum err_code obs_check_label(const char *label, struct err *e)
{
    size_t len = label ? strlen(label) : 0;

    return len > 0 && len < LABEL_BYTES
               ? ERR_OK
               : err_set(e, ERR_INVALID, "label: expected 1..%d bytes, got %zu", LABEL_BYTES - 1,
                         len);
}

bool observation_label_fits(const struct schema *schema, const char *label)
{
    double value;

    if (schema->label_kind == LABEL_REGRESSION) {
        return csv_number(label, &value) && isfinite(value);
    }
    return schema->n_classes == 0 || schema_find_class(schema, label) >= 0;
}

/* The same class, or the same number written in another way. */
static bool is_same_label(const char *a, const char *b)
{
    char *end_a, *end_b;

    if (strcmp(a, b) == 0) {
        return true;
    }
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    return end_a > a && end_b > b && *end_a == '\0' && *end_b == '\0' && x == y;
}

/* ---- labels that come before their observation ---- */

enum err_code obs_take_waiting(struct obs *o, const char *id, char *label, int64_t *label_unix_ms,
                               bool *found, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    *found = false;
    if (o->account.labels_waiting == 0) {
        return ERR_OK; /* the common case costs nothing */
    }
    if ((rc = store_prepare(o->s,
                            "DELETE FROM label_waiting WHERE model = ?1 AND id = ?2"
                            " RETURNING label, label_ms",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, o->model);
    store_bind_text(st, 2, id);
    if ((rc = db_first(st, found, e)) == ERR_OK && *found) {
        snprintf(label, LABEL_BYTES, "%s", store_text(st, 0));
        *label_unix_ms = store_int(st, 1);
        o->account.labels_waiting--;
    }
    store_reset(st);
    return rc;
}

static void count_again(struct obs *o, bool same, struct observation_labelled *n)
{
    o->account.label_duplicates += same;
    o->account.label_conflicts += !same;
    n->n_duplicate += same;
    n->n_conflict += !same;
}

static enum err_code read_waiting(struct obs *o, const struct observation_label *l, bool *waits,
                                  bool *same, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(o->s, "SELECT label FROM label_waiting WHERE model = ?1 AND id = ?2",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, o->model);
    store_bind_text(st, 2, l->id);
    if ((rc = db_first(st, waits, e)) == ERR_OK && *waits) {
        *same = is_same_label(store_text(st, 0), l->label);
    }
    store_reset(st);
    return rc;
}

static enum err_code keep_waiting(struct obs *o, const struct observation_label *l,
                                  int64_t label_unix_ms, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(o->s,
                            "INSERT INTO label_waiting (model, id, label, label_ms)"
                            " VALUES (?1, ?2, ?3, ?4)",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, o->model);
    store_bind_text(st, 2, l->id);
    store_bind_text(st, 3, l->label);
    store_bind_int(st, 4, label_unix_ms);
    return store_run(st, e);
}

static enum err_code label_early(struct obs *o, const struct observation_label *l,
                                 int64_t label_unix_ms, struct observation_labelled *n,
                                 struct err *e)
{
    bool waits = false, same = false;
    enum err_code rc = read_waiting(o, l, &waits, &same, e);

    if (rc != ERR_OK) {
        return rc;
    }
    if (waits) {
        count_again(o, same, n);
        return ERR_OK;
    }
    o->account.labels_waiting++;
    n->n_waiting++;
    return keep_waiting(o, l, label_unix_ms, e);
}

/* ---- labels whose observation is there ---- */

struct target {
    bool there;
    int64_t seq, state;
    bool same; /* as the label that stands */
};

static enum err_code find_target(struct obs *o, const struct observation_label *l, struct target *t,
                                 struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    *t = (struct target){0};
    if ((rc = store_prepare(
             o->s, "SELECT seq, state, label FROM observation WHERE model = ?1 AND id = ?2", &st,
             e))) {
        return rc;
    }
    store_bind_int(st, 1, o->model);
    store_bind_text(st, 2, l->id);
    if ((rc = db_first(st, &t->there, e)) == ERR_OK && t->there) {
        t->seq = store_int(st, 0);
        t->state = store_int(st, 1);
        t->same = t->state == STATE_LABELLED && is_same_label(store_text(st, 2), l->label);
    }
    store_reset(st);
    return rc;
}

static enum err_code join(struct obs *o, const struct target *t, const struct observation_label *l,
                          int64_t label_unix_ms, struct observation_labelled *n, struct err *e)
{
    struct store_stmt *st;
    bool late = t->state == STATE_EXPIRED;
    enum err_code rc;

    if ((rc = store_prepare(o->s,
                            "UPDATE observation SET state = 1, label = ?2, label_ms = ?3,"
                            " lseq = ?4 WHERE seq = ?1",
                            &st, e))) {
        return rc;
    }
    store_bind_int(st, 1, t->seq);
    store_bind_text(st, 2, l->label);
    store_bind_int(st, 3, label_unix_ms);
    store_bind_int(st, 4, ++o->account.labelled);
    o->account.owed -= !late;
    o->account.late += late;
    n->n_late += late;
    n->n_joined++;
    return store_run(st, e);
}

static enum err_code add_label(struct obs *o, const struct observation_label *l,
                               int64_t now_unix_ms, struct observation_labelled *n, struct err *e)
{
    int64_t label_unix_ms = l->unix_ms ? l->unix_ms : now_unix_ms;
    struct target t;
    enum err_code rc;

    if ((rc = obs_check_id(l->id, e)) || (rc = obs_check_label(l->label, e)) ||
        (rc = find_target(o, l, &t, e))) {
        return rc;
    }
    if (!t.there) {
        return label_early(o, l, label_unix_ms, n, e);
    }
    if (t.state == STATE_LABELLED) {
        count_again(o, t.same, n);
        return ERR_OK;
    }
    return join(o, &t, l, label_unix_ms, n, e);
}

enum err_code observation_add_labels(struct store *s, const char *model,
                                     const struct observation_label *labels, size_t n,
                                     int64_t now_unix_ms, struct observation_labelled *out,
                                     struct err *e)
{
    struct observation_labelled counts = {0};
    struct obs o;
    enum err_code rc = obs_begin(s, model, &o, e);

    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        if ((rc = add_label(&o, &labels[i], now_unix_ms, &counts, e)) != ERR_OK) {
            err_prefix(e, "labels[%zu]", i);
        }
    }
    rc = obs_end(&o, rc, e);
    if (rc == ERR_OK && out) {
        *out = counts;
    }
    return rc;
}
