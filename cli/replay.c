/*
 * replay.c - see replay.h: open everything, pump rows, take their answers, wait for the labels,
 * close. One loop, one thread. The CSV file is read on the loop: a local file read a block at a
 * time is quicker than a request, and this program serves nobody.
 */
#include "replay.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "field.h"
#include "replay_private.h"

#define BEAT_MS 100
#define MAX_FAILED_IN_A_ROW 20
#define MAX_LABELS_DUE 50000 /* leewayd is away: no more rows until labels go out again */
#define TALK_EVERY_MS 5000
#define INTERRUPTED_LABELS_MS 10000

static void pump(struct replay *r);

/* ---- closing ---- */

static void on_client_closed(void *user)
{
    struct replay *r = user;
    r->client = NULL;
}

static void close_all(struct replay *r)
{
    if (r->closing)
        return;
    r->closing = true;
    for (int64_t i = 0; i < r->options->concurrency; i++)
        for (int side = 0; side < REPLAY_N_SIDES; side++)
            uv_close((uv_handle_t *)&r->rows[i].calls[side].timer, NULL);
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&r->signals[i], NULL);
    uv_close((uv_handle_t *)&r->pump, NULL);
    uv_close((uv_handle_t *)&r->beat, NULL);
    replay_fleet_unwatch(&r->fleet);
    replay_labels_close(&r->labels);
    http_client_close(r->client, on_client_closed, r);
}

/* No new rows; those in flight are finished. */
static void stop_rows(struct replay *r, const struct err *err)
{
    if (err && r->err.code == ERR_OK)
        r->err = *err;
    r->no_more_rows = true;
}

/* Rows done? Then the labels: all of them at the end, the due ones after an interruption. */
static void end_if_done(struct replay *r)
{
    if (r->closing || !r->no_more_rows || r->n_in_flight > 0)
        return;
    if (r->err.code == ERR_OK && !r->result->interrupted)
        replay_labels_flush(&r->labels);
    if (replay_labels_n_due(&r->labels) == 0 || r->err.code != ERR_OK)
        close_all(r);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct replay *r = handle->data;
    (void)number;
    progress_clear(&r->progress);
    if (r->result->interrupted) {
        close_all(r);
        return;
    }
    cli_say("stopping: rows in flight and due labels first; again to stop at once");
    r->result->interrupted = true;
    r->last_label_mono_ms = clock_mono_ms();
    stop_rows(r, NULL);
    end_if_done(r);
}

/* ---- talk ---- */

void replay_talk(struct replay *r, const char *message)
{
    int64_t now = clock_mono_ms();
    if (now < r->next_talk_mono_ms)
        return;
    r->next_talk_mono_ms = now + TALK_EVERY_MS;
    progress_clear(&r->progress);
    cli_say("%s: %s; trying again", r->cli->full_name, message);
}

static void on_problem(const char *message, void *user)
{
    replay_talk(user, message);
}

static void put_value(struct replay *r, enum replay_side side, char *out, size_t size_bytes)
{
    double value = replay_tally_value(&r->result->score.sides[side], r->map.regression);
    snprintf(out, size_bytes, isnan(value) ? "-" : "%.4f", value);
}

static void show_progress(struct replay *r)
{
    char served[32], frozen[32];
    const struct replay_score *s = &r->result->score;
    double elapsed_s = (double)(clock_mono_ms() - r->started_mono_ms) / 1000;
    if (!progress_due(&r->progress))
        return;
    put_value(r, REPLAY_SERVED, served, sizeof(served));
    put_value(r, REPLAY_FROZEN, frozen, sizeof(frozen));
    const char *version = s->n_versions ? s->versions[s->n_versions - 1].version : "-";
    progress_show(&r->progress,
                  "%lld rows, %.0f rows/s, %s %s%s%s%s, newest version %s, %zu labels due",
                  (long long)r->result->n_rows, (double)r->result->n_rows / (elapsed_s + 1e-3),
                  replay_score_metric(s), served, s->has_frozen ? " (frozen " : "",
                  s->has_frozen ? frozen : "", s->has_frozen ? ")" : "", version,
                  replay_labels_n_due(&r->labels));
}

static void check_label_deadline(struct replay *r)
{
    struct err e = {0};
    int64_t limit = r->result->interrupted ? INTERRUPTED_LABELS_MS : r->options->label_timeout_ms;
    bool waiting = r->no_more_rows && r->n_in_flight == 0;
    if (!waiting || clock_mono_ms() - r->last_label_mono_ms < limit)
        return;
    err_set(&e, ERR_UNREACHABLE, "%zu labels were not accepted within %lld s",
            replay_labels_n_due(&r->labels), (long long)(limit / 1000));
    stop_rows(r, &e);
    close_all(r);
}

static void on_beat(uv_timer_t *timer)
{
    struct replay *r = timer->data;
    show_progress(r);
    check_label_deadline(r);
}

/* ---- labels ---- */

static void on_labels_accepted(void *user)
{
    struct replay *r = user;
    r->last_label_mono_ms = clock_mono_ms();
    end_if_done(r);
    pump(r); /* rows may have waited for it */
}

static void on_labels_failed(const struct err *err, void *user)
{
    struct replay *r = user;
    stop_rows(r, err);
    end_if_done(r);
}

/* ---- a row is done ---- */

static void score_row(struct replay *r, const struct replay_row *row)
{
    struct replay_score *s = &r->result->score;
    int64_t index = row->number - r->options->skip - 1;
    const struct replay_call *served = &row->calls[REPLAY_SERVED];
    const struct replay_call *frozen = &row->calls[REPLAY_FROZEN];
    if (replay_score_add(s, index, REPLAY_SERVED, &served->answer, row->label)) {
        progress_clear(&r->progress);
        cli_say("row %lld: %s answers", (long long)row->number, served->answer.version);
    }
    if (s->has_frozen && frozen->answered)
        replay_score_add(s, index, REPLAY_FROZEN, &frozen->answer, row->label);
}

static void count_failure(struct replay *r, const struct replay_row *row)
{
    struct err e = {0};
    r->result->errors++;
    r->n_failed_in_a_row++;
    progress_clear(&r->progress);
    if (r->result->errors <= 3)
        cli_say("row %lld: %s", (long long)row->number, row->err.message);
    if (r->n_failed_in_a_row < MAX_FAILED_IN_A_ROW)
        return;
    err_set(&e, ERR_IO, "%d rows in a row failed; the last one: %s", MAX_FAILED_IN_A_ROW,
            row->err.message);
    stop_rows(r, &e);
}

static void take_answers(struct replay *r, const struct replay_row *row)
{
    struct err e = {0};
    r->n_failed_in_a_row = 0;
    r->result->n_rows++;
    r->last_answer_mono_ms = clock_mono_ms();
    score_row(r, row);
    if (row->label && replay_labels_add(&r->labels, row->number, row->label, &e) != ERR_OK)
        stop_rows(r, &e);
}

void replay_on_row_done(struct replay_row *row)
{
    struct replay *r = row->replay;
    if (row->calls[REPLAY_SERVED].answered)
        take_answers(r, row);
    else
        count_failure(r, row);
    free(row->label);
    row->label = NULL;
    row->busy = false;
    r->n_in_flight--;
    pump(r);
    end_if_done(r);
}

/* ---- rows out ---- */

static struct replay_row *free_slot(struct replay *r)
{
    for (int64_t i = 0; i < r->options->concurrency; i++)
        if (!r->rows[i].busy)
            return &r->rows[i];
    return NULL;
}

static enum err_code fill_row(struct replay *r, struct replay_row *row, const char *const *fields,
                              struct err *e)
{
    const char *label = fields[r->map.label_column];
    row->number = csv_row_number(r->csv);
    snprintf(row->id, sizeof(row->id), "%.200s%lld", r->options->id_prefix, (long long)row->number);
    row->give_up_mono_ms = clock_mono_ms() + r->options->row_timeout_ms;
    buf_clear(&row->body);
    enum err_code code = row_map_put_infer(&r->map, fields, row->id, &row->body, e);
    if (code != ERR_OK)
        return err_prefix(e, "%s: row %lld", r->options->file, (long long)row->number);
    row->label = csv_is_missing(label) ? NULL : strdup(label);
    return row->label || csv_is_missing(label) ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
}

/* The next row of the file into a slot; false at the end of the file, or of what was asked for. */
static bool next_row(struct replay *r, struct replay_row *row, struct err *e)
{
    const char *const *fields = NULL;
    bool more = true;
    const struct replay_options *o = r->options;
    if (o->n_rows > 0 && csv_row_number(r->csv) >= o->skip + o->n_rows)
        return false;
    do {
        if (csv_next(r->csv, &fields, &more, e) != ERR_OK || !more)
            return false;
    } while (csv_row_number(r->csv) <= o->skip);
    return fill_row(r, row, fields, e) == ERR_OK;
}

static void start_row(struct replay *r, struct replay_row *row)
{
    struct err e = {0};
    if (!next_row(r, row, &e)) {
        stop_rows(r, e.code != ERR_OK ? &e : NULL);
        return;
    }
    row->busy = true;
    r->n_in_flight++;
    r->n_started++;
    replay_labels_rows_gone(&r->labels, row->number);
    replay_call_start(row);
}

static void on_pump(uv_timer_t *timer)
{
    pump(timer->data);
}

static double now_ms(void)
{
    return (double)clock_mono_ns() / 1e6;
}

/* Starts as many rows as slots, pace and labels allow. */
static void pump(struct replay *r)
{
    if (r->pumping)
        return;
    r->pumping = true;
    while (!r->no_more_rows && !r->closing) {
        struct replay_row *row = free_slot(r);
        if (!row || replay_labels_n_due(&r->labels) > MAX_LABELS_DUE)
            break; /* whatever frees it pumps again */
        if (!replay_pace_take(&r->pace, now_ms())) {
            uv_timer_start(&r->pump, on_pump, (uint64_t)replay_pace_wait_ms(&r->pace, now_ms()), 0);
            break;
        }
        start_row(r, row);
    }
    r->pumping = false;
    end_if_done(r);
}

/* ---- opening ---- */

static void init_slots(struct replay *r)
{
    for (int64_t i = 0; i < r->options->concurrency; i++) {
        struct replay_row *row = &r->rows[i];
        row->replay = r;
        for (int side = 0; side < REPLAY_N_SIDES; side++) {
            struct replay_call *call = &row->calls[side];
            call->row = row;
            call->side = (enum replay_side)side;
            uv_timer_init(&r->loop, &call->timer);
            call->timer.data = call;
        }
    }
}

static void init_handles(struct replay *r)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    init_slots(r);
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&r->loop, &r->signals[i]);
        r->signals[i].data = r;
        uv_signal_start(&r->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&r->loop, &r->pump);
    uv_timer_init(&r->loop, &r->beat);
    r->pump.data = r->beat.data = r;
    uv_timer_start(&r->beat, on_beat, BEAT_MS, BEAT_MS);
    r->fleet.on_problem = on_problem;
    r->fleet.user = r;
    replay_fleet_watch(&r->fleet, &r->loop);
}

/* What may fail before there is a loop: files, the model's schema, the fleet. */
static enum err_code open_inputs(struct replay *r, struct err *e)
{
    const struct replay_options *o = r->options;
    struct buf path = BUF_INIT, infer = BUF_INIT;
    control_path(&path, "/v1/models/{}", o->model);
    control_path(&infer, "/v2/models/{}/infer", o->model);
    r->path = buf_take(&infer, &(size_t){0});
    r->rows = calloc((size_t)o->concurrency, sizeof(*r->rows));
    enum err_code code = r->path && r->rows ? ERR_OK : err_set(e, ERR_NOMEM, "out of memory");
    if (code == ERR_OK)
        code = csv_open(o->file, &r->csv, e);
    if (code == ERR_OK)
        code = replay_fleet_open(&r->fleet, o->fleet_file, &o->replicas, e);
    if (code == ERR_OK)
        code = control_read_token(o->replica_token_file, &r->replica_token, e);
    if (code == ERR_OK)
        code = control_get(r->cli, path.data, &r->model, e);
    if (code == ERR_OK)
        code =
            row_map_new(cJSON_GetObjectItem(r->model.json, "schema"), r->csv, o->label, &r->map, e);
    buf_free(&path);
    return code;
}

static void close_inputs(struct replay *r)
{
    for (int64_t i = 0; r->rows && i < r->options->concurrency; i++) {
        free(r->rows[i].label);
        buf_free(&r->rows[i].body);
    }
    free(r->rows);
    free(r->path);
    free(r->replica_token);
    row_map_free(&r->map);
    control_answer_clean_up(&r->model);
    replay_fleet_free(&r->fleet);
    csv_close(r->csv);
}

static void init_labels(struct replay *r)
{
    r->labels = (struct replay_labels){.cli = r->cli,
                                       .model = r->options->model,
                                       .id_prefix = r->options->id_prefix,
                                       .delay_rows = r->options->label_delay,
                                       .regression = r->map.regression,
                                       .on_accepted = on_labels_accepted,
                                       .on_problem = on_problem,
                                       .on_failed = on_labels_failed,
                                       .user = r};
}

static void tell_result(struct replay *r)
{
    struct replay_result *out = r->result;
    out->elapsed_ms = r->last_answer_mono_ms - r->started_mono_ms;
    out->labels_accepted = r->labels.accepted;
    out->label_duplicates = r->labels.duplicates;
    out->label_conflicts = r->labels.conflicts;
    out->labels_left = (int64_t)r->labels.n;
    out->retries += r->labels.retries;
}

static enum err_code run_loop(struct replay *r, struct err *e)
{
    uv_loop_init(&r->loop);
    enum err_code code = http_client_new(&r->loop, &r->client, e);
    if (code != ERR_OK) {
        uv_loop_close(&r->loop);
        return code;
    }
    init_handles(r);
    init_labels(r);
    code = replay_labels_init(&r->labels, &r->loop, r->client, e);
    r->started_mono_ms = r->last_answer_mono_ms = r->last_label_mono_ms = clock_mono_ms();
    r->pace = replay_pace_start(r->options->rate, now_ms());
    r->progress = progress_new();
    if (code == ERR_OK)
        pump(r);
    else
        close_all(r);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
    progress_clear(&r->progress);
    tell_result(r);
    replay_labels_free(&r->labels);
    if (code == ERR_OK && r->err.code != ERR_OK)
        code = err_set(e, r->err.code, "%s", r->err.message);
    return code;
}

enum err_code replay_run(const struct cli *cli, const struct replay_options *o,
                         struct replay_result *out, struct err *e)
{
    struct replay *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(e, ERR_NOMEM, "out of memory");
    r->cli = cli;
    r->options = o;
    r->result = out;
    enum err_code code = open_inputs(r, e);
    out->started_unix_ms = clock_unix_ms();
    out->score.regression = r->map.regression;
    out->score.has_frozen = o->baseline != NULL;
    if (code == ERR_OK)
        code = run_loop(r, e);
    close_inputs(r);
    free(r);
    return code;
}
