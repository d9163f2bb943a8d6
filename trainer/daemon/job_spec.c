/*
 * job_spec.c - reading a submit.
 */
#include "daemon/job_spec.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "trainer/train_parameters.h"

#define MAX_DEADLINE_S (INT64_C(30) * 86400)
#define MAX_MEMORY_BYTES (INT64_C(1) << 50)

static const char *const known[] = {"model",      "snapshot",     "champion",
                                    "deadline_s", "memory_bytes", "backend",
                                    "parameters", "lineage",      NULL};
static const char *const backends[] = {"auto", "reference", "openblas", "cuda"};

bool job_id_valid(const char *id)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_.-";
    size_t len = strlen(id);
    return len > 0 && len <= JOB_ID_MAX && id[0] != '.' && strspn(id, allowed) == len;
}

static enum err_code read_hash(const cJSON *json, const char *key, bool required,
                               char hex[SHA256_HEX_BYTES], struct err *e)
{
    const char *text = NULL;
    enum err_code code =
        required ? json_get_string(json, key, &text, e) : json_opt_string(json, key, &text, e);
    if (code || !text) {
        return code;
    }
    if (!sha256_is_hex(text)) {
        return err_set(e, ERR_INVALID, "%s: expected a SHA-256 of 64 hex digits, got \"%.80s\"",
                       key, text);
    }
    memcpy(hex, text, SHA256_HEX_BYTES);
    return ERR_OK;
}

static enum err_code read_backend(struct job_spec *s, struct err *e)
{
    s->backend = "auto";
    enum err_code code = json_opt_string(s->request, "backend", &s->backend, e);
    for (size_t i = 0; !code && i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(s->backend, backends[i]) == 0) {
            return ERR_OK;
        }
    }
    return code ? code
                : err_set(e, ERR_INVALID,
                          "backend: expected auto, reference, openblas or cuda, got \"%.40s\"",
                          s->backend);
}

/* The object at key, or NULL where it is absent or null. */
static enum err_code read_object(const cJSON *json, const char *key, const cJSON **out,
                                 struct err *e)
{
    const cJSON *node = json_at(json, key);
    *out = NULL;
    return node && !cJSON_IsNull(node) ? json_get_object(json, key, out, e) : ERR_OK;
}

static enum err_code read_parameters(struct job_spec *s, bool allow_fault_injection, struct err *e)
{
    struct train_parameters p;
    enum err_code code = read_object(s->request, "parameters", &s->parameters, e);
    if (!code && train_parameters_from_json(s->parameters, &p, e)) {
        code = err_prefix(e, "parameters");
    }
    if (!code && p.flip_labels > 0 && !allow_fault_injection) {
        code = err_set(e, ERR_FORBIDDEN,
                       "parameters.flip_labels: this trainer was started without "
                       "--allow-fault-injection");
    }
    return code;
}

enum err_code job_spec_init(struct job_spec *s, cJSON *request, bool allow_fault_injection,
                            struct err *e)
{
    *s = (struct job_spec){.request = request, .deadline_s = 3600};
    enum err_code code = cJSON_IsObject(request)
                             ? json_only_keys(request, NULL, known, e)
                             : err_set(e, ERR_INVALID, "expected a JSON object");
    code = code ? code : json_get_string(request, "model", &s->model, e);
    code = code ? code : read_hash(request, "snapshot", true, s->snapshot, e);
    code = code ? code : read_hash(request, "champion", false, s->champion, e);
    code = code ? code : json_opt_int(request, "deadline_s", 1, MAX_DEADLINE_S, &s->deadline_s, e);
    code = code ? code
                : json_opt_int(request, "memory_bytes", 0, MAX_MEMORY_BYTES, &s->memory_bytes, e);
    code = code ? code : read_backend(s, e);
    code = code ? code : read_parameters(s, allow_fault_injection, e);
    code = code ? code : read_object(request, "lineage", &s->lineage, e);
    code = code ? code : json_hash(request, s->hash, e);
    if (code) {
        job_spec_deinit(s);
    }
    return code;
}

void job_spec_deinit(struct job_spec *s)
{
    cJSON_Delete(s->request);
    *s = (struct job_spec){0};
}
