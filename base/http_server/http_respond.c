/*
 * http_respond.c - the ways to answer. Each makes one libmicrohttpd response and ends in
 * http_answer.
 */
#include "http_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

#define FILE_BLOCK_BYTES 131072

void http_answer(struct http_request *r, int status, struct MHD_Response *response)
{
    r->status = status;
    r->response = response;
    http_request_release(r);
}

enum MHD_Result http_queue_answer(struct http_request *r)
{
    struct MHD_Response *response = r->response;
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_SERVER, r->server->server_name);
    for (size_t i = 0; i < r->n_extra; i++)
        MHD_add_response_header(response, r->extra[i].name, r->extra[i].value);
    if (r->close_after)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    r->response = NULL;
    enum MHD_Result queued = MHD_queue_response(r->connection, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return queued;
}

static struct MHD_Response *typed(struct MHD_Response *response, const char *content_type)
{
    if (response != NULL && content_type != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return response;
}

void http_respond(struct http_request *r, int status, const char *content_type, const void *body,
                  size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);
    http_answer(r, status, typed(response, content_type));
}

void http_respond_take(struct http_request *r, int status, const char *content_type, void *body,
                       size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free(body);
    http_answer(r, status, typed(response, content_type));
}

void http_respond_json(struct http_request *r, int status, cJSON *body)
{
    static const char no_memory[] = "{\"error\":\"out of memory\"}";
    char *text = body != NULL ? json_print(body) : NULL;
    cJSON_Delete(body);
    if (text != NULL)
        http_respond_take(r, status, "application/json", text, strlen(text));
    else
        http_respond(r, 500, "application/json", no_memory, sizeof no_memory - 1);
}

static void respond_error_text(struct http_request *r, int status, const char *text)
{
    cJSON *body = cJSON_CreateObject();
    if (cJSON_AddStringToObject(body, "error", text) == NULL) {
        cJSON_Delete(body);
        body = NULL;
    }
    http_respond_json(r, status, body);
}

void http_respond_error(struct http_request *r, int status, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    respond_error_text(r, status, text);
}

void http_respond_err(struct http_request *r, const struct err *e)
{
    respond_error_text(r, err_http_status(e->code), e->message);
}

/* ---- files ---- */

/* libmicrohttpd's own reader takes 4 KiB a turn wherever it cannot use sendfile. */
static ssize_t on_read_file(void *cls, uint64_t position, char *out, size_t max)
{
    ssize_t n = pread(*(int *)cls, out, max, (off_t)position);
    return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR; /* the file shrank, or cannot be read */
}

static void on_file_sent(void *cls)
{
    close(*(int *)cls);
    free(cls);
}

/* Takes fd. */
static struct MHD_Response *file_response(int fd, uint64_t size_bytes)
{
    size_t block = size_bytes < FILE_BLOCK_BYTES ? size_bytes + 1 : FILE_BLOCK_BYTES;
    int *held = malloc(sizeof *held);
    struct MHD_Response *response = NULL;
    if (held != NULL) {
        *held = fd;
        response =
            MHD_create_response_from_callback(size_bytes, block, on_read_file, held, on_file_sent);
    }
    if (response == NULL) {
        free(held);
        close(fd);
    }
    return response;
}

void http_respond_file(struct http_request *r, int status, const char *content_type,
                       const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        bool absent = fd >= 0 || errno == ENOENT || errno == ENOTDIR;
        if (fd >= 0)
            close(fd);
        http_respond_error(r, absent ? 404 : 500, absent ? "no such file" : "cannot read the file");
        return;
    }
    http_answer(r, status, typed(file_response(fd, (uint64_t)st.st_size), content_type));
}

/* ---- headers ---- */

void http_add_header(struct http_request *r, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);
    struct http_field *grown = realloc(r->extra, (r->n_extra + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    r->extra = grown;
    char *text = malloc(name_len + value_len + 2);
    if (text == NULL)
        return;
    memcpy(text, name, name_len + 1);
    memcpy(text + name_len + 1, value, value_len + 1);
    r->extra[r->n_extra++] = (struct http_field){text, text + name_len + 1};
}
