/*
 * json.h - checked reading of JSON over cJSON: every error names the place and what was expected.
 *
 * Values are reached by dotted paths from a node ("champion.sha256", "steps[2].weight"). Errors read
 * `candidate.weight: expected a number in 0..1, got "five"`. Control messages only: infer bodies have
 * their own one-pass reader in inference/.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define JSON_MAX_DEPTH 64

/* Parses exactly one JSON value of len bytes (trailing white space allowed, nothing else; at most
 * JSON_MAX_DEPTH deep). Errors say name:line:column. *out is owned; free with cJSON_Delete.
 * Duplicate keys in an object are an error. */
enum err_code json_parse(const char *name, const char *text, size_t len, cJSON **out, struct err *e);

/* json_parse over a file of at most max_bytes. */
enum err_code json_load(const char *path, size_t max_bytes, cJSON **out, struct err *e);

/* The node at path, or NULL. path NULL or "" is root itself. */
const cJSON *json_at(const cJSON *root, const char *path);

/* Required values. Strings are views, valid while root lives. */
enum err_code json_get_string(const cJSON *root, const char *path, const char **out, struct err *e);
enum err_code json_get_double(const cJSON *root, const char *path, double min, double max,
                              double *out, struct err *e); /* finite */
enum err_code json_get_int(const cJSON *root, const char *path, int64_t min, int64_t max,
                           int64_t *out, struct err *e); /* whole, |x| <= 2^53 */
enum err_code json_get_bool(const cJSON *root, const char *path, bool *out, struct err *e);
enum err_code json_get_array(const cJSON *root, const char *path, const cJSON **out, struct err *e);
enum err_code json_get_object(const cJSON *root, const char *path, const cJSON **out, struct err *e);

/* Optional values: absent or null leaves *out as it is; a wrong type is still an error. */
enum err_code json_opt_string(const cJSON *root, const char *path, const char **out, struct err *e);
enum err_code json_opt_double(const cJSON *root, const char *path, double min, double max,
                              double *out, struct err *e);
enum err_code json_opt_int(const cJSON *root, const char *path, int64_t min, int64_t max,
                           int64_t *out, struct err *e);
enum err_code json_opt_bool(const cJSON *root, const char *path, bool *out, struct err *e);

/* Every key of the object at path must be in allowed (NULL-terminated); the error names the key and
 * the nearest allowed one. */
enum err_code json_only_keys(const cJSON *root, const char *path, const char *const *allowed,
                             struct err *e);

/* Compact text, owned (free with free); NULL on out of memory. Numbers read back as the same double;
 * NaN and infinities become null. */
char *json_print(const cJSON *node);
/* Indented text for people; same ownership. */
char *json_print_pretty(const cJSON *node);

/* SHA-256 over the canonical form (keys sorted, compact), for schema and policy hashes. */
enum err_code json_hash(const cJSON *node, char hex[65], struct err *e);

#endif
