/*
 * harm_file.c - a running harm test as JSON, and back: the bets' sizes follow from the limit, all
 * else is stored.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/json.h"
#include "harm_state.h"
#include "report.h"

struct field {
    const char *key;
    size_t offset;
    bool may_be_nan; /* left out then */
};

#define OPTION(name, may_be_nan)                                                                   \
    {                                                                                              \
#name, offsetof(struct mon_harm_options, name), may_be_nan                                 \
    }
static const struct field option_fields[] = {
    OPTION(tolerance, true),
    OPTION(relative_tolerance, false),
    OPTION(loss_bound, true),
    OPTION(reference_alpha, false),
    OPTION(rows_between_alarms, false),
    OPTION(rows_between_ends, false),
    OPTION(min_rows, false),
    {.key = NULL},
};
#undef OPTION

#define LIMIT(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct mon_harm_limit, name), false                                        \
    }
static const struct field limit_fields[] = {
    LIMIT(n),         LIMIT(loss_bound), LIMIT(risk),       LIMIT(risk_upper), LIMIT(between_sd),
    LIMIT(tolerance), LIMIT(limit),      LIMIT(block_rows), {.key = NULL},
};
#undef LIMIT

static bool save_fields(cJSON *json, const char *key, const struct field *fields, const void *from)
{
    cJSON *object = cJSON_AddObjectToObject(json, key);
    bool ok = object != NULL;
    for (const struct field *f = fields; ok && f->key != NULL; f++)
        ok = report_number(object, f->key, *(const double *)((const char *)from + f->offset));
    return ok;
}

static enum err_code load_fields(const cJSON *json, const char *key, const struct field *fields,
                                 void *to, struct err *e)
{
    const cJSON *object;
    enum err_code rc = json_get_object(json, key, &object, e);
    for (const struct field *f = fields; rc == ERR_OK && f->key != NULL; f++) {
        double *value = (double *)((char *)to + f->offset);
        if (f->may_be_nan)
            *value = NAN;
        rc = f->may_be_nan ? json_opt_double(object, f->key, -1e300, 1e300, value, e)
                           : json_get_double(object, f->key, -1e300, 1e300, value, e);
    }
    return rc == ERR_OK ? ERR_OK : err_prefix(e, "%s", key);
}

static bool save_array(cJSON *json, const char *key, const double *x)
{
    cJSON *array = cJSON_AddArrayToObject(json, key);
    bool ok = array != NULL;
    for (int k = 0; ok && k < N_BETS; k++)
        ok = cJSON_AddItemToArray(array, cJSON_CreateNumber(x[k]));
    return ok;
}

static bool save_bets(cJSON *json, const char *key, const struct bets *b)
{
    cJSON *object = cJSON_AddObjectToObject(json, key);
    return object != NULL && save_array(object, "e", b->e) && save_array(object, "since", b->since);
}

static enum err_code load_array(const cJSON *json, const char *path, double least, double most,
                                double *out, struct err *e)
{
    char item[64];
    const cJSON *array;
    enum err_code rc = json_get_array(json, path, &array, e);
    if (rc == ERR_OK && cJSON_GetArraySize(array) != N_BETS)
        return err_set(e, ERR_INVALID, "%s: expected %d numbers, got %d", path, N_BETS,
                       cJSON_GetArraySize(array));
    for (int k = 0; rc == ERR_OK && k < N_BETS; k++) {
        snprintf(item, sizeof item, "%s[%d]", path, k);
        rc = json_get_double(json, item, least, most, &out[k], e);
    }
    return rc;
}

static enum err_code load_bets(const cJSON *json, const struct mon_harm *h, const char *key,
                               struct bets *b, struct err *e)
{
    char path[32];
    snprintf(path, sizeof path, "%s.e", key);
    enum err_code rc = load_array(json, path, 1e-300, 1e300, b->e, e);
    snprintf(path, sizeof path, "%s.since", key);
    return rc != ERR_OK ? rc : load_array(json, path, 0.0, (double)h->n, b->since, e);
}

cJSON *mon_harm_to_json(const struct mon_harm *h)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = json != NULL && report_text(json, "monitor", h->options.monitor) &&
              save_fields(json, "options", option_fields, &h->options) &&
              save_fields(json, "limit", limit_fields, &h->limit) &&
              report_number(json, "n", (double)h->n) &&
              cJSON_AddBoolToObject(json, "harmed", h->harmed) != NULL &&
              report_number(json, "since", h->since) &&
              report_number(json, "window_n", h->window_n) &&
              report_number(json, "window_sum", h->window_sum) &&
              report_number(json, "block_n", h->block_n) &&
              report_number(json, "block_sum", h->block_sum) && save_bets(json, "rise", &h->rise) &&
              save_bets(json, "fall", &h->fall);
    if (ok)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static enum err_code load_counts(const cJSON *json, struct mon_harm *h, struct err *e)
{
    int64_t n = 0, window_n = 0;
    enum err_code rc = json_get_int(json, "n", 0, INT64_C(1) << 53, &n, e);
    if (rc == ERR_OK)
        rc = json_get_int(json, "window_n", 0, n, &window_n, e);
    if (rc == ERR_OK)
        rc = json_get_double(json, "window_sum", 0.0, (double)window_n * h->limit.loss_bound,
                             &h->window_sum, e);
    if (rc == ERR_OK)
        rc =
            json_get_double(json, "block_n", 0.0, harm_block_rows(&h->limit) - 1.0, &h->block_n, e);
    if (rc == ERR_OK)
        rc = json_get_double(json, "block_sum", 0.0, h->block_n * h->limit.loss_bound,
                             &h->block_sum, e);
    h->n = (uint64_t)n;
    h->window_n = (double)window_n;
    return rc;
}

static enum err_code load_state(const cJSON *json, struct mon_harm *h, struct err *e)
{
    enum err_code rc = load_counts(json, h, e);
    if (rc == ERR_OK)
        rc = json_get_bool(json, "harmed", &h->harmed, e);
    if (rc == ERR_OK && h->harmed)
        rc = json_get_double(json, "since", 0.0, (double)h->n, &h->since, e);
    if (rc == ERR_OK)
        rc = load_bets(json, h, "rise", &h->rise, e);
    return rc == ERR_OK ? load_bets(json, h, "fall", &h->fall, e) : rc;
}

enum err_code mon_harm_from_json(const cJSON *json, struct mon_harm **out, struct err *e)
{
    const char *monitor = NULL;
    struct mon_harm_options o;
    struct mon_harm_limit limit;
    struct mon_harm *h = NULL;
    mon_harm_options_init(&o);
    enum err_code rc = json_get_string(json, "monitor", &monitor, e);
    if (rc == ERR_OK)
        rc = load_fields(json, "options", option_fields, &o, e);
    if (rc == ERR_OK)
        rc = load_fields(json, "limit", limit_fields, &limit, e);
    if (rc == ERR_OK) {
        snprintf(o.monitor, sizeof o.monitor, "%s", monitor);
        rc = mon_harm_new(&o, &limit, &h, e);
    }
    if (rc == ERR_OK)
        rc = load_state(json, h, e);
    if (rc == ERR_OK)
        *out = h;
    else
        mon_harm_free(h);
    return rc;
}
