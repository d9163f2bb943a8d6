/* test_store_queue.c - work off the loop thread: serial, in order, answered on the loop thread. */
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#include "base/store.h"

#define N_ITEMS 500

static const struct store_migration migrations[] = {
    {"log", "CREATE TABLE log (n INTEGER PRIMARY KEY, value INTEGER UNIQUE)"}};

/* One test's world: a loop, a store in memory, and what has happened. */
struct world {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct store *store;
    struct store_queue *queue;
    pthread_t loop_thread;
    _Atomic int running, most_running;
    int n_done, n_closed, depth_at_close;
    enum err_code codes[N_ITEMS];
};

struct piece {
    struct world *world;
    int n;
};

static void on_deadline(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("the queue did not finish in time");
}

static void set_up(struct world *w)
{
    struct err e = {0};
    memset(w, 0, sizeof *w);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->deadline);
    uv_timer_start(&w->deadline, on_deadline, 30000, 0);
    uv_unref((uv_handle_t *)&w->deadline);
    assert_ok(store_open(":memory:", migrations, 1, &w->store, &e), &e);
    w->queue = store_queue_new(&w->loop, w->store);
    assert_non_null(w->queue);
    w->loop_thread = pthread_self();
}

static void tear_down(struct world *w)
{
    store_close(w->store);
    uv_close((uv_handle_t *)&w->deadline, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void on_closed(void *user)
{
    struct world *w = user;
    w->n_closed++;
    w->depth_at_close = w->n_done;
}

static void close_and_run(struct world *w)
{
    store_queue_close(w->queue, on_closed, w);
    assert_int_equal(w->n_closed, 0); /* never from inside */
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->n_closed, 1);
}

static int64_t count_rows(struct world *w)
{
    struct err e = {0};
    struct store_stmt *st;
    bool row;
    assert_ok(store_prepare(w->store, "SELECT count(*) FROM log", &st, &e), &e);
    assert_ok(store_step(st, &row, &e), &e);
    int64_t n = store_int(st, 0);
    store_reset(st);
    return n;
}

static void insert_piece(struct store *s, void *data, struct err *e)
{
    struct piece *p = data;
    struct store_stmt *st;
    int running = ++p->world->running;
    if (running > p->world->most_running) {
        p->world->most_running = running;
    }
    if (pthread_equal(pthread_self(), p->world->loop_thread)) {
        err_set(e, ERR_INTERNAL, "ran on the loop thread");
    } else if (!store_prepare(s, "INSERT INTO log (value) VALUES (?)", &st, e)) {
        store_bind_int(st, 1, p->n);
        store_run(st, e);
    }
    p->world->running--;
}

static void note_done(void *data, const struct err *e)
{
    struct piece *p = data;
    struct world *w = p->world;
    assert_true(pthread_equal(pthread_self(), w->loop_thread));
    assert_int_equal(p->n, w->n_done); /* in the order of submission */
    w->codes[w->n_done++] = e->code;
}

static void queue_runs_serially_and_answers_in_order(void **state)
{
    (void)state;
    struct world w;
    struct piece pieces[N_ITEMS];
    struct err e = {0};
    set_up(&w);
    for (int i = 0; i < N_ITEMS; i++) {
        pieces[i] = (struct piece){&w, i};
        assert_ok(store_queue_submit(w.queue, insert_piece, note_done, &pieces[i], &e), &e);
    }
    assert_int_equal(store_queue_depth(w.queue), N_ITEMS);
    assert_int_equal(w.n_done, 0);
    close_and_run(&w);
    assert_int_equal(w.n_done, N_ITEMS);
    assert_int_equal(w.depth_at_close, N_ITEMS); /* closed after the last answer */
    assert_int_equal(w.most_running, 1);
    for (int i = 0; i < N_ITEMS; i++) {
        assert_int_equal(w.codes[i], ERR_OK);
    }
    assert_int_equal(count_rows(&w), N_ITEMS);
    tear_down(&w);
}

static void queue_brings_errors_back(void **state)
{
    (void)state;
    struct world w;
    struct err e = {0};
    set_up(&w);
    struct piece first = {&w, 0}, again = {&w, 0};
    assert_ok(store_queue_submit(w.queue, insert_piece, note_done, &first, &e), &e);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.n_done, 1);
    assert_int_equal(store_queue_depth(w.queue), 0);
    w.n_done = 0;
    assert_ok(store_queue_submit(w.queue, insert_piece, note_done, &again, &e), &e);
    close_and_run(&w);
    assert_int_equal(w.codes[0], ERR_CONFLICT);
    tear_down(&w);
}

static void leave_open(struct store *s, void *data, struct err *e)
{
    (void)data;
    if (!store_begin(s, e)) {
        store_exec(s, "INSERT INTO log (value) VALUES (1)", e);
    }
}

static void note_code(void *data, const struct err *e)
{
    *(enum err_code *)data = e->code;
}

static void queue_rolls_back_what_work_left_open(void **state)
{
    (void)state;
    struct world w;
    struct err e = {0};
    enum err_code code = ERR_OK;
    set_up(&w);
    assert_ok(store_queue_submit(w.queue, leave_open, note_code, &code, &e), &e);
    close_and_run(&w);
    assert_int_equal(code, ERR_INTERNAL);
    assert_int_equal(count_rows(&w), 0);
    tear_down(&w);
}

/* The callback of one piece submits the next, and the last one closes the queue. */
static void chain(void *data, const struct err *result)
{
    struct piece *p = data;
    struct err e = {0};
    assert_ok(result->code, result);
    if (++p->n < 20) {
        assert_ok(store_queue_submit(p->world->queue, insert_piece, chain, p, &e), &e);
    } else {
        store_queue_close(p->world->queue, on_closed, p->world);
        assert_int_equal(store_queue_submit(p->world->queue, insert_piece, NULL, p, &e),
                         ERR_CANCELLED);
    }
}

static void queue_takes_work_and_closing_from_its_callbacks(void **state)
{
    (void)state;
    struct world w;
    struct err e = {0};
    set_up(&w);
    struct piece p = {&w, 0};
    assert_ok(store_queue_submit(w.queue, insert_piece, chain, &p, &e), &e);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.n_closed, 1);
    assert_int_equal(p.n, 20);
    assert_int_equal(count_rows(&w), 20);
    tear_down(&w);
}

static void queue_closes_when_idle_and_without_callbacks(void **state)
{
    (void)state;
    struct world w;
    struct err e = {0};
    set_up(&w);
    close_and_run(&w);
    tear_down(&w);
    set_up(&w);
    struct piece p = {&w, 0};
    assert_ok(store_queue_submit(w.queue, insert_piece, NULL, &p, &e), &e);
    store_queue_close(w.queue, NULL, NULL);
    uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(count_rows(&w), 1);
    tear_down(&w);
}

static void do_nothing(struct store *s, void *data, struct err *e)
{
    (void)s, (void)data, (void)e;
}

static void queue_is_bounded(void **state)
{
    (void)state;
    struct world w;
    struct err e = {0};
    int n = 0;
    set_up(&w);
    while (n < 1000000 && !store_queue_submit(w.queue, do_nothing, NULL, NULL, &e)) {
        n++;
    }
    assert_int_equal(n, 65536);
    assert_int_equal(e.code, ERR_BUSY);
    close_and_run(&w);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_runs_serially_and_answers_in_order),
        cmocka_unit_test(queue_brings_errors_back),
        cmocka_unit_test(queue_rolls_back_what_work_left_open),
        cmocka_unit_test(queue_takes_work_and_closing_from_its_callbacks),
        cmocka_unit_test(queue_closes_when_idle_and_without_callbacks),
        cmocka_unit_test(queue_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
