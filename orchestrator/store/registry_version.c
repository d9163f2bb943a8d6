/* registry_version.c - versions of a model, and which one was its champion when. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/db_private.h"
#include "store/registry.h"

static const char *const state_names[] = {
#define X(symbol, name, sentence) [symbol] = name,
    VERSION_STATE_LIST(X)
#undef X
};

const char *version_state_name(enum version_state s)
{
    return state_names[s];
}

static enum err_code parse_state(const char *name, enum version_state *out, struct err *e)
{
    for (size_t i = 0; i < sizeof(state_names) / sizeof(*state_names); i++) {
        if (strcmp(state_names[i], name) == 0) {
            *out = (enum version_state)i;
            return ERR_OK;
        }
    }
    return err_set(e, ERR_CORRUPT, "version: unknown state \"%s\"", name);
}

static void format_label(int64_t number, char label[REGISTRY_LABEL_BYTES])
{
    snprintf(label, REGISTRY_LABEL_BYTES, "v%" PRId64, number);
}

/* "v12" -> 12, else 0. */
static int64_t label_number(const char *name)
{
    char *end;

    if (name[0] != 'v' || name[1] < '1' || name[1] > '9') {
        return 0;
    }
    int64_t number = strtoll(name + 1, &end, 10);
    return *end == '\0' ? number : 0;
}

/* ---- reading ---- */

void registry_version_deinit(struct registry_version *v)
{
    free(v->manifest_json);
    *v = (struct registry_version){0};
}

#define VERSION_COLUMNS "sha256, model, number, parent, run, path, state, created_ms, manifest"

static enum err_code fill_version(struct store_stmt *st, struct registry_version *v, struct err *e)
{
    enum err_code rc;

    if ((rc = db_copy(v->sha256, sizeof(v->sha256), store_text(st, 0), "sha256", e)) ||
        (rc = db_copy(v->model, sizeof(v->model), store_text(st, 1), "model", e)) ||
        (rc = db_copy(v->parent, sizeof(v->parent), store_text(st, 3), "parent", e)) ||
        (rc = db_copy(v->run, sizeof(v->run), store_text(st, 4), "run", e)) ||
        (rc = db_copy(v->path, sizeof(v->path), store_text(st, 5), "path", e)) ||
        (rc = parse_state(store_text(st, 6), &v->state, e))) {
        return rc;
    }
    format_label(store_int(st, 2), v->label);
    v->created_unix_ms = store_int(st, 7);
    v->manifest_json = strdup(store_text(st, 8));
    return v->manifest_json ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}

/* The one row of st; none or several are errors that name the version asked for. */
static enum err_code only_version(struct store_stmt *st, const char *name,
                                  struct registry_version *out, struct err *e)
{
    struct registry_version v = {0};
    bool row;
    enum err_code rc = db_first(st, &row, e);

    if (rc == ERR_OK && !row) {
        rc = err_set(e, ERR_NOT_FOUND, "there is no version \"%s\"", name);
    } else if (rc == ERR_OK && (rc = fill_version(st, &v, e)) == ERR_OK &&
               (rc = store_step(st, &row, e)) == ERR_OK && row) {
        rc = err_set(e, ERR_INVALID, "\"%s\" is the beginning of several versions", name);
    }
    store_reset(st);
    if (rc == ERR_OK) {
        *out = v;
    } else {
        registry_version_deinit(&v);
    }
    return rc;
}

static enum err_code get_by_label(struct store *s, const char *model, int64_t number,
                                  const char *name, struct registry_version *out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if (!model) {
        return err_set(e, ERR_INVALID, "\"%s\" names a version of which model?", name);
    }
    if ((rc = store_prepare(
             s, "SELECT " VERSION_COLUMNS " FROM version WHERE model = ?1 AND number = ?2", &st,
             e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_int(st, 2, number);
    return only_version(st, name, out, e);
}

enum err_code registry_get_version(struct store *s, const char *model, const char *name,
                                   struct registry_version *out, struct err *e)
{
    struct store_stmt *st;
    size_t len = strlen(name);
    enum err_code rc;

    if (label_number(name) > 0) {
        return get_by_label(s, model, label_number(name), name, out, e);
    }
    if (len < 8 || strspn(name, "0123456789abcdef") != len) {
        return err_set(e, ERR_INVALID,
                       "version: expected \"v3\", a SHA-256 or 8 digits of one, got \"%s\"", name);
    }
    if ((rc = store_prepare(s,
                            "SELECT " VERSION_COLUMNS
                            " FROM version WHERE sha256 >= ?1 AND sha256 <= ?1 || 'g'"
                            " AND (?2 IS NULL OR model = ?2) LIMIT 2",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, name);
    store_bind_text(st, 2, model);
    return only_version(st, name, out, e);
}

static bool add_version(cJSON *json, struct store_stmt *st)
{
    char label[REGISTRY_LABEL_BYTES];

    format_label(store_int(st, 2), label);
    return db_add_text(json, "sha256", store_text(st, 0)) && db_add_text(json, "label", label) &&
           db_add_text(json, "state", store_text(st, 6)) &&
           db_add_text(json, "parent", store_text(st, 3)) &&
           db_add_text(json, "run", store_text(st, 4)) &&
           db_add_int(json, "created_unix_ms", store_int(st, 7));
}

static cJSON *make_version(struct store_stmt *st)
{
    cJSON *json = cJSON_CreateObject();

    if (json && add_version(json, st)) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

enum err_code registry_list_versions(struct store *s, const char *model, cJSON **out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(
             s, "SELECT " VERSION_COLUMNS " FROM version WHERE model = ?1 ORDER BY number DESC",
             &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    return db_collect(st, make_version, out, e);
}

/* ---- writing ---- */

static enum err_code next_number(struct store *s, const char *model, int64_t *number, struct err *e)
{
    struct store_stmt *st;
    bool row;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT coalesce(max(number), 0) + 1 FROM version WHERE model = ?1",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    if ((rc = db_first(st, &row, e)) == ERR_OK) {
        *number = store_int(st, 0);
    }
    store_reset(st);
    return rc;
}

static enum err_code insert_version(struct store *s, const struct registry_version *v,
                                    int64_t number, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "INSERT INTO version (" VERSION_COLUMNS ")"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, v->sha256);
    store_bind_text(st, 2, v->model);
    store_bind_int(st, 3, number);
    store_bind_text(st, 4, v->parent);
    store_bind_text(st, 5, v->run);
    store_bind_text(st, 6, v->path);
    store_bind_text(st, 7, version_state_name(VERSION_CANDIDATE));
    store_bind_int(st, 8, v->created_unix_ms);
    store_bind_text(st, 9, v->manifest_json ? v->manifest_json : "{}");
    return store_run(st, e);
}

static enum err_code existing_label(const struct registry_version *there,
                                    const struct registry_version *v, char *label, struct err *e)
{
    if (strcmp(there->model, v->model) != 0) {
        return err_set(e, ERR_CONFLICT, "version %.12s is one of model \"%s\"", v->sha256,
                       there->model);
    }
    if (label) {
        memcpy(label, there->label, sizeof(there->label));
    }
    return ERR_OK;
}

enum err_code registry_add_version(struct store *s, const struct registry_version *v,
                                   char label[REGISTRY_LABEL_BYTES], struct err *e)
{
    struct registry_version there;
    int64_t number = 0;
    enum err_code rc;

    if (!sha256_is_hex(v->sha256)) {
        return err_set(e, ERR_INVALID, "version: expected a SHA-256, got \"%s\"", v->sha256);
    }
    if (registry_get_version(s, NULL, v->sha256, &there, NULL) == ERR_OK) {
        rc = existing_label(&there, v, label, e);
        registry_version_deinit(&there);
        return rc;
    }
    if ((rc = next_number(s, v->model, &number, e)) || (rc = insert_version(s, v, number, e))) {
        return rc;
    }
    if (label) {
        format_label(number, label);
    }
    return ERR_OK;
}

/* Moves a version to a state, if it is in one of the two states from1 and from2. */
static enum err_code move_state(struct store *s, const char *sha256, enum version_state to,
                                enum version_state from1, enum version_state from2, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "UPDATE version SET state = ?2 WHERE sha256 = ?1"
                            " AND state IN (?3, ?4)",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, sha256);
    store_bind_text(st, 2, version_state_name(to));
    store_bind_text(st, 3, version_state_name(from1));
    store_bind_text(st, 4, version_state_name(from2));
    return store_run(st, e);
}

enum err_code registry_reject(struct store *s, const char *sha256, struct err *e)
{
    return move_state(s, sha256, VERSION_REJECTED, VERSION_CANDIDATE, VERSION_CANDIDATE, e);
}

/* ---- champions ---- */

#define CHAMPION_COLUMNS                                                                           \
    "c.sha256, v.number, c.since_ms, c.until_ms, c.actor, c.reason"                                \
    " FROM champion c JOIN version v ON v.sha256 = c.sha256"

static enum err_code read_champion(struct store_stmt *st, const char *model,
                                   struct registry_champion *out, struct err *e)
{
    bool row;
    enum err_code rc = db_first(st, &row, e);

    if (rc == ERR_OK && !row) {
        rc = err_set(e, ERR_NOT_FOUND, "model \"%s\" has no such champion", model);
    } else if (rc == ERR_OK && (rc = db_copy(out->sha256, sizeof(out->sha256), store_text(st, 0),
                                             "sha256", e)) == ERR_OK) {
        format_label(store_int(st, 1), out->label);
        out->since_unix_ms = store_int(st, 2);
        out->until_unix_ms = store_is_null(st, 3) ? 0 : store_int(st, 3);
    }
    store_reset(st);
    return rc;
}

enum err_code registry_champion(struct store *s, const char *model, struct registry_champion *out,
                                struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(
             s, "SELECT " CHAMPION_COLUMNS " WHERE c.model = ?1 AND c.until_ms IS NULL", &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    return read_champion(st, model, out, e);
}

enum err_code registry_champion_at(struct store *s, const char *model, int64_t unix_ms,
                                   struct registry_champion *out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(
             s,
             "SELECT " CHAMPION_COLUMNS " WHERE c.model = ?1 AND c.since_ms <= ?2"
             " AND (c.until_ms IS NULL OR c.until_ms > ?2) ORDER BY c.id DESC LIMIT 1",
             &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_int(st, 2, unix_ms);
    return read_champion(st, model, out, e);
}

enum err_code registry_champion_before(struct store *s, const char *model,
                                       struct registry_champion *out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "SELECT " CHAMPION_COLUMNS
                            " WHERE c.model = ?1 AND c.until_ms IS NOT NULL"
                            " AND c.sha256 IS NOT (SELECT sha256 FROM champion"
                            "   WHERE model = ?1 AND until_ms IS NULL)"
                            " ORDER BY c.id DESC LIMIT 1",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    return read_champion(st, model, out, e);
}

static enum err_code end_period(struct store *s, const char *model, int64_t unix_ms, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    /* max: a wall clock that went back must not make a period of negative length */
    if ((rc = store_prepare(s,
                            "UPDATE champion SET until_ms = max(since_ms, ?2)"
                            " WHERE model = ?1 AND until_ms IS NULL",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_int(st, 2, unix_ms);
    return store_run(st, e);
}

static enum err_code begin_period(struct store *s, const char *model, const char *sha256,
                                  const char *actor, const char *reason, int64_t unix_ms,
                                  struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "INSERT INTO champion (model, sha256, since_ms, actor, reason)"
                            " VALUES (?1, ?2, max(?3, coalesce((SELECT max(until_ms) FROM champion"
                            "   WHERE model = ?1), ?3)), ?4, ?5)",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    store_bind_text(st, 2, sha256);
    store_bind_int(st, 3, unix_ms);
    store_bind_text(st, 4, actor);
    store_bind_text(st, 5, reason);
    return store_run(st, e);
}

static enum err_code check_version_of(struct store *s, const char *model, const char *sha256,
                                      struct err *e)
{
    struct registry_version v;
    enum err_code rc = registry_get_version(s, model, sha256, &v, e);

    if (rc == ERR_OK) {
        registry_version_deinit(&v);
    }
    return rc;
}

enum err_code registry_set_champion(struct store *s, const char *model, const char *sha256,
                                    const char *actor, const char *reason, int64_t unix_ms,
                                    struct err *e)
{
    struct registry_champion now = {0};
    struct err first = {0};
    enum err_code rc = registry_champion(s, model, &now, &first);

    if (rc != ERR_OK && rc != ERR_NOT_FOUND) {
        return err_set(e, rc, "%s", first.message);
    }
    if (rc == ERR_OK && strcmp(now.sha256, sha256) == 0) {
        return ERR_OK;
    }
    if ((rc = check_version_of(s, model, sha256, e)) ||
        (rc = move_state(s, now.sha256, VERSION_RETIRED, VERSION_CHAMPION, VERSION_CHAMPION, e)) ||
        (rc = end_period(s, model, unix_ms, e)) ||
        (rc = begin_period(s, model, sha256, actor, reason ? reason : "", unix_ms, e))) {
        return rc;
    }
    if ((rc = move_state(s, sha256, VERSION_CHAMPION, VERSION_CANDIDATE, VERSION_RETIRED, e))) {
        return rc;
    }
    return move_state(s, sha256, VERSION_CHAMPION, VERSION_REJECTED, VERSION_REJECTED, e);
}

static cJSON *make_period(struct store_stmt *st)
{
    cJSON *json = cJSON_CreateObject();
    char label[REGISTRY_LABEL_BYTES];

    format_label(store_int(st, 1), label);
    if (db_add_text(json, "sha256", store_text(st, 0)) && db_add_text(json, "label", label) &&
        db_add_int(json, "since_unix_ms", store_int(st, 2)) &&
        db_add_time(json, "until_unix_ms", store_int(st, 3)) &&
        db_add_text(json, "actor", store_text(st, 4)) &&
        db_add_text(json, "reason", store_text(st, 5))) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

enum err_code registry_champion_history(struct store *s, const char *model, cJSON **out,
                                        struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT " CHAMPION_COLUMNS " WHERE c.model = ?1 ORDER BY c.id DESC",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, model);
    return db_collect(st, make_period, out, e);
}

/* ---- lineage ---- */

static enum err_code periods_of(struct store *s, const char *sha256, cJSON **out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s, "SELECT " CHAMPION_COLUMNS " WHERE c.sha256 = ?1 ORDER BY c.id", &st,
                            e))) {
        return rc;
    }
    store_bind_text(st, 1, sha256);
    return db_collect(st, make_period, out, e);
}

static enum err_code ancestors_of(struct store *s, const char *sha256, cJSON **out, struct err *e)
{
    struct store_stmt *st;
    enum err_code rc;

    if ((rc = store_prepare(s,
                            "WITH RECURSIVE up (sha256, depth) AS ("
                            "  SELECT parent, 1 FROM version WHERE sha256 = ?1"
                            "  UNION ALL SELECT v.parent, up.depth + 1 FROM version v"
                            "  JOIN up ON v.sha256 = up.sha256 WHERE up.depth < 1000)"
                            " SELECT v.sha256, v.model, v.number, v.parent, v.run, v.path, v.state,"
                            " v.created_ms FROM up JOIN version v ON v.sha256 = up.sha256"
                            " ORDER BY up.depth",
                            &st, e))) {
        return rc;
    }
    store_bind_text(st, 1, sha256);
    return db_collect(st, make_version, out, e);
}

static cJSON *version_object(const struct registry_version *v)
{
    cJSON *json = cJSON_CreateObject();

    if (db_add_text(json, "sha256", v->sha256) && db_add_text(json, "model", v->model) &&
        db_add_text(json, "label", v->label) &&
        db_add_text(json, "state", version_state_name(v->state)) &&
        db_add_text(json, "parent", v->parent) && db_add_text(json, "run", v->run) &&
        db_add_int(json, "created_unix_ms", v->created_unix_ms)) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

/* Takes periods and ancestors. */
static cJSON *lineage_object(const struct registry_version *v, cJSON *periods, cJSON *ancestors)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = db_add_item(json, "champion_periods", periods);

    ok = db_add_item(json, "ancestors", ancestors) && ok;
    if (ok && db_add_item(json, "version", version_object(v)) &&
        db_add_json(json, "manifest", v->manifest_json)) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

enum err_code registry_lineage(struct store *s, const char *sha256, cJSON **out, struct err *e)
{
    struct registry_version v = {0};
    cJSON *periods = NULL, *ancestors = NULL;
    enum err_code rc;

    if ((rc = registry_get_version(s, NULL, sha256, &v, e)) ||
        (rc = periods_of(s, v.sha256, &periods, e)) ||
        (rc = ancestors_of(s, v.sha256, &ancestors, e))) {
        cJSON_Delete(periods);
        registry_version_deinit(&v);
        return rc;
    }
    *out = lineage_object(&v, periods, ancestors);
    registry_version_deinit(&v);
    return *out ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}
