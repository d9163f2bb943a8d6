/*
 * registry.h - models, their immutable versions, which one was champion when, and the desired state
 * that the fleet shall run.
 */
#ifndef STORE_REGISTRY_H
#define STORE_REGISTRY_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/store.h"

#define REGISTRY_NAME_BYTES 128
#define REGISTRY_LABEL_BYTES 32
#define REGISTRY_PATH_BYTES 512

/* ---- models ---- */

struct registry_model {
    char name[REGISTRY_NAME_BYTES];
    char *schema_json; /* owned */
    char *policy_text; /* owned; "" where there is none */
    char policy_sha256[SHA256_HEX_BYTES];
    int64_t created_unix_ms, updated_unix_ms;
};
void registry_model_deinit(struct registry_model *m);

/* Makes the model or replaces its schema and policy (NULL: keep). A schema that differs from the
 * one there is a conflict once the model has versions. Caller's transaction. */
enum err_code registry_put_model(struct store *s, const char *name, const char *schema_json,
                                 const char *policy_text, int64_t unix_ms, struct err *e);
/* out is owned: registry_model_deinit. ERR_NOT_FOUND. */
enum err_code registry_get_model(struct store *s, const char *name, struct registry_model *out,
                                 struct err *e);
/* [{"name","champion":{"sha256","label","since_unix_ms"}|null,"versions","policy_sha256",
 * "created_unix_ms"}] by name. */
enum err_code registry_list_models(struct store *s, cJSON **out, struct err *e);

/* ---- versions ---- */

/* X(symbol, name, sentence) */
#define VERSION_STATE_LIST(X)                                                                      \
    X(VERSION_CANDIDATE, "candidate", "trained, on trial")                                         \
    X(VERSION_CHAMPION, "champion", "in service")                                                  \
    X(VERSION_RETIRED, "retired", "was champion")                                                  \
    X(VERSION_REJECTED, "rejected", "never became champion")

enum version_state {
#define X(symbol, name, sentence) symbol,
    VERSION_STATE_LIST(X)
#undef X
};
const char *version_state_name(enum version_state s);

struct registry_version {
    char sha256[SHA256_HEX_BYTES];
    char model[REGISTRY_NAME_BYTES];
    char label[REGISTRY_LABEL_BYTES]; /* "v3" */
    char parent[SHA256_HEX_BYTES];    /* "": none */
    char run[REGISTRY_NAME_BYTES];    /* "": imported by hand */
    char path[REGISTRY_PATH_BYTES];   /* of the artifact file */
    enum version_state state;
    int64_t created_unix_ms;
    char *manifest_json; /* owned */
};
void registry_version_deinit(struct registry_version *v);

/* Registers v (label and state are given by the registry: the next "vN", candidate). The same
 * sha256 again is the version that is there. label may be NULL. Caller's transaction. */
enum err_code registry_add_version(struct store *s, const struct registry_version *v,
                                   char label[REGISTRY_LABEL_BYTES], struct err *e);
/* name: label, sha256, or a unique prefix of at least 8 digits. model may be NULL for a sha256 or
 * prefix. out is owned: registry_version_deinit. */
enum err_code registry_get_version(struct store *s, const char *model, const char *name,
                                   struct registry_version *out, struct err *e);
/* Newest first, without manifests: [{"sha256","label","state","parent","run","created_unix_ms"}].
 */
enum err_code registry_list_versions(struct store *s, const char *model, cJSON **out,
                                     struct err *e);
/* A candidate that did not make it. A champion is never rejected: that is a no-op. Caller's
 * transaction. */
enum err_code registry_reject(struct store *s, const char *sha256, struct err *e);
/* {"version": {...}, "manifest": {...}, "champion_periods": [{"from","to"}], "ancestors":
 * [{"sha256", "label","run",...}, ...]} */
enum err_code registry_lineage(struct store *s, const char *sha256, cJSON **out, struct err *e);

/* ---- champions ---- */

struct registry_champion {
    char sha256[SHA256_HEX_BYTES];
    char label[REGISTRY_LABEL_BYTES];
    int64_t since_unix_ms, until_unix_ms; /* until 0: still */
};

/* Makes a version of the model its champion, from unix_ms on; the one before is retired. Already
 * so: a no-op. Caller's transaction. */
enum err_code registry_set_champion(struct store *s, const char *model, const char *sha256,
                                    const char *actor, const char *reason, int64_t unix_ms,
                                    struct err *e);
/* ERR_NOT_FOUND where the model has (had) none. */
enum err_code registry_champion(struct store *s, const char *model, struct registry_champion *out,
                                struct err *e);
enum err_code registry_champion_at(struct store *s, const char *model, int64_t unix_ms,
                                   struct registry_champion *out, struct err *e);
/* The champion before the present one: where a rollback without --to goes. ERR_NOT_FOUND. */
enum err_code registry_champion_before(struct store *s, const char *model,
                                       struct registry_champion *out, struct err *e);
/* Newest first: [{"sha256","label","since_unix_ms","until_unix_ms"|null,"actor","reason"}]. */
enum err_code registry_champion_history(struct store *s, const char *model, cJSON **out,
                                        struct err *e);

/* ---- desired state ---- */

/* Stores the body to be PUT to the replicas, without its generation; where it differs from what is
 * there, the generation goes up by one. body NULL: the model is not to be served. Caller's
 * transaction. */
enum err_code registry_set_desired(struct store *s, const char *model, const cJSON *body,
                                   int64_t unix_ms, int64_t *generation, struct err *e);
/* *body is owned, complete with its generation; NULL where the model is not to be served (then
 * *generation says since which). ERR_NOT_FOUND where nothing was ever desired. */
enum err_code registry_get_desired(struct store *s, const char *model, cJSON **body,
                                   int64_t *generation, struct err *e);

#endif
