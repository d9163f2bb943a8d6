/*
 * train_parameters.c - parameters from JSON and back.
 */
#include "trainer/train_parameters.h"

#include <string.h>

#include "base/json.h"

#define MAX_WIDTH 16384
#define MAX_SEED (INT64_C(1) << 53)

static const char *const algorithms[] = {
    [ALGORITHM_AUTO] = "auto",         [ALGORITHM_LINEAR] = "linear",
    [ALGORITHM_LOGISTIC] = "logistic", [ALGORITHM_SOFTMAX] = "softmax",
    [ALGORITHM_MLP] = "mlp",
};

static const char *const weightings[] = {
    [CLASS_WEIGHTS_NONE] = "none",
    [CLASS_WEIGHTS_BALANCED] = "balanced",
};

static const char *const known[] = {
    "algorithm",   "hidden",   "epochs",        "batch",      "learning_rate", "l2",
    "validation",  "patience", "class_weights", "warm_start", "calibrate",     "seed",
    "flip_labels", NULL,
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const char *train_algorithm_name(enum train_algorithm a)
{
    return algorithms[a];
}

void train_parameters_init(struct train_parameters *p)
{
    *p = (struct train_parameters){
        .epochs = 30,
        .batch = 256,
        .patience = 5,
        .seed = 1,
        .l2 = 0.0001,
        .validation = 0.15,
        .calibrate = true,
    };
}

/* key's text -> its index in names; absent leaves *out. */
static enum err_code read_choice(const cJSON *json, const char *key, const char *const *names,
                                 size_t n_names, const char *expected, int *out, struct err *e)
{
    const char *text = NULL;
    enum err_code code = json_opt_string(json, key, &text, e);
    if (code || !text) {
        return code;
    }
    for (size_t i = 0; i < n_names; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (int)i;
            return ERR_OK;
        }
    }
    return err_set(e, ERR_INVALID, "%s: expected %s, got \"%.40s\"", key, expected, text);
}

static enum err_code read_hidden(const cJSON *json, struct train_parameters *p, struct err *e)
{
    const cJSON *hidden = json_at(json, "hidden");
    if (!hidden || cJSON_IsNull(hidden)) {
        return ERR_OK;
    }
    if (!cJSON_IsArray(hidden) || cJSON_GetArraySize(hidden) > TRAIN_MAX_HIDDEN) {
        return err_set(e, ERR_INVALID, "hidden: expected a list of at most %d widths",
                       TRAIN_MAX_HIDDEN);
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, hidden)
    {
        double width = cJSON_IsNumber(item) ? item->valuedouble : 0;
        if (!(width >= 1 && width <= MAX_WIDTH) || width != (double)(size_t)width) {
            return err_set(e, ERR_INVALID, "hidden[%zu]: expected a whole number in 1..%d",
                           p->n_hidden, MAX_WIDTH);
        }
        p->hidden[p->n_hidden++] = (size_t)width;
    }
    return ERR_OK;
}

static enum err_code read_choices(const cJSON *json, struct train_parameters *p, struct err *e)
{
    int algorithm = (int)p->algorithm, weights = (int)p->class_weights;
    enum err_code code = read_choice(json, "algorithm", algorithms, COUNT(algorithms),
                                     "auto, linear, logistic, softmax or mlp", &algorithm, e);
    code = code ? code
                : read_choice(json, "class_weights", weightings, COUNT(weightings),
                              "none or balanced", &weights, e);
    p->algorithm = (enum train_algorithm)algorithm;
    p->class_weights = (enum class_weights)weights;
    return code;
}

static enum err_code read_numbers(const cJSON *json, struct train_parameters *p, struct err *e)
{
    const struct {
        const char *key;
        int64_t min, max, *to;
    } integers[] = {{"epochs", 1, 100000, &p->epochs},
                    {"batch", 1, 1 << 20, &p->batch},
                    {"patience", 1, 100000, &p->patience},
                    {"seed", 0, MAX_SEED, &p->seed}};
    const struct {
        const char *key;
        double min, max, *to;
    } reals[] = {{"learning_rate", 1e-9, 10, &p->learning_rate},
                 {"l2", 0, 1000, &p->l2},
                 {"validation", 0.01, 0.5, &p->validation},
                 {"flip_labels", 0, 1, &p->flip_labels}};
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < COUNT(integers); i++) {
        code = json_opt_int(json, integers[i].key, integers[i].min, integers[i].max, integers[i].to,
                            e);
    }
    for (size_t i = 0; !code && i < COUNT(reals); i++) {
        code = json_opt_double(json, reals[i].key, reals[i].min, reals[i].max, reals[i].to, e);
    }
    return code;
}

enum err_code train_parameters_from_json(const cJSON *json, struct train_parameters *out,
                                         struct err *e)
{
    struct train_parameters p;
    train_parameters_init(&p);
    enum err_code code = ERR_OK;
    if (json) {
        code = json_only_keys(json, NULL, known, e);
        code = code ? code : read_choices(json, &p, e);
        code = code ? code : read_hidden(json, &p, e);
        code = code ? code : read_numbers(json, &p, e);
        code = code ? code : json_opt_bool(json, "warm_start", &p.warm_start, e);
        code = code ? code : json_opt_bool(json, "calibrate", &p.calibrate, e);
    }
    if (!code) {
        *out = p;
    }
    return code;
}

cJSON *train_parameters_to_json(const struct train_parameters *p)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(json, "algorithm", algorithms[p->algorithm]) != NULL;
    cJSON *hidden = cJSON_AddArrayToObject(json, "hidden");
    for (size_t i = 0; hidden && i < p->n_hidden; i++) {
        ok = cJSON_AddItemToArray(hidden, cJSON_CreateNumber((double)p->hidden[i])) && ok;
    }
    const struct {
        const char *key;
        double value;
    } numbers[] = {{"epochs", (double)p->epochs},
                   {"batch", (double)p->batch},
                   {"patience", (double)p->patience},
                   {"learning_rate", p->learning_rate},
                   {"l2", p->l2},
                   {"validation", p->validation},
                   {"seed", (double)p->seed},
                   {"flip_labels", p->flip_labels}};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        ok = cJSON_AddNumberToObject(json, numbers[i].key, numbers[i].value) && ok;
    }
    ok = cJSON_AddStringToObject(json, "class_weights", weightings[p->class_weights]) && ok;
    ok = cJSON_AddBoolToObject(json, "warm_start", p->warm_start) && ok;
    ok = cJSON_AddBoolToObject(json, "calibrate", p->calibrate) && ok;
    if (!ok || !hidden) {
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}
