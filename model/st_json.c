/*
 * st_json.c - JSON in safetensors metadata, and the hash a file goes by.
 */
#include "st_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum err_code st_json_put(struct st_writer *w, const char *key, const cJSON *value, struct err *e)
{
    char *text = value ? json_print(value) : NULL;
    enum err_code code = text ? st_writer_meta(w, key, text, e)
                              : err_set(e, ERR_NOMEM, "out of memory for the metadata \"%s\"", key);
    free(text);
    return code;
}

enum err_code st_json_get(const struct st_file *f, const char *key, cJSON **out, struct err *e)
{
    const char *text = st_metadata(f, key);
    if (!text)
        return err_set(e, ERR_PARSE, "the file has no metadata \"%s\"", key);
    return json_parse(key, text, strlen(text), out, e);
}

enum err_code st_check_sha256(const char *path, const char *expected, char hex[SHA256_HEX_BYTES],
                              struct err *e)
{
    enum err_code code = sha256_file(path, hex, e);
    if (!code && expected && strcmp(expected, hex) != 0)
        code = err_set(e, ERR_CORRUPT, "%s: expected SHA-256 %s, got %s", path, expected, hex);
    return code;
}
