/*
 * yaml_node.h - the tree as it lies in memory: nodes, texts and child lists in one arena that is
 * freed at once. An alias is a copy of its anchor's node that shares the children, so the tree is
 * small even where its expansion would be huge; `weight` is the size of that expansion.
 */
#ifndef YAML_YAML_NODE_H
#define YAML_YAML_NODE_H

#include "base/yaml.h"

struct yaml_node {
    enum yaml_kind kind;
    int line, column;
    bool is_plain;
    size_t weight;                  /* nodes below and including this one, aliases expanded */
    int height;                     /* levels below this one, aliases expanded */
    size_t count;                   /* items or pairs */
    const char *text;               /* "" for collections */
    const struct yaml_node **items; /* a mapping alternates keys and values */
};

struct yaml_block {
    struct yaml_block *next;
};

struct yaml_doc {
    char *name;
    const struct yaml_node *root;
    struct yaml_block *blocks; /* the arena, newest first */
    char *free_at, *free_end;  /* in the newest block */
};

/* Memory that lives as long as the document, aligned for pointers; NULL: out of memory. */
void *yaml_alloc(struct yaml_doc *doc, size_t size_bytes);

#endif
