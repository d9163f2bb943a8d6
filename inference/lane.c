/*
 * lane.c - the lanes and the stack of the free ones; the one used last is taken first, its memory
 * is warm.
 */
#include "lane.h"

#include <stdlib.h>

#define LINES_KEEP_BYTES ((size_t)1 << 20)

struct lanes {
    size_t n;
    struct lane *items;
    pthread_mutex_t lock; /* the free stack */
    pthread_cond_t given_back;
    size_t n_free;
    struct lane **free_lanes;
};

struct lanes *lanes_new(size_t n)
{
    struct lanes *l = calloc(1, sizeof *l);
    if (!l) {
        return NULL;
    }
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->given_back, NULL);
    l->items = calloc(n, sizeof *l->items);
    l->free_lanes = calloc(n, sizeof(struct lane *));
    if (!l->items || !l->free_lanes) {
        lanes_free(l);
        return NULL;
    }
    for (; l->n < n; l->n++) {
        l->items[l->n].index = l->n;
        pthread_mutex_init(&l->items[l->n].counting, NULL);
        l->free_lanes[l->n_free++] = &l->items[l->n];
    }
    return l;
}

void lanes_free(struct lanes *l)
{
    if (!l) {
        return;
    }
    for (size_t i = 0; i < l->n; i++) {
        arena_free(&l->items[i].arena);
        buf_free(&l->items[i].lines);
        pthread_mutex_destroy(&l->items[i].counting);
    }
    free(l->items);
    free(l->free_lanes);
    pthread_cond_destroy(&l->given_back);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

size_t lanes_count(const struct lanes *l)
{
    return l->n;
}

struct lane *lane_take(struct lanes *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->n_free == 0) {
        pthread_cond_wait(&l->given_back, &l->lock);
    }
    struct lane *lane = l->free_lanes[--l->n_free];
    pthread_mutex_unlock(&l->lock);
    return lane;
}

void lane_give_back(struct lanes *l, struct lane *lane)
{
    arena_reset(&lane->arena);
    buf_clear(&lane->lines);
    if (lane->lines.cap > LINES_KEEP_BYTES) {
        buf_free(&lane->lines);
    }
    pthread_mutex_lock(&l->lock);
    l->free_lanes[l->n_free++] = lane;
    pthread_cond_signal(&l->given_back);
    pthread_mutex_unlock(&l->lock);
}

void lanes_lock_all(struct lanes *l)
{
    for (size_t i = 0; i < l->n; i++) {
        pthread_mutex_lock(&l->items[i].counting);
    }
}

void lanes_unlock_all(struct lanes *l)
{
    for (size_t i = 0; i < l->n; i++) {
        pthread_mutex_unlock(&l->items[i].counting);
    }
}
