/*
 * st_json.h - what the files of model/ have in common: JSON values in a safetensors file's
 * metadata, and the check of a file against the hash it goes by. Private to model/.
 */
#ifndef MODEL_ST_JSON_H
#define MODEL_ST_JSON_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/safetensors.h"
#include "base/sha256.h"

/* Writes value as the text of metadata key. */
enum err_code st_json_put(struct st_writer *w, const char *key, const cJSON *value, struct err *e);

/* Parses metadata key; an absent key is ERR_PARSE. *out is owned; free with cJSON_Delete. */
enum err_code st_json_get(const struct st_file *f, const char *key, cJSON **out, struct err *e);

/* Hashes path into hex; ERR_CORRUPT with both hashes where expected is not NULL and differs. */
enum err_code st_check_sha256(const char *path, const char *expected, char hex[SHA256_HEX_BYTES],
                              struct err *e);

#endif
