/*
 * policy.c - policies as a whole: load, check, free, hash, and the questions that other code asks.
 */
#include "policies/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "policy_table.h"

/* The reader of YAML stops at its first error, "name:line:column: message": the same as a
 * diagnostic. */
static void report_yaml(struct diagnostics *d, const struct err *e)
{
    struct diagnostic *item = &d->items[d->n++];
    size_t prefix = strlen(d->name);
    const char *rest = e->message;
    int used = 0;

    memset(item, 0, sizeof(*item));
    if (strncmp(rest, d->name, prefix) == 0 && rest[prefix] == ':' &&
        sscanf(rest + prefix, ":%d:%d:%n", &item->line, &item->column, &used) == 2 && used > 0)
        rest += prefix + (size_t)used;
    snprintf(item->message, sizeof(item->message), "%.255s", rest + strspn(rest, " "));
}

static enum err_code summary(const struct diagnostics *d, enum err_code code, struct err *e)
{
    char line[DIAGNOSTIC_LINE_BYTES];
    size_t n = d->n + d->n_dropped;

    diagnostic_format(d, 0, line, sizeof(line));
    return n == 1 ? err_set(e, code, "%.400s", line)
                  : err_set(e, code, "%zu mistakes, the first: %.400s", n, line);
}

static int by_place(const void *a, const void *b)
{
    const struct diagnostic *x = a, *y = b;

    return x->line != y->line ? x->line - y->line : x->column - y->column;
}

static enum err_code read_root(const struct yaml_node *root, const struct policy_facts *facts,
                               struct policy **out, struct diagnostics *d, struct err *e)
{
    static const struct policy_facts nothing_known;
    struct policy *p = calloc(1, sizeof(*p));
    struct policy_reader r = {.d = d, .facts = facts != NULL ? facts : &nothing_known, .policy = p};

    if (p == NULL)
        return err_set(e, ERR_NOMEM, "policy: out of memory");
    reader_mapping(&r, &policy_file_table, root, p);
    if (yaml_kind(root) == YAML_MAPPING)
        policy_check_whole(&r, root, p);
    if (d->n > 0) {
        qsort(d->items, d->n, sizeof(d->items[0]), by_place);
        policy_free(p);
        return summary(d, ERR_INVALID, e);
    }
    *out = p;
    return ERR_OK;
}

enum err_code policy_parse(const char *name, const char *text, size_t len,
                           const struct policy_facts *facts, struct policy **out,
                           struct diagnostics *d, struct err *e)
{
    struct yaml_doc *doc = NULL;
    struct err yaml_err = {ERR_OK, ""};
    enum err_code code;

    d->n = d->n_dropped = 0;
    snprintf(d->name, sizeof(d->name), "%s", name);
    if (len > POLICY_MAX_BYTES)
        return err_set(e, ERR_LIMIT, "%s: %zu bytes, a policy has at most %d", name, len,
                       POLICY_MAX_BYTES);
    code = yaml_parse(d->name, text, len, &doc, &yaml_err);
    if (code == ERR_NOMEM)
        return err_set(e, code, "%s", yaml_err.message);
    if (code != ERR_OK) {
        report_yaml(d, &yaml_err);
        return summary(d, ERR_PARSE, e);
    }
    code = read_root(yaml_root(doc), facts, out, d, e);
    yaml_free(doc);
    return code;
}

enum err_code policy_load(const char *path, const struct policy_facts *facts, struct policy **out,
                          struct diagnostics *d, struct err *e)
{
    enum err_code code;
    char *text;
    size_t len;

    d->n = d->n_dropped = 0;
    snprintf(d->name, sizeof(d->name), "%s", path);
    code = file_read(path, POLICY_MAX_BYTES, &text, &len, e);
    if (code != ERR_OK)
        return code;
    code = policy_parse(path, text, len, facts, out, d, e);
    free(text);
    return code;
}

void policy_free(struct policy *p)
{
    if (p == NULL)
        return;
    key_table_free(&policy_file_table, p);
    free(p);
}

enum err_code policy_hash(const struct policy *p, char hex[65], struct err *e)
{
    cJSON *json = policy_to_json(p);
    enum err_code code;

    if (json == NULL)
        return err_set(e, ERR_NOMEM, "policy: out of memory");
    code = json_hash(json, hex, e);
    cJSON_Delete(json);
    return code;
}

int policy_find_monitor(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_monitors; i++) {
        if (strcmp(p->monitors[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

int policy_find_trigger(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->n_triggers; i++) {
        if (strcmp(p->triggers[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* ---- metrics ---- */

enum policy_metric policy_metric_resolve(enum policy_metric m, enum policy_label label)
{
    if (m != POLICY_METRIC_AUTO)
        return m;
    return label == POLICY_LABEL_REGRESSION ? POLICY_METRIC_RMSE : POLICY_METRIC_ACCURACY;
}

bool policy_metric_higher_is_better(enum policy_metric m)
{
    switch (m) {
    case POLICY_METRIC_ACCURACY:
    case POLICY_METRIC_AUC:
    case POLICY_METRIC_PRECISION:
    case POLICY_METRIC_RECALL:
    case POLICY_METRIC_F1:
    case POLICY_METRIC_SPECIFICITY:
        return true;
    case POLICY_METRIC_AUTO:
    case POLICY_METRIC_LOG_LOSS:
    case POLICY_METRIC_RMSE:
    case POLICY_METRIC_MAE:
        return false;
    }
    return false;
}

double policy_metric_worsening(enum policy_metric m, double reference, double value)
{
    if (policy_metric_higher_is_better(m))
        return reference - value;
    return reference != 0 ? (value - reference) / fabs(reference) : NAN;
}

/* ---- words ---- */

static const char *word(const struct words *w, int value)
{
    return value >= 0 && (size_t)value < w->n ? w->items[value] : "?";
}

const char *policy_monitor_kind_name(enum policy_monitor_kind k)
{
    return word(&policy_monitor_words, (int)k);
}

const char *policy_statistic_name(enum policy_statistic s)
{
    return word(&policy_statistic_words, (int)s);
}

const char *policy_metric_name(enum policy_metric m)
{
    return word(&policy_metric_words, (int)m);
}

const char *policy_detector_name(enum policy_detector d)
{
    return word(&policy_detector_words, (int)d);
}

const char *policy_season_name(enum policy_season s)
{
    return word(&policy_season_words, (int)s);
}

const char *policy_trigger_kind_name(enum policy_trigger_kind k)
{
    return word(&policy_trigger_words, (int)k);
}

const char *policy_algorithm_name(enum policy_algorithm a)
{
    return word(&policy_algorithm_words, (int)a);
}

const char *policy_backend_name(enum policy_backend b)
{
    return word(&policy_backend_words, (int)b);
}

const char *policy_event_name(enum policy_event e)
{
    return word(&policy_event_words, (int)e);
}
