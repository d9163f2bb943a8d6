/*
 * job_check.c - what a job left behind, judged: a valid result manifest whose files have the hashes
 * it says, or else the best explanation there is. Hashing is done in the thread pool.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/trainer.h"

struct check {
    uv_work_t work;
    struct job *job; /* stays: its checking is set */
    char folder[PATH_MAX];
    struct result_manifest result;
    enum err_code code; /* of the manifest */
    struct err why;     /* it is not valid */
    bool explained;     /* why is what the job itself wrote */
};

static void check_work(uv_work_t *work)
{
    struct check *c = work->data;
    c->code = result_manifest_load(c->folder, true, &c->result, &c->why);
    if (c->code) {
        c->explained = result_error_load(c->folder, &c->why);
    }
}

static void judge(struct trainer *t, struct job *j, const struct check *c)
{
    char message[sizeof j->status.error];
    if (c->code == ERR_OK) {
        trainer_event(t, j, JOB_ON_VALID, NULL);
    } else if (c->explained) {
        trainer_event(t, j, JOB_ON_INVALID, c->why.message);
    } else if (c->code != ERR_NOT_FOUND) {
        snprintf(message, sizeof message, "invalid result: %.450s", c->why.message);
        trainer_event(t, j, JOB_ON_INVALID, message);
    } else if (j->exit_text[0]) {
        snprintf(message, sizeof message,
                 "the training process %s and left no result manifest (see the job's log)",
                 j->exit_text);
        trainer_event(t, j, JOB_ON_INVALID, message);
    } else {
        trainer_event(t, j, JOB_ON_INTERRUPTED, NULL);
    }
}

static void check_done(uv_work_t *work, int status)
{
    struct check *c = work->data;
    struct job *j = c->job;
    (void)status; /* never cancelled */
    j->checking = false;
    result_manifest_deinit(&j->result);
    j->result = c->result;
    judge(j->trainer, j, c);
    free(c);
}

void job_check_start(struct job *j)
{
    struct check *c = calloc(1, sizeof *c);
    if (!c) {
        trainer_event(j->trainer, j, JOB_ON_INVALID, "out of memory checking the result");
        return;
    }
    c->job = j;
    c->work.data = c;
    job_path(j, "out", c->folder);
    j->checking = true;
    uv_queue_work(j->trainer->loop, &c->work, check_work, check_done);
}
