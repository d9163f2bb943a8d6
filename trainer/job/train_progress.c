/*
 * train_progress.c - the progress file.
 */
#include "trainer/train_progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

#define TAIL_BYTES 4096 /* holds many lines */

enum err_code train_progress_append(int fd, const struct train_progress *p, struct err *e)
{
    char line[256];
    int n = snprintf(line, sizeof line,
                     "{\"epoch\":%d,\"epochs\":%d,\"loss\":%.9g,\"validation_loss\":%.9g,"
                     "\"rows_per_second\":%.0f}\n",
                     p->epoch, p->epochs, p->loss, p->validation_loss, p->rows_per_second);
    ssize_t written = write(fd, line, (size_t)n);
    if (written == n) {
        return ERR_OK;
    }
    return err_set_errno(e, written < 0 ? errno : ENOSPC, "writing the progress file");
}

/* The file's last TAIL_BYTES into out, terminated; its length, or -1. */
static ssize_t read_tail(const char *path, char out[TAIL_BYTES + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
    ssize_t n = pread(fd, out, TAIL_BYTES, from);
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n;
}

/* Start of the last line that ends in a line feed, which is cut off; NULL where there is none. */
static const char *last_line(char *text)
{
    char *end = strrchr(text, '\n');
    if (!end) {
        return NULL;
    }
    *end = '\0';
    char *before = strrchr(text, '\n');
    return before ? before + 1 : text;
}

static enum err_code parse_line(const cJSON *json, struct train_progress *p)
{
    const double huge = 1e300;
    int64_t epoch = 0, epochs = 0;
    enum err_code code = json_get_int(json, "epoch", 0, INT32_MAX, &epoch, NULL);
    code = code ? code : json_get_int(json, "epochs", 0, INT32_MAX, &epochs, NULL);
    code = code ? code : json_get_double(json, "loss", -huge, huge, &p->loss, NULL);
    code = code ? code
                : json_get_double(json, "validation_loss", -huge, huge, &p->validation_loss, NULL);
    code =
        code ? code : json_get_double(json, "rows_per_second", 0, huge, &p->rows_per_second, NULL);
    p->epoch = (int)epoch;
    p->epochs = (int)epochs;
    return code;
}

bool train_progress_read(const char *path, struct train_progress *out)
{
    char text[TAIL_BYTES + 1];
    const char *line = read_tail(path, text) > 0 ? last_line(text) : NULL;
    cJSON *json;
    if (!line || json_parse(path, line, strlen(line), &json, NULL)) {
        return false;
    }
    struct train_progress p = {0};
    enum err_code code = parse_line(json, &p);
    cJSON_Delete(json);
    if (code) {
        return false;
    }
    *out = p;
    return true;
}

cJSON *train_progress_to_json(const struct train_progress *p)
{
    cJSON *json = cJSON_CreateObject();
    if (cJSON_AddNumberToObject(json, "epoch", p->epoch) &&
        cJSON_AddNumberToObject(json, "epochs", p->epochs) &&
        cJSON_AddNumberToObject(json, "loss", p->loss) &&
        cJSON_AddNumberToObject(json, "validation_loss", p->validation_loss) &&
        cJSON_AddNumberToObject(json, "rows_per_second", p->rows_per_second)) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}
