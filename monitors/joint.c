/*
 * joint.c - one window against the reference: a signal per joint statistic.
 */
#include "monitors/joint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "joint_null.h"
#include "report.h"

#define LEAST_ROWS 10.0 /* Fisher's z of fewer has no variance to speak of */

const char *mon_joint_name(enum mon_joint_statistic s)
{
    switch (s) {
#define X(symbol, text)                                                                            \
    case symbol:                                                                                   \
        return text;
        MON_JOINT_LIST(X)
#undef X
    case MON_N_JOINT:
        break;
    }
    return "?";
}

bool mon_joint_from_name(const char *name, enum mon_joint_statistic *out)
{
#define X(symbol, text)                                                                            \
    if (strcmp(name, text) == 0) {                                                                 \
        *out = symbol;                                                                             \
        return true;                                                                               \
    }
    MON_JOINT_LIST(X)
#undef X
    return false;
}

void mon_joint_options_init(struct mon_joint_options *o)
{
    *o = (struct mon_joint_options){
        .monitor = "joint", .min_rows = 200.0, .false_alarm_rate = 0.001};
    for (int s = 0; s < MON_N_JOINT; s++)
        o->watch[s] = true;
    o->min_effect[MON_JOINT_MAHALANOBIS] = 0.1;
    o->min_effect[MON_JOINT_CORRELATION] = 0.1;
    o->min_effect[MON_JOINT_FRECHET] = 0.1;
    o->min_effect[MON_JOINT_PCA] = 0.05;
    o->min_effect[MON_JOINT_MMD] = 0.02;
}

/* One look at one window. */
struct check {
    const struct mon_joint_options *options;
    const struct mon_joint_null *null;
    struct joint_room room; /* a: the window, b: the reference */
    double inverse_rows;
    double rate;        /* of one statistic alone */
    double *difference; /* room for the longest statistic */
    double *shares;     /* n columns */
};

static double squares(const double *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

/* Bytes of the text's characters that fit into `most` bytes: half a character is no JSON. */
static int whole_characters(const char *text, size_t most)
{
    size_t n = strnlen(text, most);
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return (int)n;
}

static size_t largest_share(const struct check *c)
{
    size_t best = 0;
    for (size_t j = 1; j < c->null->model.n; j++)
        if (fabs(c->shares[j]) > fabs(c->shares[best]))
            best = j;
    return best;
}

/* Appends "name 62 %" for the columns that add most, as many as fit; empties their shares. */
static void say_columns(const struct check *c, struct sentence *t)
{
    const struct joint_model *m = &c->null->model;
    double total = 0.0;
    for (size_t j = 0; j < m->n; j++)
        total += fabs(c->shares[j]);
    for (size_t said = 0; said < 3 && said < m->n && total > 0.0; said++) {
        char piece[64];
        size_t best = largest_share(c);
        const char *name = m->space->columns[best].name;
        snprintf(piece, sizeof piece, "%s%.*s %.0f %%", said > 0 ? ", " : "; ",
                 whole_characters(name, 40), name, 100.0 * fabs(c->shares[best]) / total);
        if (t->len + strlen(piece) >= t->size)
            return;
        sentence_add(t, "%s", piece);
        c->shares[best] = 0.0;
    }
}

static const char *rule_of(enum mon_joint_statistic s)
{
    switch (s) {
    case MON_JOINT_MAHALANOBIS:
        return "distance of the means";
    case MON_JOINT_FRECHET:
        return "distance of means and covariances";
    case MON_JOINT_PCA:
        return "reconstruction error";
    case MON_JOINT_MMD:
        return "random Fourier features";
    case MON_JOINT_CORRELATION:
    case MON_N_JOINT:
        break;
    }
    return "";
}

static void explain(struct check *c, enum mon_joint_statistic s, struct mon_signal *out)
{
    const struct joint_model *m = &c->null->model;
    struct sentence t = {.out = out->rule, .size = sizeof out->rule};
    joint_contributions(m, s, &c->room, c->shares);
    const char *top = m->space->columns[largest_share(c)].name;
    snprintf(out->feature, sizeof out->feature, "%s", top);
    sentence_add(&t, "%s", rule_of(s));
    if (s == MON_JOINT_PCA)
        sentence_add(&t, ", %zu of %zu components", m->n_kept, m->n);
    say_columns(c, &t);
}

static void judge_squared(struct check *c, enum mon_joint_statistic s, struct mon_signal *out)
{
    const struct joint_tail *t = &c->null->tails[s];
    joint_difference(&c->null->model, s, &c->room, c->difference);
    c->difference[0] -= t->optimism / c->room.b.rows;
    double square = squares(c->difference, joint_length(&c->null->model, s));
    double mean = joint_null_mean(t, c->inverse_rows);
    out->p_value = joint_p_value(t, c->inverse_rows, square);
    out->value = sqrt(square);
    out->threshold = sqrt(joint_quantile(t, c->inverse_rows, c->rate));
    out->effect = sqrt(fmax(square - mean, 0.0));
}

/* The p-value is that of the tangent's length; value and threshold are told on the exact scale. */
static enum err_code judge_frechet(struct check *c, struct mon_signal *out, struct err *e)
{
    double exact;
    judge_squared(c, MON_JOINT_FRECHET, out);
    enum err_code code = joint_frechet(&c->null->model, &c->room, &exact, e);
    if (code != ERR_OK)
        return code;
    double factor = out->value > 0.0 ? exact / out->value : 1.0;
    out->threshold *= factor;
    out->effect *= factor;
    out->value = exact;
    return ERR_OK;
}

/* Of the difference's square; its sign says on which side the threshold lies. */
static void judge_residual(struct check *c, struct mon_signal *out)
{
    const struct joint_model *m = &c->null->model;
    judge_squared(c, MON_JOINT_PCA, out);
    double limit = out->threshold, sign = c->difference[0] < 0.0 ? -1.0 : 1.0;
    out->value = joint_residual(m, &c->room.a, &c->room);
    out->reference_value = out->value - c->difference[0];
    out->threshold = out->reference_value + sign * limit;
    out->effect = fabs(c->difference[0]) / fmax(out->reference_value, JOINT_VARIANCE_FLOOR);
}

struct pair {
    size_t i, j;
    double value; /* |difference| in standard errors */
};

static struct pair largest_pair(const struct check *c)
{
    struct pair best = {1, 0, -1.0};
    for (size_t i = 1, at = 0; i < c->null->model.n; i++)
        for (size_t j = 0; j < i; j++, at++) {
            double value = fabs(c->difference[at]) / joint_pair_error(c->null, at, c->inverse_rows);
            if (value > best.value)
                best = (struct pair){i, j, value};
        }
    return best;
}

static void judge_correlation(struct check *c, struct mon_signal *out)
{
    const struct joint_model *m = &c->null->model;
    if (m->n < 2)
        return;
    joint_difference(m, MON_JOINT_CORRELATION, &c->room, c->difference);
    struct pair top = largest_pair(c);
    double now = joint_correlation(&c->room.a, m->n, top.i, top.j);
    double before = joint_correlation(&c->room.b, m->n, top.i, top.j);
    out->value = top.value;
    out->p_value = joint_pairs_p_value(c->null, top.value);
    out->threshold = joint_pairs_quantile(c->null, c->rate);
    out->effect = fabs(now - before);
    const char *first = m->space->columns[top.j].name, *second = m->space->columns[top.i].name;
    snprintf(out->feature, sizeof out->feature, "%.*s & %.*s", whole_characters(first, 68), first,
             whole_characters(second, 68), second);
    snprintf(out->rule, sizeof out->rule,
             "standard errors of Fisher's z; largest of %zu pairs, correlation %.3f, was %.3f",
             joint_length(m, MON_JOINT_CORRELATION), now, before);
}

static enum err_code judge(struct check *c, enum mon_joint_statistic s, struct mon_signal *out,
                           struct err *e)
{
    enum err_code code = ERR_OK;
    if (s == MON_JOINT_CORRELATION)
        judge_correlation(c, out);
    else if (s == MON_JOINT_FRECHET)
        code = judge_frechet(c, out, e);
    else if (s == MON_JOINT_PCA)
        judge_residual(c, out);
    else
        judge_squared(c, s, out);
    if (s != MON_JOINT_CORRELATION)
        explain(c, s, out);
    snprintf(out->threshold_origin, sizeof out->threshold_origin,
             "calibrated: %zu chunks of %.0f rows, %.2g a window", c->null->n_chunks,
             c->null->chunk_rows, c->rate);
    return code;
}

/* Holm 1979 over the statistics that have a p-value: the smallest at rate / n, the next at rate /
 * (n - 1), until one fails. */
static void decide(const struct mon_joint_options *o, const enum mon_joint_statistic *which,
                   struct mon_signal *signals, size_t n)
{
    size_t left = n;
    for (size_t i = 0; i < n; i++)
        left -= !isfinite(signals[i].p_value);
    for (; left > 0; left--) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < n; i++)
            if (signals[i].verdict == MON_UNAVAILABLE && isfinite(signals[i].p_value) &&
                (best == SIZE_MAX || signals[i].p_value < signals[best].p_value))
                best = i;
        if (!(signals[best].p_value <= o->false_alarm_rate / (double)left))
            break;
        bool matters = signals[best].effect >= o->min_effect[which[best]];
        signals[best].verdict = matters ? MON_DRIFT : MON_OK;
    }
    for (size_t i = 0; i < n; i++)
        if (signals[i].verdict == MON_UNAVAILABLE && isfinite(signals[i].p_value))
            signals[i].verdict = MON_OK;
}

static size_t list_watched(const struct mon_joint_options *o, const struct joint_model *m,
                           enum mon_joint_statistic *which)
{
    size_t n = 0;
    for (int s = 0; s < MON_N_JOINT; s++) {
        bool has = s != MON_JOINT_MMD || m->space->n_waves > 0;
        if (o->watch[s] && has)
            which[n++] = (enum mon_joint_statistic)s;
    }
    return n;
}

static enum err_code check_init(struct check *c, const struct mon_joint_sums *reference,
                                const struct mon_joint_sums *window, struct err *e)
{
    size_t n = c->null->model.n, longest = n + n * (n + 1) / 2 + 2 * c->null->model.space->n_waves;
    enum err_code code = joint_room_init(&c->room, c->null->model.space, e);
    c->difference = calloc(longest + n, sizeof *c->difference);
    if (code == ERR_OK && c->difference == NULL)
        code = err_set(e, ERR_NOMEM, "out of memory for a difference of %zu", longest);
    if (code != ERR_OK)
        return code;
    c->shares = c->difference + longest;
    joint_moments_of(window, &c->room.a);
    joint_moments_of(reference, &c->room.b);
    c->inverse_rows = joint_inverse_rows(c->room.b.rows, c->room.a.rows);
    return ERR_OK;
}

static enum err_code judge_all(struct check *c, const struct mon_joint_sums *reference,
                               const struct mon_joint_sums *window,
                               const enum mon_joint_statistic *which, size_t n,
                               struct mon_signal *signals, struct err *e)
{
    c->rate = c->options->false_alarm_rate / (double)n;
    enum err_code code = check_init(c, reference, window, e);
    for (size_t i = 0; code == ERR_OK && i < n; i++)
        code = judge(c, which[i], &signals[i], e);
    joint_room_deinit(&c->room);
    free(c->difference);
    return code;
}

/* Whether the window can be judged; why not is said. What chunks show of dependence between rows
 * holds for windows that are longer than they are. */
static bool is_calibrated(const struct mon_joint_null *null, double window_rows, char *out,
                          size_t size)
{
    *out = '\0';
    if (null->n_chunks == 0)
        snprintf(out, size, "not calibrated: fewer than %d chunks", JOINT_MIN_CHUNKS);
    else if (window_rows < JOINT_SHORTEST_WINDOW * null->chunk_rows)
        snprintf(out, size, "chunks of %.0f rows are longer than the window of %.0f",
                 null->chunk_rows, window_rows);
    return *out == '\0';
}

enum err_code mon_joint_check(const struct mon_joint_options *o, const struct mon_joint_null *null,
                              const struct mon_joint_sums *reference,
                              const struct mon_joint_sums *window, struct mon_signal *signals,
                              size_t *n_signals, struct err *e)
{
    struct mon_signal found[MON_N_JOINT];
    enum mon_joint_statistic which[MON_N_JOINT];
    struct check c = {.options = o, .null = null};
    char why[sizeof found[0].threshold_origin];
    size_t n = list_watched(o, &null->model, which);
    bool enough = (double)window->rows >= fmax(o->min_rows, LEAST_ROWS) && reference->rows >= 2;
    bool calibrated = is_calibrated(null, (double)window->rows, why, sizeof why);
    for (size_t i = 0; i < n; i++) {
        mon_signal_init(&found[i], o->monitor, MON_KIND_JOINT, mon_joint_name(which[i]));
        found[i].n = (double)window->rows;
        found[i].n_reference = (double)reference->rows;
        found[i].verdict = enough ? MON_UNAVAILABLE : MON_INSUFFICIENT;
        memcpy(found[i].threshold_origin, why, sizeof why);
    }
    enum err_code code = ERR_OK;
    if (enough && calibrated && n > 0)
        code = judge_all(&c, reference, window, which, n, found, e);
    if (code != ERR_OK)
        return code;
    if (enough)
        decide(o, which, found, n);
    memcpy(signals, found, n * sizeof *signals);
    *n_signals = n;
    return ERR_OK;
}
