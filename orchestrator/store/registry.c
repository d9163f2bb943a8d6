/* registry.c - models and the desired state of each; versions and champions are in
 * registry_version.c. */
#include "store/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/db_private.h"

/* ---- models ---- */

void registry_model_deinit(struct registry_model *m)
{
    free(m->schema_json);
    free(m->policy_text);
    *m = (struct registry_model){0};
}

static enum err_code fill_model(struct store_stmt *st, struct registry_model *m, struct err *e)
{
    enum err_code rc;

    if ((rc = db_copy(m->name, sizeof(m->name), store_text(st, 0), "model", e)) ||
        (rc = db_copy(m->policy_sha256, sizeof(m->policy_sha256), store_text(st, 3),
                      "policy_sha256", e))) {
        return rc;
    }
    m->schema_json = strdup(store_text(st, 1));
    m->policy_text = strdup(store_text(st, 2));
    m->created_unix_ms = store_int(st, 4);
    m->updated_unix_ms = store_int(st, 5);
    return m->schema_json && m->policy_text ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}

enum err_code registry_get_model(struct store *s, const char *name, struct registry_model *out,
                                 struct err *e)
{
    struct registry_model m = {0};
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT name, schema, policy, policy_sha256, created_ms, updated_ms"
                            " FROM model WHERE name = ?1",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, name);
    if ((rc = db_first(st, &row, e)) == ERR_OK) {
        rc = row ? fill_model(st, &m, e)
                 : err_set(e, ERR_NOT_FOUND, "there is no model \"%s\"", name);
    }
    store_reset(st);
    if (rc == ERR_OK) {
        *out = m;
    } else {
        registry_model_deinit(&m);
    }
    return rc;
}

static enum err_code hash_json(const char *what, const char *text, char hex[SHA256_HEX_BYTES],
                               struct err *e)
{
    cJSON *json = NULL;
    enum err_code rc = json_parse(what, text, strlen(text), &json, e);

    if (rc == ERR_OK) {
        rc = json_hash(json, hex, e);
        cJSON_Delete(json);
    }
    return rc;
}

static enum err_code has_versions(struct store *s, const char *model, bool *has, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT 1 FROM version WHERE model = ?1 LIMIT 1", &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    rc = db_first(st, has, e);
    store_reset(st);
    return rc;
}

/* The schema that versions were trained for cannot be exchanged under them. */
static enum err_code check_schema_change(struct store *s, const struct registry_model *old,
                                         const char *schema_json, struct err *e)
{
    char was[SHA256_HEX_BYTES], is[SHA256_HEX_BYTES];
    bool has = false;
    enum err_code rc;

    if ((rc = hash_json("schema", old->schema_json, was, e)) ||
        (rc = hash_json("schema", schema_json, is, e)) || strcmp(was, is) == 0 ||
        (rc = has_versions(s, old->name, &has, e))) {
        return rc;
    }
    return has ? err_set(e, ERR_CONFLICT,
                         "model \"%s\" has versions of another schema; register a new model",
                         old->name)
               : ERR_OK;
}

static enum err_code write_model(struct store *s, const char *name, const char *schema_json,
                                 const char *policy_text, int64_t unix_ms, struct err *e)
{
    struct store_stmt *st;
    char hash[SHA256_HEX_BYTES] = "";
    enum err_code rc;

    if (policy_text[0]) {
        sha256_hex(policy_text, strlen(policy_text), hash);
    }
    if ((rc = store_prepare(s,
                            "INSERT INTO model (name, schema, policy, policy_sha256, created_ms,"
                            " updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
                            " ON CONFLICT (name) DO UPDATE SET schema = excluded.schema,"
                            " policy = excluded.policy, policy_sha256 = excluded.policy_sha256,"
                            " updated_ms = excluded.updated_ms",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, name);
    store_bind_text(st, 2, schema_json);
    store_bind_text(st, 3, policy_text);
    store_bind_text(st, 4, hash);
    store_bind_int(st, 5, unix_ms);
    return store_run(st, e);
}

static enum err_code new_model(struct store *s, const char *name, const char *schema_json,
                               const char *policy_text, int64_t unix_ms, struct err *e)
{
    char unused[SHA256_HEX_BYTES];
    enum err_code rc;

    if (!schema_json) {
        return err_set(e, ERR_INVALID, "model \"%s\" is new and needs a schema", name);
    }
    if (strlen(name) >= REGISTRY_NAME_BYTES || name[0] == '\0') {
        return err_set(e, ERR_INVALID, "model: expected a name of 1..%d bytes",
                       REGISTRY_NAME_BYTES - 1);
    }
    if ((rc = hash_json("schema", schema_json, unused, e))) {
        return rc;
    }
    return write_model(s, name, schema_json, policy_text ? policy_text : "", unix_ms, e);
}

enum err_code registry_put_model(struct store *s, const char *name, const char *schema_json,
                                 const char *policy_text, int64_t unix_ms, struct err *e)
{
    struct registry_model old;
    struct err absent = {0};
    enum err_code rc = registry_get_model(s, name, &old, &absent);

    if (rc == ERR_NOT_FOUND) {
        return new_model(s, name, schema_json, policy_text, unix_ms, e);
    }
    if (rc != ERR_OK) {
        return err_set(e, rc, "%s", absent.message);
    }
    rc = schema_json ? check_schema_change(s, &old, schema_json, e) : ERR_OK;
    if (rc == ERR_OK) {
        rc = write_model(s, name, schema_json ? schema_json : old.schema_json,
                         policy_text ? policy_text : old.policy_text, unix_ms, e);
    }
    registry_model_deinit(&old);
    return rc;
}

static cJSON *make_champion(struct store_stmt *st)
{
    cJSON *json = cJSON_CreateObject();
    char label[REGISTRY_LABEL_BYTES];

    snprintf(label, sizeof(label), "v%lld", (long long)store_int(st, 5));
    if (db_add_text(json, "sha256", store_text(st, 4)) && db_add_text(json, "label", label) &&
        db_add_int(json, "since_unix_ms", store_int(st, 6))) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

static cJSON *make_model(struct store_stmt *st)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *champion = store_is_null(st, 4) ? cJSON_CreateNull() : make_champion(st);

    if (db_add_text(json, "name", store_text(st, 0)) &&
        db_add_text(json, "policy_sha256", store_text(st, 1)) &&
        db_add_int(json, "created_unix_ms", store_int(st, 2)) &&
        db_add_int(json, "versions", store_int(st, 3)) && db_add_item(json, "champion", champion)) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

enum err_code registry_list_models(struct store *s, cJSON **out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT m.name, m.policy_sha256, m.created_ms,"
                            " (SELECT count(*) FROM version v WHERE v.model = m.name),"
                            " c.sha256, v.number, c.since_ms FROM model m"
                            " LEFT JOIN champion c ON c.model = m.name AND c.until_ms IS NULL"
                            " LEFT JOIN version v ON v.sha256 = c.sha256 ORDER BY m.name",
                            &st, e))) {
        return rc;
    }
    return db_collect(st, make_model, out, e);
}

/* ---- desired state ---- */

struct desired {
    bool known;
    int64_t generation;
    cJSON *body; /* owned; NULL: not to be served */
};

static enum err_code read_desired(struct store *s, const char *model, struct desired *out,
                                  struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    *out = (struct desired){0};
    if ((rc = store_prepare(s, "SELECT generation, body FROM desired WHERE model = ?1", &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    if ((rc = db_first(st, &out->known, e)) == ERR_OK && out->known) {
        const char *body = store_text(st, 1);
        out->generation = store_int(st, 0);
        if (body) {
            rc = json_parse("desired", body, strlen(body), &out->body, e);
        }
    }
    store_reset(st);
    return rc;
}

static enum err_code is_same(const cJSON *a, const cJSON *b, bool *same, struct err *e)
{
    char ha[SHA256_HEX_BYTES], hb[SHA256_HEX_BYTES];
    enum err_code rc;

    *same = a == b; /* both NULL */
    if (!a || !b) {
        return ERR_OK;
    }
    if ((rc = json_hash(a, ha, e)) || (rc = json_hash(b, hb, e))) {
        return rc;
    }
    *same = strcmp(ha, hb) == 0;
    return ERR_OK;
}

static enum err_code write_desired(struct store *s, const char *model, int64_t generation,
                                   const cJSON *body, int64_t unix_ms, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;
    char *text = body ? json_print(body) : NULL;

    if (body && !text) {
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    if ((rc = store_prepare(s,
                            "INSERT INTO desired (model, generation, body, updated_ms)"
                            " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (model) DO UPDATE SET"
                            " generation = excluded.generation, body = excluded.body,"
                            " updated_ms = excluded.updated_ms",
                            &st, e)) == ERR_OK) {
        store_bind_text(st, 1, model);
        store_bind_int(st, 2, generation);
        store_bind_text(st, 3, text);
        store_bind_int(st, 4, unix_ms);
        rc = store_run(st, e);
    }
    free(text);
    return rc;
}

enum err_code registry_set_desired(struct store *s, const char *model, const cJSON *body,
                                   int64_t unix_ms, int64_t *generation, struct err *e)
{
    struct desired d;
    bool same = false;
    enum err_code rc = read_desired(s, model, &d, e);

    if (rc == ERR_OK) {
        rc = is_same(d.body, body, &same, e);
    }
    if (rc == ERR_OK && !(d.known && same)) {
        d.generation++;
        rc = write_desired(s, model, d.generation, body, unix_ms, e);
    }
    cJSON_Delete(d.body);
    if (rc == ERR_OK && generation) {
        *generation = d.generation;
    }
    return rc;
}

enum err_code registry_get_desired(struct store *s, const char *model, cJSON **body,
                                   int64_t *generation, struct err *e)
{
    struct desired d;
    enum err_code rc = read_desired(s, model, &d, e);

    if (rc == ERR_OK && !d.known) {
        rc = err_set(e, ERR_NOT_FOUND, "nothing is desired of model \"%s\" yet", model);
    }
    if (rc == ERR_OK && d.body && !db_add_int(d.body, "generation", d.generation)) {
        rc = err_set(e, ERR_NOMEM, "out of memory");
    }
    if (rc != ERR_OK) {
        cJSON_Delete(d.body);
        return rc;
    }
    *body = d.body;
    *generation = d.generation;
    return ERR_OK;
}
