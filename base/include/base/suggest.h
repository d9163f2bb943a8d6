/*
 * suggest.h - "did you mean": the nearest of a few known names to a mistyped word.
 *
 *   struct suggest s = suggest_start("wieght");
 *   for (...) suggest_add(&s, known[i]);
 *   if (suggest_best(&s)) ... " (did you mean \"%s\"?)"
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

struct suggest {
    const char *word; /* borrowed */
    const char *best; /* borrowed from suggest_add */
    int best_distance;
};

struct suggest suggest_start(const char *word);
void suggest_add(struct suggest *s, const char *name);

/* NULL where nothing is near enough to be a slip of the fingers (a third of the word's letters). */
const char *suggest_best(const struct suggest *s);

#endif
