/*
 * row_batch.c - see row_batch.h.
 */
#include "row_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "field.h"

#define MAX_ITEMS 2000              /* leewayd takes 10000 */
#define MAX_BYTES ((size_t)4 << 20) /* leewayd takes 16 MiB */
#define MAX_TRIES 5
#define FIRST_WAIT_MS 200

void row_batch_init(struct row_batch *b, const struct cli *cli, const char *model, const char *call,
                    const char *key)
{
    *b = (struct row_batch){.cli = cli, .key = key};
    control_path(&b->path, "/v1/models/{}/{}", model, call);
}

void row_batch_clean_up(struct row_batch *b)
{
    buf_free(&b->path);
    buf_free(&b->body);
}

struct buf *row_batch_next(struct row_batch *b)
{
    if (b->n_items++ == 0)
        buf_printf(&b->body, "{\"%s\":[", b->key);
    else
        buf_puts(&b->body, ",");
    return &b->body;
}

static bool may_pass(enum err_code code)
{
    return code == ERR_UNREACHABLE || code == ERR_BUSY || code == ERR_IO;
}

static void wait_before(int try)
{
    int64_t ms = (int64_t)FIRST_WAIT_MS << try;
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static enum err_code send_tries(struct row_batch *b, struct control_answer *answer, struct err *e)
{
    enum err_code code = ERR_OK;
    for (int try = 0; try < MAX_TRIES; try++) {
        control_answer_clean_up(answer);
        code = control_send(b->cli, "POST", b->path.data, NULL, &b->body, answer, e);
        bool never_answered = b->n_sent == 0 && code == ERR_UNREACHABLE;
        if (!may_pass(code) || never_answered)
            break;
        cli_say("%s: %s; trying again", b->cli->full_name, e->message);
        wait_before(try);
    }
    return code;
}

enum err_code row_batch_send(struct row_batch *b, struct err *e)
{
    struct control_answer answer = {0};
    if (b->n_items == 0)
        return ERR_OK;
    buf_puts(&b->body, "]}");
    if (buf_failed(&b->body))
        return err_set(e, ERR_NOMEM, "no memory for %zu rows", b->n_items);
    enum err_code code = send_tries(b, &answer, e);
    if (code == ERR_OK) {
        b->n_sent += (int64_t)b->n_items;
        b->accepted += field_int(answer.json, "accepted");
        b->duplicates += field_int(answer.json, "duplicates");
        b->waiting += field_int(answer.json, "waiting");
        b->conflicts += field_int(answer.json, "conflicts");
        b->n_items = 0;
        buf_clear(&b->body);
    }
    control_answer_clean_up(&answer);
    return code;
}

enum err_code row_batch_send_if_full(struct row_batch *b, struct err *e)
{
    bool full = b->n_items >= MAX_ITEMS || b->body.len >= MAX_BYTES;
    return full ? row_batch_send(b, e) : ERR_OK;
}
