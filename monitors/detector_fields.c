/*
 * detector_fields.c - saved state: numbers by table, the words of a generator.
 */
#include "detector_fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define HEX_DIGITS 16

bool detector_save_fields(const struct detector_param *fields, const void *state, cJSON *out)
{
    for (const struct detector_param *f = fields; f->key != NULL; f++) {
        double value = *(const double *)((const char *)state + f->offset);
        if (cJSON_AddNumberToObject(out, f->key, value) == NULL)
            return false;
    }
    return true;
}

enum err_code detector_load_fields(const struct detector_param *fields, void *state,
                                   const cJSON *in, struct err *e)
{
    for (const struct detector_param *f = fields; f->key != NULL; f++) {
        double *value = (double *)((char *)state + f->offset);
        enum err_code rc = json_get_double(in, f->key, f->min, f->max, value, e);
        if (rc != ERR_OK)
            return rc;
        if (f->whole && *value != floor(*value))
            return err_set(e, ERR_INVALID, "%s: expected a whole number, got %g", f->key, *value);
    }
    return ERR_OK;
}

void detector_clear_fields(const struct detector_param *fields, void *state)
{
    for (const struct detector_param *f = fields; f->key != NULL; f++)
        *(double *)((char *)state + f->offset) = 0.0;
}

bool detector_save_rng(const struct rng *r, cJSON *out)
{
    cJSON *words = cJSON_AddArrayToObject(out, "generator");
    bool ok = words != NULL;
    for (size_t i = 0; ok && i < 4; i++) {
        char text[HEX_DIGITS + 1];
        snprintf(text, sizeof text, "%016" PRIx64, r->s[i]);
        ok = cJSON_AddItemToArray(words, cJSON_CreateString(text)); /* refuses NULL */
    }
    return ok;
}

static bool read_word(const cJSON *item, uint64_t *out)
{
    const char *text = cJSON_GetStringValue(item);
    if (text == NULL || strlen(text) != HEX_DIGITS ||
        strspn(text, "0123456789abcdef") != HEX_DIGITS)
        return false;
    *out = strtoull(text, NULL, 16);
    return true;
}

enum err_code detector_load_rng(struct rng *r, const cJSON *in, struct err *e)
{
    const cJSON *words = NULL;
    enum err_code rc = json_get_array(in, "generator", &words, e);
    if (rc != ERR_OK)
        return rc;
    bool ok = cJSON_GetArraySize(words) == 4;
    for (int i = 0; ok && i < 4; i++)
        ok = read_word(cJSON_GetArrayItem(words, i), &r->s[i]);
    if (!ok || (r->s[0] | r->s[1] | r->s[2] | r->s[3]) == 0) /* all zero would stay zero */
        return err_set(e, ERR_INVALID, "generator: expected 4 words of 16 hex digits, not all 0");
    return ERR_OK;
}
