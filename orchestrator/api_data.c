/* api_data.c - labels and labelled rows that come in. Answered when they are on disk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_private.h"
#include "base/clock.h"
#include "base/json.h"
#include "model/rows.h"
#include "store/observation_store.h"
#include "watch.h"

#define MAX_ITEMS 10000

/* A label as text: a string as it is, a number in its shortest form. buf has room for 32 bytes. */
static enum err_code label_text(const cJSON *item, size_t i, char *buf, const char **out,
                                struct err *e)
{
    const cJSON *label = cJSON_GetObjectItemCaseSensitive(item, "label");
    if (cJSON_IsString(label)) {
        *out = label->valuestring;
        return ERR_OK;
    }
    if (cJSON_IsNumber(label)) {
        size_t len = rows_number_text(label->valuedouble, buf);
        buf[len] = '\0';
        *out = buf;
        return ERR_OK;
    }
    return err_set(e, ERR_INVALID, "[%zu].label: expected a class name or a number", i);
}

static enum err_code id_text(const cJSON *item, size_t i, const char **out, struct err *e)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(item, "id");
    if (!cJSON_IsString(id) || id->valuestring[0] == '\0')
        return err_set(e, ERR_INVALID, "[%zu].id: expected a request id", i);
    *out = id->valuestring;
    return ERR_OK;
}

/* The array of the body under key, at most MAX_ITEMS long. */
static enum err_code items_of(const cJSON *body, const char *key, const cJSON **out, size_t *n,
                              struct err *e)
{
    enum err_code rc = json_get_array(body, key, out, e);
    if (rc != ERR_OK)
        return rc;
    *n = (size_t)cJSON_GetArraySize(*out);
    if (*n > MAX_ITEMS)
        return err_set(e, ERR_LIMIT, "%s: at most %d at a time, got %zu", key, MAX_ITEMS, *n);
    return ERR_OK;
}

static enum err_code need_model(struct api_call *call, struct store *s, const struct schema **out,
                                struct err *e)
{
    return watch_schema(call->d->watch, s, call->model, out, e);
}

static void get_labels_work(struct store *s, struct api_call *call, struct err *e)
{
    const struct schema *schema = NULL;
    cJSON *model = NULL;
    if (need_model(call, s, &schema, e) != ERR_OK ||
        api_model_json(call->d, s, call->model, false, &model, e) != ERR_OK)
        return;
    call->out = cJSON_DetachItemFromObject(model, "labels");
    cJSON_Delete(model);
}

void api_get_labels(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (call)
        api_submit(call, get_labels_work);
}

struct label_batch {
    size_t n;
    struct observation_label *labels;
    char (*buffers)[32];
};

static void label_batch_clean_up(struct label_batch *b)
{
    free(b->labels);
    free(b->buffers);
}

static enum err_code check_fits(const struct schema *schema, const char *label, size_t i,
                                struct err *e)
{
    if (observation_label_fits(schema, label))
        return ERR_OK;
    return err_set(e, ERR_INVALID, "[%zu].label: expected %s, got \"%.64s\"", i,
                   schema->label_kind == LABEL_REGRESSION ? "a finite number"
                                                          : "one of the schema's classes",
                   label);
}

static enum err_code read_labels(const cJSON *body, const struct schema *schema,
                                 struct label_batch *out, struct err *e)
{
    const cJSON *array = NULL, *item = NULL;
    struct label_batch b = {0};
    enum err_code rc = items_of(body, "labels", &array, &b.n, e);
    if (rc != ERR_OK)
        return rc;
    b.labels = calloc(b.n ? b.n : 1, sizeof(*b.labels));
    b.buffers = calloc(b.n ? b.n : 1, sizeof(*b.buffers));
    if (!b.labels || !b.buffers)
        rc = err_set(e, ERR_NOMEM, "no memory for %zu labels", b.n);
    size_t i = 0;
    cJSON_ArrayForEach(item, array)
    {
        if (rc == ERR_OK)
            rc = id_text(item, i, &b.labels[i].id, e);
        if (rc == ERR_OK)
            rc = label_text(item, i, b.buffers[i], &b.labels[i].label, e);
        if (rc == ERR_OK)
            rc = check_fits(schema, b.labels[i].label, i, e);
        i++;
    }
    if (rc == ERR_OK)
        *out = b;
    else
        label_batch_clean_up(&b);
    return rc == ERR_OK ? rc : err_prefix(e, "labels");
}

static void post_labels_work(struct store *s, struct api_call *call, struct err *e)
{
    const struct schema *schema = NULL;
    struct label_batch b = {0};
    struct observation_labelled r = {0};
    enum err_code rc = need_model(call, s, &schema, e);
    if (rc == ERR_OK)
        rc = read_labels(call->body, schema, &b, e);
    if (rc == ERR_OK)
        rc = observation_add_labels(s, call->model, b.labels, b.n, clock_unix_ms(), &r, e);
    label_batch_clean_up(&b);
    if (rc != ERR_OK)
        return;
    call->number = r.n_joined + r.n_waiting;
    call->out = cJSON_CreateObject();
    cJSON_AddNumberToObject(call->out, "accepted", (double)call->number);
    cJSON_AddNumberToObject(call->out, "waiting", (double)r.n_waiting);
    cJSON_AddNumberToObject(call->out, "duplicates", (double)r.n_duplicate);
    cJSON_AddNumberToObject(call->out, "conflicts", (double)r.n_conflict);
    cJSON_AddNumberToObject(call->out, "late", (double)r.n_late);
}

static void count_labels(struct api_call *call)
{
    call->d->counters.labels_accepted += (uint64_t)call->number;
}

void api_post_labels(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (!call || !api_read_body(call))
        return;
    call->then = count_labels;
    api_submit(call, post_labels_work);
}

/* ---- import ---- */

static enum err_code check_value(const cJSON *value, const struct feature *f, size_t row,
                                 struct err *e)
{
    if (cJSON_IsNull(value) || cJSON_IsNumber(value))
        return ERR_OK;
    if (cJSON_IsString(value) && f->kind == FEATURE_CATEGORICAL)
        return ERR_OK;
    return err_set(e, ERR_INVALID, "rows[%zu].x: %s: expected a %s or null", row, f->name,
                   f->kind == FEATURE_NUMERIC ? "number" : "category");
}

/* A row's features as the observation log has them: checked, pii left out. *out is owned. */
static enum err_code features_text(const cJSON *item, size_t row, const struct schema *schema,
                                   char **out, struct err *e)
{
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(item, "x"), *value = NULL;
    if (!cJSON_IsArray(x) || (size_t)cJSON_GetArraySize(x) != schema->n_features)
        return err_set(e, ERR_INVALID, "rows[%zu].x: expected an array of %zu values", row,
                       schema->n_features);
    cJSON *clean = cJSON_CreateArray();
    size_t i = 0;
    enum err_code rc = ERR_OK;
    cJSON_ArrayForEach(value, x)
    {
        const struct feature *f = &schema->features[i++];
        if (rc == ERR_OK)
            rc = check_value(value, f, row, e);
        cJSON_AddItemToArray(clean, f->pii ? cJSON_CreateNull() : cJSON_Duplicate(value, false));
    }
    *out = rc == ERR_OK ? json_print(clean) : NULL;
    cJSON_Delete(clean);
    if (rc == ERR_OK && !*out)
        rc = err_set(e, ERR_NOMEM, "no memory for row %zu", row);
    return rc;
}

struct import_batch {
    size_t n;
    struct observation *rows;
    char **texts; /* owned features */
};

static void import_batch_clean_up(struct import_batch *b)
{
    for (size_t i = 0; b->texts && i < b->n; i++)
        free(b->texts[i]);
    free(b->texts);
    free(b->rows);
}

static enum err_code read_rows(const cJSON *array, const struct schema *schema,
                               struct import_batch *b, struct err *e)
{
    const cJSON *item = NULL;
    enum err_code rc = ERR_OK;
    size_t i = 0;
    b->rows = calloc(b->n ? b->n : 1, sizeof(*b->rows));
    b->texts = calloc(b->n ? b->n : 1, sizeof(*b->texts));
    if (!b->rows || !b->texts)
        return err_set(e, ERR_NOMEM, "no memory for %zu rows", b->n);
    cJSON_ArrayForEach(item, array)
    {
        struct observation *o = &b->rows[i];
        *o = (struct observation){.role = OBSERVATION_IMPORTED, .unix_ms = clock_unix_ms()};
        if (rc == ERR_OK)
            rc = id_text(item, i, &o->id, e);
        if (rc == ERR_OK)
            rc = json_opt_int(item, "time_unix_ms", 0, INT64_C(1) << 53, &o->unix_ms, e);
        if (rc == ERR_OK)
            rc = features_text(item, i, schema, &b->texts[i], e);
        o->x = b->texts[i];
        i++;
    }
    return rc;
}

static void import_work(struct store *s, struct api_call *call, struct err *e)
{
    const struct schema *schema = NULL;
    const cJSON *array = NULL;
    struct import_batch b = {0};
    struct label_batch labels = {0};
    int64_t n_new = 0, n_duplicate = 0;
    enum err_code rc = need_model(call, s, &schema, e);
    if (rc == ERR_OK)
        rc = items_of(call->body, "rows", &array, &b.n, e);
    if (rc == ERR_OK)
        rc = read_rows(array, schema, &b, e);
    if (rc == ERR_OK) {
        cJSON *as_labels = cJSON_CreateObject();
        cJSON_AddItemReferenceToObject(as_labels, "labels", (cJSON *)array);
        rc = read_labels(as_labels, schema, &labels, e);
        if (rc == ERR_OK)
            rc = observation_import(s, call->model, b.rows, labels.labels, b.n, &n_new,
                                    &n_duplicate, e);
        label_batch_clean_up(&labels);
        cJSON_Delete(as_labels);
    }
    import_batch_clean_up(&b);
    if (rc != ERR_OK)
        return;
    call->out = cJSON_CreateObject();
    cJSON_AddNumberToObject(call->out, "accepted", (double)n_new);
    cJSON_AddNumberToObject(call->out, "duplicates", (double)n_duplicate);
}

void api_import(struct http_request *req, void *user)
{
    struct api_call *call = api_call_new(req, user);
    if (call && api_read_body(call))
        api_submit(call, import_work);
}
