/*
 * result_manifest.c - writing, reading and verifying a job's result.
 */
#include "trainer/result_manifest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

#define MAX_MANIFEST_BYTES (1 << 20)
#define MAX_COUNT (INT64_C(1) << 53)

void result_manifest_deinit(struct result_manifest *m)
{
    cJSON_Delete(m->metrics);
    *m = (struct result_manifest){0};
}

static bool add_hash(cJSON *json, const char *key, const char *hex)
{
    return hex[0] ? cJSON_AddStringToObject(json, key, hex) != NULL
                  : cJSON_AddNullToObject(json, key) != NULL;
}

cJSON *result_manifest_to_json(const struct result_manifest *m)
{
    cJSON *json = cJSON_CreateObject(), *metrics = cJSON_Duplicate(m->metrics, true);
    bool ok = add_hash(json, "artifact_sha256", m->artifact_sha256) &&
              cJSON_AddNumberToObject(json, "artifact_bytes", (double)m->artifact_bytes) &&
              add_hash(json, "scores_sha256", m->scores_sha256) &&
              cJSON_AddNumberToObject(json, "n_train", (double)m->n_train) &&
              cJSON_AddNumberToObject(json, "n_validation", (double)m->n_validation) &&
              cJSON_AddNumberToObject(json, "n_holdout", (double)m->n_holdout);
    if (ok && cJSON_AddItemToObject(json, "metrics", metrics)) {
        return json;
    }
    cJSON_Delete(metrics);
    cJSON_Delete(json);
    return NULL;
}

static void path_in(const char *folder, const char *name, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", folder, name);
}

static enum err_code save_json(const cJSON *json, const char *folder, const char *name,
                               struct err *e)
{
    char path[PATH_MAX];
    path_in(folder, name, path);
    char *text = json ? json_print(json) : NULL;
    if (!text) {
        return err_set(e, ERR_NOMEM, "out of memory writing %s", path);
    }
    enum err_code code = file_write_atomic(path, text, strlen(text), e);
    free(text);
    return code;
}

enum err_code result_manifest_save(const struct result_manifest *m, const char *folder,
                                   struct err *e)
{
    cJSON *json = result_manifest_to_json(m);
    enum err_code code = save_json(json, folder, RESULT_FILE, e);
    cJSON_Delete(json);
    return code;
}

/* ---- reading ---- */

static enum err_code read_hash(const cJSON *json, const char *key, bool required,
                               char hex[SHA256_HEX_BYTES], struct err *e)
{
    const char *text = "";
    enum err_code code =
        required ? json_get_string(json, key, &text, e) : json_opt_string(json, key, &text, e);
    if (code) {
        return code;
    }
    if (*text && !sha256_is_hex(text)) {
        return err_set(e, ERR_PARSE, "%s: expected 64 hex digits, got \"%.80s\"", key, text);
    }
    snprintf(hex, SHA256_HEX_BYTES, "%s", text);
    return ERR_OK;
}

static enum err_code parse_manifest(const cJSON *json, struct result_manifest *m, struct err *e)
{
    const cJSON *metrics;
    enum err_code code = read_hash(json, "artifact_sha256", true, m->artifact_sha256, e);
    code = code ? code : read_hash(json, "scores_sha256", false, m->scores_sha256, e);
    code = code ? code : json_get_int(json, "artifact_bytes", 0, MAX_COUNT, &m->artifact_bytes, e);
    code = code ? code : json_get_int(json, "n_train", 0, MAX_COUNT, &m->n_train, e);
    code = code ? code : json_get_int(json, "n_validation", 0, MAX_COUNT, &m->n_validation, e);
    code = code ? code : json_get_int(json, "n_holdout", 0, MAX_COUNT, &m->n_holdout, e);
    code = code ? code : json_get_object(json, "metrics", &metrics, e);
    if (!code && !(m->metrics = cJSON_Duplicate(metrics, true))) {
        code = err_set(e, ERR_NOMEM, "out of memory reading metrics");
    }
    return code;
}

static enum err_code verify_file(const char *folder, const char *name, const char *expected,
                                 struct err *e)
{
    char path[PATH_MAX], actual[SHA256_HEX_BYTES];
    path_in(folder, name, path);
    enum err_code code = sha256_file(path, actual, e);
    if (!code && strcmp(actual, expected) != 0) {
        code = err_set(e, ERR_CORRUPT, "%s has SHA-256 %s, " RESULT_FILE " says %s", name, actual,
                       expected);
    }
    return code;
}

static enum err_code verify(const struct result_manifest *m, const char *folder, struct err *e)
{
    enum err_code code = verify_file(folder, RESULT_ARTIFACT_FILE, m->artifact_sha256, e);
    if (!code && m->scores_sha256[0]) {
        code = verify_file(folder, RESULT_SCORES_FILE, m->scores_sha256, e);
    }
    return code;
}

enum err_code result_manifest_load(const char *folder, bool verify_files,
                                   struct result_manifest *out, struct err *e)
{
    char path[PATH_MAX];
    path_in(folder, RESULT_FILE, path);
    cJSON *json;
    enum err_code code = json_load(path, MAX_MANIFEST_BYTES, &json, e);
    if (code) {
        return code;
    }
    struct result_manifest m = {0};
    code = parse_manifest(json, &m, e);
    cJSON_Delete(json);
    if (code) {
        err_prefix(e, RESULT_FILE);
    } else if (verify_files) {
        code = verify(&m, folder, e);
    }
    if (code) {
        result_manifest_deinit(&m);
    } else {
        *out = m;
    }
    return code;
}

/* ---- why there is none ---- */

enum err_code result_error_save(const char *folder, const struct err *why, struct err *e)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(json, "error", why->message) &&
              cJSON_AddNumberToObject(json, "code", (double)why->code);
    enum err_code code = save_json(ok ? json : NULL, folder, RESULT_ERROR_FILE, e);
    cJSON_Delete(json);
    return code;
}

bool result_error_load(const char *folder, struct err *out)
{
    char path[PATH_MAX];
    const char *text;
    cJSON *json;
    path_in(folder, RESULT_ERROR_FILE, path);
    if (json_load(path, MAX_MANIFEST_BYTES, &json, NULL)) {
        return false;
    }
    bool ok = json_get_string(json, "error", &text, NULL) == ERR_OK && *text;
    if (ok) {
        err_set(out, ERR_INTERNAL, "%s", text);
    }
    cJSON_Delete(json);
    return ok;
}
