/*
 * yaml_tree.c - the arena and the read-only accessors.
 */
#include <stdlib.h>
#include <string.h>

#include "yaml_node.h"

#define BLOCK_BYTES 16384
#define ALIGNMENT sizeof(void *)

static bool add_block(struct yaml_doc *doc, size_t size_bytes)
{
    size_t room = size_bytes > BLOCK_BYTES ? size_bytes : BLOCK_BYTES;
    struct yaml_block *block = malloc(sizeof *block + room);
    if (!block) {
        return false;
    }
    block->next = doc->blocks;
    doc->blocks = block;
    doc->free_at = (char *)(block + 1);
    doc->free_end = doc->free_at + room;
    return true;
}

void *yaml_alloc(struct yaml_doc *doc, size_t size_bytes)
{
    size_bytes = (size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if ((size_t)(doc->free_end - doc->free_at) < size_bytes && !add_block(doc, size_bytes)) {
        return NULL;
    }
    void *p = doc->free_at;
    doc->free_at += size_bytes;
    return p;
}

void yaml_free(struct yaml_doc *doc)
{
    if (!doc) {
        return;
    }
    while (doc->blocks) {
        struct yaml_block *next = doc->blocks->next;
        free(doc->blocks);
        doc->blocks = next;
    }
    free(doc->name);
    free(doc);
}

const char *yaml_name(const struct yaml_doc *doc)
{
    return doc->name;
}

const struct yaml_node *yaml_root(const struct yaml_doc *doc)
{
    return doc->root;
}

enum yaml_kind yaml_kind(const struct yaml_node *node)
{
    return node->kind;
}

int yaml_line(const struct yaml_node *node)
{
    return node->line;
}

int yaml_column(const struct yaml_node *node)
{
    return node->column;
}

size_t yaml_count(const struct yaml_node *node)
{
    return node->count;
}

const struct yaml_node *yaml_item(const struct yaml_node *node, size_t i)
{
    return node->kind == YAML_SEQUENCE && i < node->count ? node->items[i] : NULL;
}

const struct yaml_node *yaml_key_node(const struct yaml_node *node, size_t i)
{
    return node->kind == YAML_MAPPING && i < node->count ? node->items[2 * i] : NULL;
}

const struct yaml_node *yaml_value_node(const struct yaml_node *node, size_t i)
{
    return node->kind == YAML_MAPPING && i < node->count ? node->items[2 * i + 1] : NULL;
}

const struct yaml_node *yaml_find(const struct yaml_node *node, const char *key)
{
    for (size_t i = 0; node->kind == YAML_MAPPING && i < node->count; i++) {
        if (strcmp(node->items[2 * i]->text, key) == 0) {
            return node->items[2 * i + 1];
        }
    }
    return NULL;
}

const char *yaml_text(const struct yaml_node *node)
{
    return node->text;
}

bool yaml_is_plain(const struct yaml_node *node)
{
    return node->is_plain;
}
