/* snapshot_store.c - labelled rows of the observation store through the snapshot builder. */
#include "store/snapshot_store.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/rows.h"
#include "model/snapshot.h"
#include "store/db_private.h"
#include "store/observation_store.h"

struct cut {
    const struct schema *schema;
    struct snapshot_builder *builder;
    struct snapshot_value *values;
    char (*number_texts)[32]; /* categories that the log holds as numbers */
    int64_t from_unix_ms, to_unix_ms;
    int64_t n_skipped;
};

static enum err_code fill_value(const struct feature *f, const cJSON *item,
                                struct snapshot_value *v, char number_text[32])
{
    *v = (struct snapshot_value){.number = NAN};
    if (f->pii || cJSON_IsNull(item)) {
        return ERR_OK;
    }
    if (f->kind == FEATURE_NUMERIC) {
        v->number = item->valuedouble;
        return cJSON_IsNumber(item) ? ERR_OK : ERR_CORRUPT;
    }
    if (cJSON_IsNumber(item)) {
        rows_number_text(item->valuedouble, number_text);
        v->text = number_text;
        return ERR_OK;
    }
    v->text = cJSON_GetStringValue(item);
    return v->text ? ERR_OK : ERR_CORRUPT;
}

static enum err_code fill_values(struct cut *c, const cJSON *x, const char *id, struct err *e)
{
    const cJSON *item = x->child;

    for (size_t i = 0; i < c->schema->n_features; i++, item = item->next) {
        if (!item || fill_value(&c->schema->features[i], item, &c->values[i], c->number_texts[i])) {
            return err_set(e, ERR_CORRUPT,
                           "observation \"%.64s\": feature %s does not fit the schema", id,
                           c->schema->features[i].name);
        }
    }
    return ERR_OK;
}

static enum err_code add_parsed(struct cut *c, const struct labelled_row *row, const cJSON *x,
                                struct err *e)
{
    enum err_code rc;

    if ((rc = fill_values(c, x, row->id, e)) ||
        (rc = snapshot_builder_add(c->builder, row->unix_ms, c->values, row->label, e))) {
        return rc;
    }
    if (c->from_unix_ms == 0) {
        c->from_unix_ms = row->unix_ms;
    }
    c->to_unix_ms = row->unix_ms;
    return ERR_OK;
}

/* A label that does not fit is skipped and counted: one of them must not stop all training. */
static enum err_code add_row(void *user, const struct labelled_row *row, struct err *e)
{
    struct cut *c = user;
    cJSON *x = NULL;
    enum err_code rc;

    if (!observation_label_fits(c->schema, row->label)) {
        c->n_skipped++;
        return ERR_OK;
    }
    if ((rc = json_parse("x", row->x, strlen(row->x), &x, e)) == ERR_OK) {
        rc = add_parsed(c, row, x, e);
        cJSON_Delete(x);
    }
    return rc;
}

static size_t holdout_rows(const struct snapshot_window *w, size_t n)
{
    double rows = floor((double)n * w->holdout);

    rows = fmax(rows, (double)w->min_holdout);
    if (w->max_holdout > 0) {
        rows = fmin(rows, (double)w->max_holdout);
    }
    return (size_t)fmax(0.0, fmin(rows, (double)(n - 1)));
}

/* Owned; NULL: out of memory. */
static cJSON *complete_lineage(const struct cut *c, const cJSON *lineage, size_t n)
{
    cJSON *json = lineage ? cJSON_Duplicate(lineage, true) : cJSON_CreateObject();

    if (db_add_int(json, "from_unix_ms", c->from_unix_ms) &&
        db_add_int(json, "to_unix_ms", c->to_unix_ms) &&
        db_add_int(json, "snapshot_rows", (int64_t)n)) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

static enum err_code save(struct cut *c, const struct snapshot_window *w, const cJSON *lineage,
                          const char *path, struct snapshot_result *out, struct err *e)
{
    size_t n = snapshot_builder_rows(c->builder);
    struct snapshot_result result = {.n_rows = (int64_t)n,
                                     .n_skipped = c->n_skipped,
                                     .from_unix_ms = c->from_unix_ms,
                                     .to_unix_ms = c->to_unix_ms};

    if (n < 2) {
        return err_set(e, ERR_INVALID,
                       "model \"%s\" has %zu usable labelled rows in the training window (%" PRId64
                       " labels did not fit); at least 2 are needed",
                       c->schema->model, n, c->n_skipped);
    }
    cJSON *full = complete_lineage(c, lineage, n);
    if (!full) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    size_t n_holdout = holdout_rows(w, n);
    result.n_holdout = (int64_t)n_holdout;
    enum err_code rc = snapshot_builder_save(c->builder, n_holdout, full, path, result.sha256, e);
    cJSON_Delete(full);
    if (rc == ERR_OK) {
        *out = result;
    }
    return rc;
}

enum err_code snapshot_from_store(struct store *s, const struct schema *schema,
                                  const struct snapshot_window *w, const cJSON *lineage,
                                  const char *path, struct snapshot_result *out, struct err *e)
{
    size_t n_features = schema->n_features ? schema->n_features : 1;
    struct cut c = {.schema = schema,
                    .values = calloc(n_features, sizeof(*c.values)),
                    .number_texts = calloc(n_features, sizeof(*c.number_texts))};
    enum err_code rc;

    if (!c.values || !c.number_texts) {
        rc = err_set(e, ERR_NOMEM, "out of memory");
    } else if ((rc = snapshot_builder_new(schema, &c.builder, e)) == ERR_OK &&
               (rc = observation_labelled_newest(s, schema->model, w->since_unix_ms,
                                                 w->max_rows > 0 ? w->max_rows : INT64_MAX, add_row,
                                                 &c, e)) == ERR_OK) {
        rc = save(&c, w, lineage, path, out, e);
    }
    snapshot_builder_free(c.builder);
    free(c.values);
    free(c.number_texts);
    return rc;
}
