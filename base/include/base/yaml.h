/*
 * yaml.h - YAML (and so JSON) as a read-only tree whose nodes know their line and column. libfyaml
 * is private to the implementation. Who calls it: policies/, the CLI, configuration files.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct yaml_doc;
struct yaml_node;

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

/* Reads one document (a second one is an error), at most max_bytes, aliases resolved with a bound on
 * the expanded size, duplicate keys and tags (!name) an error. Errors say name:line:column. *out is
 * owned. */
enum err_code yaml_load(const char *path, size_t max_bytes, struct yaml_doc **out, struct err *e);
enum err_code yaml_parse(const char *name, const char *text, size_t len, struct yaml_doc **out,
                         struct err *e);
void yaml_free(struct yaml_doc *doc);

/* Everything below is a view, valid while the document lives. */
const char *yaml_name(const struct yaml_doc *doc); /* file name for messages */
const struct yaml_node *yaml_root(const struct yaml_doc *doc);
enum yaml_kind yaml_kind(const struct yaml_node *node);
int yaml_line(const struct yaml_node *node);   /* from 1 */
int yaml_column(const struct yaml_node *node); /* from 1 */
size_t yaml_count(const struct yaml_node *node); /* items or pairs; 0 for a scalar */
const struct yaml_node *yaml_item(const struct yaml_node *node, size_t i);      /* sequence */
const struct yaml_node *yaml_key_node(const struct yaml_node *node, size_t i);  /* mapping */
const struct yaml_node *yaml_value_node(const struct yaml_node *node, size_t i); /* mapping */
const struct yaml_node *yaml_find(const struct yaml_node *node, const char *key); /* NULL: absent */
const char *yaml_text(const struct yaml_node *node); /* scalar text; "" for collections */
bool yaml_is_plain(const struct yaml_node *node);    /* not quoted: may be number, bool, null */

/* The tree as JSON (YAML 1.2 core schema for plain scalars: null, bool, int, float, else string).
 * NULL on out of memory. Owned; free with cJSON_Delete. */
cJSON *yaml_to_json(const struct yaml_node *node);

#endif
