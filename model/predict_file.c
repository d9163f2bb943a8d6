/*
 * predict_file.c - a predictor as tensors "predictor/N/weights" (n_in x n_out) and
 * "predictor/N/bias", and the metadata "predictor" with link and calibration.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "model/predict.h"
#include "st_json.h"

static const char *const link_names[] = {
    [LINK_IDENTITY] = "identity",
    [LINK_SIGMOID] = "sigmoid",
    [LINK_SOFTMAX] = "softmax",
};

static enum err_code add_head(const struct predictor *p, struct st_writer *w, struct err *e)
{
    cJSON *head = cJSON_CreateObject();
    enum err_code code = ERR_OK;
    if (!head || !cJSON_AddStringToObject(head, "link", link_names[p->link]) ||
        !cJSON_AddNumberToObject(head, "calibration_a", p->calibration_a) ||
        !cJSON_AddNumberToObject(head, "calibration_b", p->calibration_b) ||
        !cJSON_AddNumberToObject(head, "temperature", p->temperature))
        code = err_set(e, ERR_NOMEM, "out of memory");
    if (!code)
        code = st_json_put(w, "predictor", head, e);
    cJSON_Delete(head);
    return code;
}

enum err_code predictor_to_st(const struct predictor *p, struct st_writer *w, struct err *e)
{
    enum err_code code = add_head(p, w, e);
    for (size_t i = 0; !code && i < p->n_layers; i++) {
        const struct layer *l = &p->layers[i];
        const int64_t matrix[2] = {(int64_t)l->n_in, (int64_t)l->n_out};
        char name[48];
        snprintf(name, sizeof name, "predictor/%zu/weights", i);
        code = st_writer_add(w, name, ST_F32, 2, matrix, l->weights, e);
        snprintf(name, sizeof name, "predictor/%zu/bias", i);
        if (!code)
            code = st_writer_add(w, name, ST_F32, 1, &matrix[1], l->bias, e);
    }
    return code;
}

static const struct st_tensor *find_weights(const struct st_file *f, size_t i)
{
    char name[48];
    snprintf(name, sizeof name, "predictor/%zu/weights", i);
    return st_find(f, name);
}

/* Reads the widths from the shapes; st_need has a say in every one of them later. */
static enum err_code read_sizes(const struct st_file *f, size_t sizes[PREDICT_MAX_LAYERS + 1],
                                size_t *n_layers, struct err *e)
{
    size_t n = 0;
    const struct st_tensor *t;
    for (; n < PREDICT_MAX_LAYERS && (t = find_weights(f, n)); n++) {
        if (t->n_dims != 2)
            return err_set(e, ERR_PARSE, "%s: expected 2 dimensions, got %d", t->name, t->n_dims);
        if (n > 0 && (size_t)t->shape[0] != sizes[n])
            return err_set(e, ERR_PARSE,
                           "%s: expected %zu rows, the layer before's outputs, got %lld", t->name,
                           sizes[n], (long long)t->shape[0]);
        sizes[n] = (size_t)t->shape[0];
        sizes[n + 1] = (size_t)t->shape[1];
    }
    *n_layers = n;
    return ERR_OK;
}

static enum err_code read_floats(const struct st_file *f, const char *name, int n_dims,
                                 const int64_t *shape, float *out, struct err *e)
{
    const struct st_tensor *t;
    enum err_code code = st_need(f, name, ST_F32, n_dims, shape, &t, e);
    if (code)
        return code;
    memcpy(out, t->data, t->size_bytes);
    for (int64_t i = 0; i < t->n_elements; i++)
        if (!isfinite(out[i]))
            return err_set(e, ERR_PARSE, "%s: element %lld is %g, expected a finite number", name,
                           (long long)i, (double)out[i]);
    return ERR_OK;
}

static enum err_code read_layers(const struct st_file *f, struct predictor *p, struct err *e)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < p->n_layers; i++) {
        struct layer *l = &p->layers[i];
        const int64_t matrix[2] = {(int64_t)l->n_in, (int64_t)l->n_out};
        char name[48];
        snprintf(name, sizeof name, "predictor/%zu/weights", i);
        code = read_floats(f, name, 2, matrix, l->weights, e);
        snprintf(name, sizeof name, "predictor/%zu/bias", i);
        if (!code)
            code = read_floats(f, name, 1, &matrix[1], l->bias, e);
    }
    return code;
}

static enum err_code read_link(const cJSON *head, enum predict_link *out, struct err *e)
{
    const char *name;
    enum err_code code = json_get_string(head, "link", &name, e);
    if (code)
        return code;
    for (int link = LINK_IDENTITY; link <= LINK_SOFTMAX; link++)
        if (strcmp(name, link_names[link]) == 0) {
            *out = (enum predict_link)link;
            return ERR_OK;
        }
    return err_set(e, ERR_PARSE, "link: expected identity, sigmoid or softmax, got \"%s\"", name);
}

static enum err_code read_head(const cJSON *head, struct predictor *p, struct err *e)
{
    enum err_code code = read_link(head, &p->link, e);
    if (!code)
        code = json_get_double(head, "calibration_a", -1e9, 1e9, &p->calibration_a, e);
    if (!code)
        code = json_get_double(head, "calibration_b", -1e300, 1e300, &p->calibration_b, e);
    if (!code)
        code = json_get_double(head, "temperature", 1e-9, 1e9, &p->temperature, e);
    if (code)
        err_prefix(e, "predictor");
    return code;
}

enum err_code predictor_from_st(const struct st_file *f, struct predictor **out, struct err *e)
{
    size_t sizes[PREDICT_MAX_LAYERS + 1], n_layers = 0;
    struct predictor *p = NULL;
    cJSON *head = NULL;
    enum err_code code = read_sizes(f, sizes, &n_layers, e);
    if (!code)
        code = predictor_new(sizes, n_layers, LINK_IDENTITY, &p, e);
    if (!code)
        code = read_layers(f, p, e);
    if (!code)
        code = st_json_get(f, "predictor", &head, e);
    if (!code)
        code = read_head(head, p, e);
    cJSON_Delete(head);
    if (code)
        predictor_free(p);
    else
        *out = p;
    return code;
}
