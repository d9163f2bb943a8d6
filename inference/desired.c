/*
 * desired.c - the desired state as a checked struct.
 */
#include "desired.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static enum err_code read_sha256(const cJSON *json, const char *path, char out[SHA256_HEX_BYTES],
                                 struct err *e)
{
    const char *text;
    enum err_code code = json_get_string(json, path, &text, e);
    if (code) {
        return code;
    }
    if (!sha256_is_hex(text)) {
        return err_set(e, ERR_INVALID, "%s: expected 64 lower-case hex digits, got \"%.80s\"", path,
                       text);
    }
    memcpy(out, text, SHA256_HEX_BYTES);
    return ERR_OK;
}

static enum err_code read_version(const cJSON *json, const char *what, struct desired_version *out,
                                  struct err *e)
{
    static const char *const keys[] = {"sha256", "label", "weight", NULL};
    char path[64];
    snprintf(path, sizeof path, "%s.sha256", what);
    enum err_code code = json_only_keys(json, what, keys, e);
    if (!code) {
        code = read_sha256(json, path, out->sha256, e);
    }
    if (code) {
        return code;
    }
    snprintf(out->label, sizeof out->label, "%.12s", out->sha256);
    const char *label = out->label;
    snprintf(path, sizeof path, "%s.label", what);
    code = json_opt_string(json, path, &label, e);
    if (!code && (strlen(label) >= sizeof out->label || !*label)) {
        code = err_set(e, ERR_INVALID, "%s: expected 1..%zu bytes", path, sizeof out->label - 1);
    }
    if (!code && label != out->label) {
        snprintf(out->label, sizeof out->label, "%s", label);
    }
    return code;
}

static enum err_code read_candidate(const cJSON *json, struct desired *d, struct err *e)
{
    const cJSON *node = json_at(json, "candidate");
    if (!node || cJSON_IsNull(node)) {
        return ERR_OK;
    }
    enum err_code code = read_version(json, "candidate", &d->candidate, e);
    if (!code) {
        code = json_get_double(json, "candidate.weight", 0, 1, &d->weight, e);
    }
    if (!code && strcmp(d->candidate.sha256, d->champion.sha256) == 0) {
        code = err_set(e, ERR_INVALID, "candidate.sha256: is the champion's too");
    }
    d->has_candidate = code == ERR_OK;
    return code;
}

static enum err_code read_warm(const cJSON *json, struct desired *d, struct err *e)
{
    const cJSON *list = json_at(json, "warm");
    if (!list || cJSON_IsNull(list)) {
        return ERR_OK;
    }
    enum err_code code = json_get_array(json, "warm", &list, e);
    if (!code && cJSON_GetArraySize(list) > DESIRED_MAX_WARM) {
        code = err_set(e, ERR_LIMIT, "warm: expected at most %d versions", DESIRED_MAX_WARM);
    }
    for (int i = 0; !code && i < cJSON_GetArraySize(list); i++) {
        char path[32];
        snprintf(path, sizeof path, "warm[%d]", i);
        code = read_sha256(json, path, d->warm[d->n_warm++], e);
    }
    return code;
}

static enum err_code read_rest(const cJSON *json, const char *model, struct desired *d,
                               struct err *e)
{
    static const char *const observe_keys[] = {"sample", NULL};
    const char *salt = model;
    enum err_code code = json_opt_string(json, "salt", &salt, e);
    if (!code && strlen(salt) >= sizeof d->salt) {
        code = err_set(e, ERR_INVALID, "salt: expected at most %zu bytes", sizeof d->salt - 1);
    }
    if (!code) {
        snprintf(d->salt, sizeof d->salt, "%s", salt);
        code = json_opt_bool(json, "shadow", &d->shadow, e);
    }
    const cJSON *observe = json_at(json, "observe");
    if (!code && observe && !cJSON_IsNull(observe)) {
        code = json_only_keys(json, "observe", observe_keys, e);
    }
    if (!code) {
        code = json_opt_double(json, "observe.sample", 0, 1, &d->sample, e);
    }
    if (!code && d->shadow && !d->has_candidate) {
        code = err_set(e, ERR_INVALID, "shadow: needs a candidate");
    }
    return code;
}

static enum err_code read_all(const cJSON *json, const char *model, struct desired *d,
                              struct err *e)
{
    static const char *const keys[] = {"generation", "champion", "candidate", "shadow",
                                       "warm",       "salt",     "observe",   NULL};
    enum err_code code = json_only_keys(json, "", keys, e);
    if (!code) {
        code = json_get_int(json, "generation", 0, (int64_t)1 << 53, &d->generation, e);
    }
    if (!code) {
        code = read_version(json, "champion", &d->champion, e);
    }
    if (!code && json_at(json, "champion.weight")) {
        code = err_set(e, ERR_INVALID,
                       "champion.weight: the champion answers what the candidate does not");
    }
    if (!code) {
        code = read_candidate(json, d, e);
    }
    if (!code) {
        code = read_warm(json, d, e);
    }
    return code ? code : read_rest(json, model, d, e);
}

enum err_code desired_parse(const char *text, size_t len, const char *model, struct desired *out,
                            struct err *e)
{
    cJSON *json;
    enum err_code code = json_parse("desired", text, len, &json, e);
    if (code) {
        return code;
    }
    struct desired d = {.sample = 1};
    code = read_all(json, model, &d, e);
    cJSON_Delete(json);
    if (!code) {
        *out = d;
    }
    return code;
}

static cJSON *version_to_json(const struct desired_version *v)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "sha256", v->sha256);
    cJSON_AddStringToObject(json, "label", v->label);
    return json;
}

cJSON *desired_to_json(const struct desired *d)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "generation", (double)d->generation);
    cJSON_AddItemToObject(json, "champion", version_to_json(&d->champion));
    if (d->has_candidate) {
        cJSON *candidate = version_to_json(&d->candidate);
        cJSON_AddNumberToObject(candidate, "weight", d->weight);
        cJSON_AddItemToObject(json, "candidate", candidate);
    }
    cJSON_AddBoolToObject(json, "shadow", d->shadow);
    cJSON *warm = cJSON_AddArrayToObject(json, "warm");
    for (size_t i = 0; i < d->n_warm; i++) {
        cJSON_AddItemToArray(warm, cJSON_CreateString(d->warm[i]));
    }
    cJSON_AddStringToObject(json, "salt", d->salt);
    cJSON *observe = cJSON_AddObjectToObject(json, "observe");
    if (!cJSON_AddNumberToObject(observe, "sample", d->sample)) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

static bool version_equal(const struct desired_version *a, const struct desired_version *b)
{
    return strcmp(a->sha256, b->sha256) == 0 && strcmp(a->label, b->label) == 0;
}

static bool warm_equal(const struct desired *a, const struct desired *b)
{
    return a->n_warm == b->n_warm && memcmp(a->warm, b->warm, a->n_warm * sizeof *a->warm) == 0;
}

static bool desired_equal(const struct desired *a, const struct desired *b)
{
    return version_equal(&a->champion, &b->champion) && a->has_candidate == b->has_candidate &&
           (!a->has_candidate || version_equal(&a->candidate, &b->candidate)) &&
           a->weight == b->weight && a->shadow == b->shadow && a->sample == b->sample &&
           strcmp(a->salt, b->salt) == 0 && warm_equal(a, b);
}

enum desired_order desired_compare(const struct desired *running, const struct desired *wanted)
{
    if (!running || wanted->generation > running->generation) {
        return DESIRED_NEWER;
    }
    if (wanted->generation < running->generation) {
        return DESIRED_OLDER;
    }
    return desired_equal(running, wanted) ? DESIRED_SAME : DESIRED_DIFFERENT;
}

static void add_distinct(const char *sha256s[], size_t *n, const char *sha256)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(sha256s[i], sha256) == 0) {
            return;
        }
    }
    sha256s[(*n)++] = sha256;
}

size_t desired_versions(const struct desired *d, const char *sha256s[DESIRED_MAX_VERSIONS])
{
    size_t n = 0;
    add_distinct(sha256s, &n, d->champion.sha256);
    if (d->has_candidate) {
        add_distinct(sha256s, &n, d->candidate.sha256);
    }
    for (size_t i = 0; i < d->n_warm; i++) {
        add_distinct(sha256s, &n, d->warm[i]);
    }
    return n;
}
