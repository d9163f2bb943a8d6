/*
 * feature_index.h - a schema's features by name. Clients send tensors in the same order every time,
 * mostly the schema's, so the feature behind the last one is tried first.
 */
#ifndef INFERENCE_FEATURE_INDEX_H
#define INFERENCE_FEATURE_INDEX_H

#include <stdbool.h>

#include "model/rows.h"
#include "model/schema.h"

struct feature_index;

/* Borrows schema until freed. NULL: out of memory. Read-only afterwards: any thread. */
struct feature_index *feature_index_new(const struct schema *schema);
void feature_index_free(struct feature_index *ix);

const struct schema *feature_index_schema(const struct feature_index *ix);

/* The feature of that name, -1 for none; guess: the one that is tried first. */
int feature_index_find(const struct feature_index *ix, struct text name, size_t guess);

/* The same names and kinds in the same order: rows read for one can be scored by the other. */
bool feature_index_same(const struct feature_index *a, const struct feature_index *b);

#endif
