/*
 * store_queue.c - one piece of work at a time in libuv's thread pool.
 *
 * A list of items; the first is running. When it is done its callback runs on the loop thread, and
 * the next one starts: that is all the locking there is, since uv_queue_work orders the threads'
 * views of the store. Closing appends one last, empty item, so that what was queued before finishes
 * first and on_closed is never called from inside store_queue_close.
 */
#include <stdlib.h>
#include <uv.h>

#include "store_private.h"

#define MAX_DEPTH 65536

struct item {
    struct item *next;
    store_work *work; /* NULL: the last one */
    store_done *done;
    void *data;
    struct err result;
};

struct store_queue {
    uv_loop_t *loop;
    struct store *store;
    struct item *first, *last;
    size_t depth;
    uv_work_t request; /* of the first item */
    bool is_closing;
    struct item farewell; /* the last item: closing must not fail for want of memory */
    void (*on_closed)(void *);
    void *user;
};

struct store_queue *store_queue_new(struct uv_loop_s *loop, struct store *s)
{
    struct store_queue *q = calloc(1, sizeof *q);
    if (q) {
        q->loop = loop;
        q->store = s;
        q->request.data = q;
    }
    return q;
}

/* Worker thread. */
static void run_first(uv_work_t *request)
{
    struct store_queue *q = request->data;
    struct item *item = q->first;
    if (!item->work) {
        return;
    }
    item->work(q->store, item->data, &item->result);
    if (store_end_stray_transaction(q->store) && !item->result.code) {
        err_set(&item->result, ERR_INTERNAL, "work ended inside a transaction; rolled back");
    }
}

static void on_first_done(uv_work_t *request, int status);

static void start_first(struct store_queue *q)
{
    uv_queue_work(q->loop, &q->request, run_first,
                  on_first_done); /* fails only without a callback */
}

static void finish_close(struct store_queue *q)
{
    if (q->on_closed) {
        q->on_closed(q->user);
    }
    free(q);
}

/* Loop thread. The next item starts before done is called, so that the thread works meanwhile. */
static void on_first_done(uv_work_t *request, int status)
{
    struct store_queue *q = request->data;
    struct item *item = q->first;
    (void)status; /* nothing here is ever cancelled */
    if (item == &q->farewell) {
        finish_close(q);
        return;
    }
    q->depth--;
    q->first = item->next;
    if (q->first) {
        start_first(q);
    } else {
        q->last = NULL;
    }
    if (item->done) {
        item->done(item->data, &item->result);
    }
    free(item);
}

static void append(struct store_queue *q, struct item *item)
{
    if (q->last) {
        q->last->next = item;
        q->last = item;
        return;
    }
    q->first = q->last = item;
    start_first(q);
}

enum err_code store_queue_submit(struct store_queue *q, store_work *work, store_done *done,
                                 void *data, struct err *e)
{
    if (q->is_closing) {
        return err_set(e, ERR_CANCELLED, "the store is closing");
    }
    if (q->depth == MAX_DEPTH) {
        return err_set(e, ERR_BUSY, "%d pieces of work wait for the store already", MAX_DEPTH);
    }
    struct item *item = calloc(1, sizeof *item);
    if (!item) {
        return err_set(e, ERR_NOMEM, "out of memory queueing work for the store");
    }
    item->work = work;
    item->done = done;
    item->data = data;
    q->depth++;
    append(q, item);
    return ERR_OK;
}

size_t store_queue_depth(const struct store_queue *q)
{
    return q->depth;
}

void store_queue_close(struct store_queue *q, void (*on_closed)(void *), void *user)
{
    q->is_closing = true;
    q->on_closed = on_closed;
    q->user = user;
    append(q, &q->farewell);
}
