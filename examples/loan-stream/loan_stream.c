/*
 * loan_stream.c - a stream of loan applications as CSV on stdout, with changes at known rows.
 *
 * Two things can happen to it: from --inflate-at on, houses and loans are dearer while the rule
 * reads neither (drift without harm, for functions 1, 2, 3, 4, 6 and 8); from --change-at on,
 * another rule decides (harm without drift of any input). The same options give the same bytes on
 * every machine.
 */
#include <stdio.h>

#include "base/opt.h"
#include "loan_rules.h"

struct stream {
    int64_t n_rows, seed, inflate_at, change_at, from_function, to_function;
    double inflate_by, perturbation;
};

static enum opt_outcome read_options(struct stream *s, int argc, char **argv, struct err *e)
{
    const struct opt opts[] = {
        {.name = "rows",
         .kind = OPT_INT,
         .dest = &s->n_rows,
         .arg = "N",
         .min = 1,
         .max = 1e12,
         .help = "How many applications."},
        {.name = "seed",
         .kind = OPT_INT,
         .dest = &s->seed,
         .arg = "N",
         .min = 0,
         .max = 1e15,
         .help = "The same seed gives the same stream."},
        {.name = "from-function",
         .kind = OPT_INT,
         .dest = &s->from_function,
         .arg = "N",
         .min = 1,
         .max = LOAN_FUNCTIONS,
         .help = "The rule at the beginning."},
        {.name = "to-function",
         .kind = OPT_INT,
         .dest = &s->to_function,
         .arg = "N",
         .min = 1,
         .max = LOAN_FUNCTIONS,
         .help = "The rule from --change-at on."},
        {.name = "change-at",
         .kind = OPT_INT,
         .dest = &s->change_at,
         .arg = "ROW",
         .min = 0,
         .max = 1e12,
         .help = "First row under the other rule; 0: never."},
        {.name = "inflate-at",
         .kind = OPT_INT,
         .dest = &s->inflate_at,
         .arg = "ROW",
         .min = 0,
         .max = 1e12,
         .help = "First row with dearer houses and loans; 0: never."},
        {.name = "inflate-by",
         .kind = OPT_DOUBLE,
         .dest = &s->inflate_by,
         .arg = "FACTOR",
         .min = 0.1,
         .max = 100,
         .help = "By which factor they get dearer."},
        {.name = "perturbation",
         .kind = OPT_DOUBLE,
         .dest = &s->perturbation,
         .arg = "SHARE",
         .min = 0,
         .max = 1,
         .help = "Noise on numeric attributes, as a share of their range."},
        {.kind = OPT_END},
    };
    const struct opt_command command = {
        .name = "loan_stream",
        .synopsis = "",
        .about = "Writes loan applications and whether they were approved, by the functions of "
                 "Agrawal, Imielinski and Swami (1993), as CSV to stdout.",
        .examples = "loan_stream --rows 30000 --inflate-at 10000 --change-at 20000 > loans.csv",
        .opts = opts,
        .max_args = 0,
    };
    const char *args[1];
    int n_args = 0;
    return opt_parse(&command, argc, argv, args, &n_args, e);
}

static void print_row(const struct loan_applicant *a, bool approved)
{
    printf("%.2f,%.2f,%d,level%d,car%d,zip%d,%.2f,%d,%.2f,%s\n", a->salary, a->commission, a->age,
           a->elevel, a->car, a->zipcode, a->hvalue, a->hyears, a->loan, approved ? "yes" : "no");
}

/* The label is settled first: noise and inflation change what is seen, not what was decided. */
static void write_row(const struct stream *s, int64_t row, struct rng *rng)
{
    struct loan_applicant a;
    bool changed = s->change_at > 0 && row >= s->change_at;
    loan_draw(rng, &a);
    bool approved = loan_approved((int)(changed ? s->to_function : s->from_function), &a);
    if (s->perturbation > 0)
        loan_perturb(rng, s->perturbation, &a);
    if (s->inflate_at > 0 && row >= s->inflate_at)
        loan_inflate(s->inflate_by, &a);
    print_row(&a, approved);
}

static int write_stream(const struct stream *s)
{
    struct rng rng;
    rng_seed(&rng, (uint64_t)s->seed);
    printf("salary,commission,age,elevel,car,zipcode,hvalue,hyears,loan,approved\n");
    for (int64_t row = 1; row <= s->n_rows && !ferror(stdout); row++)
        write_row(s, row, &rng);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    perror("loan_stream: stdout");
    return 1;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    struct stream s = {
        .n_rows = 1000, .seed = 1, .from_function = 2, .to_function = 6, .inflate_by = 1.6};
    switch (read_options(&s, argc, argv, &e)) {
    case OPT_RUN:
        return write_stream(&s);
    case OPT_DONE:
        return 0;
    case OPT_USAGE:
        break;
    }
    fprintf(stderr, "loan_stream: %s\n", e.message);
    return 2;
}
