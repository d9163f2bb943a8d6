/*
 * train_main.c - leeway-train: one training job, as a process of its own.
 *
 * leeway-trainer starts it; people may, too. Logs go to stderr, files into --out. Exit 0 means that
 * result.json is there; who wants to know looks for that file, never at the exit code alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/process.h"
#include "trainer/csv_snapshot.h"
#include "trainer/train_job.h"

#define MAX_JSON_BYTES (1 << 20)
#define MAX_DEVICES 16

struct options {
    const char *snapshot, *snapshot_sha256, *champion, *champion_sha256;
    const char *out, *parameters, *lineage, *backend, *model;
    struct csv_snapshot csv;
    int64_t memory_bytes;
    bool list_backends;
};

struct program {
    struct options o;
    char snapshot_path[PATH_MAX]; /* o.snapshot, or the one made from the CSV */
    cJSON *lineage;
    int progress_fd;
    struct train_job_report report;
};

static const char examples[] =
    "leeway-train --csv loans.csv --schema loan.json --holdout 500 --out run1\n"
    "leeway-train --snapshot run1/snapshot.safetensors --champion run1/model.safetensors --out "
    "run2\n"
    "leeway-train --list-backends";

static enum opt_outcome parse(struct options *o, int argc, char **argv, struct err *e)
{
    const struct opt opts[] = {
        {"snapshot", 0, OPT_STRING, &o->snapshot, "FILE", "Training rows, a snapshot file.", 0, 0,
         false, NULL},
        {"csv", 0, OPT_STRING, &o->csv.csv_path, "FILE",
         "Training rows as CSV, plain or gzip, oldest first; needs --schema.", 0, 0, false, NULL},
        {"schema", 0, OPT_STRING, &o->csv.schema_path, "FILE", "The model's schema (JSON).", 0, 0,
         false, NULL},
        {"time", 0, OPT_STRING, &o->csv.time_column, "COLUMN",
         "The CSV's time column: RFC 3339 or unix milliseconds.", 0, 0, false, NULL},
        {"rows", 0, OPT_INT, &o->csv.max_rows, "N", "Read only the CSV's first N rows (0: all).", 0,
         1e12, false, NULL},
        {"holdout", 0, OPT_INT, &o->csv.n_holdout, "N",
         "Keep the CSV's last N rows for comparing candidate and champion.", 0, 1e12, false, NULL},
        {"out", 0, OPT_STRING, &o->out, "DIR",
         "Folder for model.safetensors, scores.safetensors, progress.jsonl, result.json.", 0, 0,
         false, NULL},
        {"champion", 0, OPT_STRING, &o->champion, "FILE",
         "The version in service: scored beside the new one, and parent of a warm start.", 0, 0,
         false, NULL},
        {"parameters", 0, OPT_STRING, &o->parameters, "FILE",
         "Training parameters (JSON, as in docs/wire.md).", 0, 0, false, NULL},
        {"backend", 0, OPT_STRING, &o->backend, "NAME",
         "auto (a GPU where there is one), reference, openblas or cuda.", 0, 0, false, NULL},
        {"memory-bytes", 0, OPT_SIZE, &o->memory_bytes, "SIZE",
         "Fail rather than use more memory than this (0: no limit).", 0, 1e15, false, NULL},
        {"model", 0, OPT_STRING, &o->model, "NAME", "Refuse a snapshot of another model.", 0, 0,
         false, NULL},
        {"lineage", 0, OPT_STRING, &o->lineage, "FILE",
         "JSON object to record in the artifact's lineage.", 0, 0, false, NULL},
        {"snapshot-sha256", 0, OPT_STRING, &o->snapshot_sha256, "HEX",
         "Refuse a snapshot with another hash.", 0, 0, false, NULL},
        {"champion-sha256", 0, OPT_STRING, &o->champion_sha256, "HEX",
         "Refuse a champion with another hash.", 0, 0, false, NULL},
        {"list-backends", 0, OPT_FLAG, &o->list_backends, NULL,
         "Print what this machine can train on, as JSON, and exit.", 0, 0, false, NULL},
        {.kind = OPT_END},
    };
    const struct opt_command command = {
        .name = "leeway-train",
        .synopsis = "(--snapshot FILE | --csv FILE --schema FILE) --out DIR",
        .about = "Trains one version of a model and writes it, its scores and a result manifest.",
        .examples = examples,
        .opts = opts,
    };
    const char *args[64];
    int n_args;
    if (argc > 64) {
        err_set(e, ERR_INVALID, "too many arguments");
        return OPT_USAGE;
    }
    return opt_parse(&command, argc, argv, args, &n_args, e);
}

static enum err_code check(const struct options *o, struct err *e)
{
    if (!o->out) {
        return err_set(e, ERR_INVALID, "--out: expected a folder");
    }
    if (!o->snapshot == !o->csv.csv_path) {
        return err_set(e, ERR_INVALID, "expected one of --snapshot and --csv");
    }
    if (o->csv.csv_path && !o->csv.schema_path) {
        return err_set(e, ERR_INVALID, "--csv needs --schema");
    }
    return ERR_OK;
}

/* RLIMIT_DATA, not RLIMIT_AS: CUDA reserves address space by the terabyte, and mapped input files
 * are not the job's memory. The sanitizers' shadow counts as data, so their builds go without. */
static enum err_code limit_memory(int64_t bytes, struct err *e)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)bytes, (void)e;
#else
    struct rlimit limit = {(rlim_t)bytes, (rlim_t)bytes};
    if (bytes > 0 && setrlimit(RLIMIT_DATA, &limit) != 0) {
        return err_set_errno(e, errno, "cannot limit memory to %lld bytes", (long long)bytes);
    }
#endif
    return ERR_OK;
}

/* ---- --list-backends ---- */

static cJSON *backends_json(const struct compute_device *devices, int n, const struct err *why)
{
    cJSON *json = cJSON_CreateObject(), *names = cJSON_AddArrayToObject(json, "backends");
    cJSON_AddItemToArray(names, cJSON_CreateString("reference"));
    cJSON_AddItemToArray(names, cJSON_CreateString("openblas"));
    if (n > 0) {
        cJSON_AddItemToArray(names, cJSON_CreateString("cuda"));
    } else {
        cJSON_AddStringToObject(json, "no_cuda_because", why->message);
    }
    cJSON *list = cJSON_AddArrayToObject(json, "devices");
    for (int i = 0; i < n; i++) {
        cJSON *device = cJSON_CreateObject();
        cJSON_AddStringToObject(device, "name", devices[i].name);
        cJSON_AddNumberToObject(device, "memory_bytes", (double)devices[i].memory_bytes);
        cJSON_AddItemToArray(list, device);
    }
    return json;
}

static int list_backends(void)
{
    struct compute_device devices[MAX_DEVICES];
    struct err why = {0};
    int n;
    compute_devices(devices, MAX_DEVICES, &n, &why);
    cJSON *json = backends_json(devices, n, &why);
    char *text = json_print(json);
    cJSON_Delete(json);
    if (!text) {
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}

/* ---- the job ---- */

static void path_in(const char *folder, const char *name, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", folder, name);
}

/* What an earlier job left in the folder must not pass for this one's. */
static enum err_code clear_folder(const char *folder, struct err *e)
{
    static const char *const stale[] = {RESULT_FILE, RESULT_ERROR_FILE, TRAIN_PROGRESS_FILE};
    enum err_code code = file_mkdirs(folder, e);
    for (size_t i = 0; !code && i < sizeof stale / sizeof stale[0]; i++) {
        char path[PATH_MAX];
        path_in(folder, stale[i], path);
        if (unlink(path) != 0 && errno != ENOENT) {
            code = err_set_errno(e, errno, "cannot remove %s", path);
        }
    }
    return code;
}

static void on_epoch(const struct train_progress *p, void *user)
{
    struct program *program = user;
    struct err e = {0};
    log_info("epoch", LOG_I("epoch", p->epoch), LOG_I("epochs", p->epochs), LOG_F("loss", p->loss),
             LOG_F("validation_loss", p->validation_loss),
             LOG_F("rows_per_second", p->rows_per_second));
    if (program->progress_fd >= 0 && train_progress_append(program->progress_fd, p, &e)) {
        log_warn("progress_lost", LOG_S("error", e.message), LOG_S("next", "training goes on"));
        close(program->progress_fd);
        program->progress_fd = -1;
    }
}

static enum err_code open_inputs(struct program *p, struct train_parameters *parameters,
                                 struct err *e)
{
    struct options *o = &p->o;
    cJSON *json = NULL;
    enum err_code code = clear_folder(o->out, e);
    if (!code && o->parameters) {
        code = json_load(o->parameters, MAX_JSON_BYTES, &json, e);
    }
    if (!code && train_parameters_from_json(json, parameters, e)) {
        code = err_prefix(e, "parameters");
    }
    cJSON_Delete(json);
    if (!code && o->lineage) {
        code = json_load(o->lineage, MAX_JSON_BYTES, &p->lineage, e);
    }
    if (!code && o->csv.csv_path) {
        char sha256[SHA256_HEX_BYTES];
        path_in(o->out, "snapshot.safetensors", p->snapshot_path);
        code = csv_snapshot_write(&o->csv, p->snapshot_path, sha256, e);
    } else if (!code) {
        snprintf(p->snapshot_path, sizeof p->snapshot_path, "%s", o->snapshot);
    }
    return code;
}

static enum err_code open_progress(struct program *p, struct err *e)
{
    char path[PATH_MAX];
    path_in(p->o.out, TRAIN_PROGRESS_FILE, path);
    p->progress_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return p->progress_fd >= 0 ? ERR_OK : err_set_errno(e, errno, "cannot create %s", path);
}

static enum err_code run(struct program *p, struct err *e)
{
    const struct options *o = &p->o;
    struct train_job job = {.snapshot_path = p->snapshot_path,
                            .champion_path = o->champion,
                            .snapshot_sha256 = o->snapshot_sha256,
                            .champion_sha256 = o->champion_sha256,
                            .folder = o->out,
                            .backend = o->backend,
                            .model = o->model,
                            .on_epoch = on_epoch,
                            .user = p};
    enum err_code code = limit_memory(o->memory_bytes, e);
    code = code ? code : open_inputs(p, &job.parameters, e);
    code = code ? code : open_progress(p, e);
    if (code) {
        return code;
    }
    if (job.parameters.flip_labels > 0) {
        log_warn("labels_flipped_on_purpose", LOG_F("share", job.parameters.flip_labels));
    }
    job.lineage = p->lineage;
    return train_job_run(&job, &p->report, e);
}

static void log_report(const struct train_job_report *r)
{
    if (r->cold_because.code) {
        log_warn("cold_start", LOG_S("reason", r->cold_because.message),
                 LOG_S("next", "weights start afresh"));
    }
    if (r->fit.epochs_run) {
        log_info("fitted", LOG_S("algorithm", r->algorithm), LOG_S("backend", r->backend),
                 LOG_S("device", r->device), LOG_I("rows", r->n_rows),
                 LOG_I("inputs", r->n_columns), LOG_I("epochs", r->fit.epochs_run),
                 LOG_I("best_epoch", r->fit.best_epoch),
                 LOG_F("validation_loss", r->fit.validation_loss),
                 LOG_F("rows_per_second", r->fit.rows_per_second),
                 LOG_B("warm_started", r->warm_started), LOG_B("calibrated", r->calibrated));
    }
}

static int report_failure(const struct options *o, struct err *why)
{
    struct err e;
    if (why->code == ERR_NOMEM && o->memory_bytes > 0) {
        err_set(why, ERR_NOMEM, "%s (the job's memory limit is %lld bytes)", why->message,
                (long long)o->memory_bytes);
    }
    log_error("failed", LOG_S("error", why->message));
    if (result_error_save(o->out, why, &e)) {
        log_error("error_file_lost", LOG_S("error", e.message));
    }
    return 1;
}

static int report_success(const struct program *p)
{
    const struct result_manifest *r = &p->report.result;
    char *metrics = json_print(r->metrics);
    log_info("trained", LOG_S("artifact", r->artifact_sha256), LOG_I("bytes", r->artifact_bytes),
             LOG_I("n_train", r->n_train), LOG_I("n_validation", r->n_validation),
             LOG_I("n_holdout", r->n_holdout), LOG_S("metrics", metrics),
             LOG_F("seconds", p->report.seconds));
    free(metrics);
    return 0;
}

static int run_job(struct program *p)
{
    struct err e = {0};
    enum err_code code = run(p, &e);
    log_report(&p->report);
    int status = code ? report_failure(&p->o, &e) : report_success(p);
    if (p->progress_fd >= 0) {
        close(p->progress_fd);
    }
    result_manifest_deinit(&p->report.result);
    cJSON_Delete(p->lineage);
    return status;
}

int main(int argc, char **argv)
{
    process_start(argv, 1);
    struct program p = {.o = {.backend = "auto"}, .progress_fd = -1};
    struct err e = {0};
    switch (parse(&p.o, argc, argv, &e)) {
    case OPT_DONE:
        return 0;
    case OPT_RUN:
        if (p.o.list_backends) {
            return list_backends();
        }
        if (check(&p.o, &e) == ERR_OK) {
            return run_job(&p);
        }
        break;
    case OPT_USAGE:
        break;
    }
    fprintf(stderr, "leeway-train: %s\n", e.message);
    return 2;
}
