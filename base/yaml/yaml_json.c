/*
 * yaml_json.c - the tree as cJSON by the core schema of YAML 1.2.2, section 10.3.2: what an
 * unquoted text means (null, bool, int, float, else a string).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_node.h"

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(text, *words) == 0) {
            return true;
        }
    }
    return false;
}

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};

static bool all_of(const char *text, const char *set)
{
    return *text && text[strspn(text, set)] == '\0';
}

static size_t skip_digits(const char *p)
{
    return strspn(p, "0123456789");
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?  - integers included */
static bool is_decimal(const char *p)
{
    p += *p == '-' || *p == '+';
    size_t whole = skip_digits(p), part = 0;
    p += whole;
    if (*p == '.') {
        p++;
        part = skip_digits(p);
        p += part;
    }
    if (whole + part == 0) {
        return false;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        return all_of(p, "0123456789");
    }
    return *p == '\0';
}

static bool read_number(const char *text, double *out)
{
    const char *unsigned_text = text + (*text == '-' || *text == '+');
    if (strncmp(text, "0o", 2) == 0 && all_of(text + 2, "01234567")) {
        *out = (double)strtoull(text + 2, NULL, 8);
    } else if (strncmp(text, "0x", 2) == 0 && all_of(text + 2, "0123456789abcdefABCDEF")) {
        *out = (double)strtoull(text + 2, NULL, 16);
    } else if (is_decimal(text)) {
        *out = strtod(text, NULL);
    } else if (is_one_of(unsigned_text, infinities)) {
        *out = *text == '-' ? -INFINITY : INFINITY;
    } else if (is_one_of(text, nans)) {
        *out = NAN;
    } else {
        return false;
    }
    return true;
}

static cJSON *scalar_to_json(const struct yaml_node *node)
{
    double number;
    if (!node->is_plain) {
        return cJSON_CreateString(node->text);
    }
    if (is_one_of(node->text, nulls)) {
        return cJSON_CreateNull();
    }
    if (is_one_of(node->text, trues) || is_one_of(node->text, falses)) {
        return cJSON_CreateBool(is_one_of(node->text, trues));
    }
    return read_number(node->text, &number) ? cJSON_CreateNumber(number)
                                            : cJSON_CreateString(node->text);
}

/* Takes child, also where it fails; NULL child is out of memory. */
static bool add_child(cJSON *parent, const char *key, cJSON *child)
{
    bool added = child && (key ? cJSON_AddItemToObject(parent, key, child)
                               : cJSON_AddItemToArray(parent, child));
    if (!added) {
        cJSON_Delete(child);
    }
    return added;
}

static cJSON *collection_to_json(const struct yaml_node *node)
{
    bool is_mapping = node->kind == YAML_MAPPING;
    cJSON *parent = is_mapping ? cJSON_CreateObject() : cJSON_CreateArray();
    for (size_t i = 0; parent && i < node->count; i++) {
        const char *key = is_mapping ? node->items[2 * i]->text : NULL;
        const struct yaml_node *value = node->items[is_mapping ? 2 * i + 1 : i];
        if (!add_child(parent, key, yaml_to_json(value))) {
            cJSON_Delete(parent);
            return NULL;
        }
    }
    return parent;
}

/* Depth and size are bounded by the parser. */
cJSON *yaml_to_json(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR ? scalar_to_json(node) : collection_to_json(node);
}
