/* test_opt.c - command lines through a table with every kind of option. */
#include "testing.h"

#include <unistd.h>

#include "base/opt.h"

/* What the table below writes to; each test starts from the defaults. */
struct settings {
    bool verbose;
    const char *dir;
    int64_t port, wait_ms, memory_bytes;
    double share;
    struct opt_list labels;
};

static struct settings set;

static const struct opt options[] = {
    {.name = "verbose",
     .letter = 'v',
     .kind = OPT_FLAG,
     .dest = &set.verbose,
     .help = "Says more."},
    {.name = "dir",
     .letter = 'd',
     .kind = OPT_STRING,
     .dest = &set.dir,
     .arg = "DIR",
     .help = "Where everything is kept.",
     .required = true,
     .env = "LEEWAY_TEST_DIR"},
    {.name = "port",
     .letter = 'p',
     .kind = OPT_INT,
     .dest = &set.port,
     .min = 0,
     .max = 65535,
     .help = "Port to listen on."},
    {.name = "wait",
     .kind = OPT_DURATION,
     .dest = &set.wait_ms,
     .min = 1000,
     .max = 3600000,
     .help = "How long to wait.",
     .env = "LEEWAY_TEST_WAIT"},
    {.name = "memory", .kind = OPT_SIZE, .dest = &set.memory_bytes, .help = "Memory for a job."},
    {.name = "share",
     .kind = OPT_DOUBLE,
     .dest = &set.share,
     .min = 0,
     .max = 1,
     .help = "A share."},
    {.name = "label", .letter = 'l', .kind = OPT_STRINGS, .dest = &set.labels, .help = "A label."},
    {.kind = OPT_END},
};

static const struct opt_command command = {
    .name = "leeway test",
    .synopsis = "MODEL [FILE]",
    .about = "Tries the option table.",
    .examples = "leeway test loan --dir /srv\nleeway test loan -v\n",
    .opts = options,
    .min_args = 1,
    .max_args = 2,
};

static const char *args[16];
static int n_args;
static struct err e;

static enum opt_outcome parse(const char *const *words)
{
    char *argv[16] = {"leeway"};
    int argc = 1;
    for (; words[argc - 1]; argc++) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    }
    set = (struct settings){.port = 8080, .wait_ms = 5000, .memory_bytes = 1 << 20, .share = 0.5};
    n_args = -1;
    e = (struct err){0};
    return opt_parse(&command, argc, argv, args, &n_args, &e);
}
#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void refuses(const char *const *words, const char *message)
{
    enum opt_outcome outcome = parse(words);
    if (outcome != OPT_USAGE || strcmp(e.message, message) != 0) {
        fail_msg("expected usage error \"%s\", got outcome %d \"%s\"", message, outcome, e.message);
    }
}
#define REFUSES(message, ...) refuses((const char *const[]){__VA_ARGS__, NULL}, message)

static void opt_reads_every_kind(void **state)
{
    (void)state;
    assert_int_equal(PARSE("loan", "--dir=/srv", "--port", "99", "--wait=2m", "--memory", "16M",
                           "-v", "--share", "0.25", "-l", "a", "-lb", "--label=c", "f.csv"),
                     OPT_RUN);
    assert_true(set.verbose);
    assert_string_equal(set.dir, "/srv");
    assert_int_equal(set.port, 99);
    assert_int_equal(set.wait_ms, 120000);
    assert_int_equal(set.memory_bytes, 16 << 20);
    assert_true(set.share == 0.25);
    assert_int_equal(set.labels.n, 3);
    assert_string_equal(set.labels.items[1], "b");
    assert_int_equal(n_args, 2);
    assert_string_equal(args[0], "loan");
    assert_string_equal(args[1], "f.csv");
}

static void opt_keeps_defaults_and_negates_flags(void **state)
{
    (void)state;
    assert_int_equal(PARSE("loan", "-d", "x", "-v", "--no-verbose"), OPT_RUN);
    assert_false(set.verbose);
    assert_int_equal(set.port, 8080);
    assert_int_equal(set.wait_ms, 5000);
}

static void opt_ends_options_at_two_dashes(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-d", "x", "--", "--port", "-"), OPT_RUN);
    assert_int_equal(n_args, 2);
    assert_string_equal(args[0], "--port");
    assert_string_equal(args[1], "-");
}

static void opt_names_what_is_wrong(void **state)
{
    (void)state;
    REFUSES("unknown option --prot (did you mean --port?)", "m", "-d", "x", "--prot", "1");
    REFUSES("unknown option --zzzzzzzz", "m", "-d", "x", "--zzzzzzzz");
    REFUSES("unknown option -x", "m", "-d", "x", "-x");
    REFUSES("--port: expected a whole number, 0..65535, got \"70000\"", "m", "--port", "70000");
    REFUSES("--port: expected a whole number, 0..65535, got \"8o\"", "m", "--port=8o");
    REFUSES("--port: expected a whole number, 0..65535, got \"\"", "m", "--port=");
    REFUSES("--port: expected a whole number, 0..65535, got \" 8\"", "m", "--port= 8");
    REFUSES("--port needs a value: --port N", "m", "-d", "x", "--port");
    REFUSES("--wait: expected a duration such as 90s, 15m, 6h or 30d, 1s..1h, got \"10\"", "m",
            "--wait=10");
    REFUSES("--wait: expected a duration such as 90s, 15m, 6h or 30d, 1s..1h, got \"2h\"", "m",
            "--wait", "2h");
    REFUSES("--memory: expected a size such as 4096, 64K, 16M or 2G, got \"-5\"", "m",
            "--memory=-5");
    REFUSES("--memory: expected a size such as 4096, 64K, 16M or 2G, got \"5KB\"", "m",
            "--memory=5KB");
    REFUSES("--share: expected a number, 0..1, got \"nan\"", "m", "--share=nan");
    REFUSES("--verbose: expected true or false, got \"maybe\"", "m", "--verbose=maybe");
    REFUSES("--dir DIR is required, or the environment variable LEEWAY_TEST_DIR", "m");
    REFUSES("expected at least 1 argument, got 0: leeway test MODEL [FILE]", "-d", "x");
    REFUSES("unexpected argument \"c\": leeway test MODEL [FILE]", "-d", "x", "a", "b", "c");
}

static void opt_bounds_repeated_options(void **state)
{
    (void)state;
    char *argv[OPT_LIST_MAX + 5] = {"leeway", "m", "-dx"};
    const char *many[OPT_LIST_MAX + 5];
    for (int i = 3; i < OPT_LIST_MAX + 4; i++) {
        argv[i] = "-la";
    }
    set = (struct settings){0};
    assert_int_equal(opt_parse(&command, OPT_LIST_MAX + 4, argv, many, &n_args, &e), OPT_USAGE);
    assert_string_equal(e.message, "--label: given more than 64 times");
}

static void opt_reads_the_environment_where_an_option_is_absent(void **state)
{
    (void)state;
    setenv("LEEWAY_TEST_DIR", "/from/env", 1);
    setenv("LEEWAY_TEST_WAIT", "7s", 1);
    assert_int_equal(PARSE("m"), OPT_RUN);
    assert_string_equal(set.dir, "/from/env");
    assert_int_equal(set.wait_ms, 7000);
    assert_int_equal(PARSE("m", "--dir", "given", "--wait", "8s"), OPT_RUN);
    assert_string_equal(set.dir, "given");
    assert_int_equal(set.wait_ms, 8000);
    setenv("LEEWAY_TEST_WAIT", "soon", 1);
    assert_int_equal(PARSE("m"), OPT_USAGE);
    assert_non_null(strstr(e.message, "environment variable LEEWAY_TEST_WAIT: --wait: expected"));
    unsetenv("LEEWAY_TEST_DIR");
    unsetenv("LEEWAY_TEST_WAIT");
}

/* What stdout gets while words are parsed. */
static enum opt_outcome parse_capturing(char *out, size_t size, const char *const *words)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    enum opt_outcome outcome = parse(words);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
    return outcome;
}

static void opt_help_shows_examples_defaults_and_environment(void **state)
{
    (void)state;
    char out[4096];
    assert_int_equal(parse_capturing(out, sizeof out, (const char *const[]){"--help", NULL}),
                     OPT_DONE);
    const char *const parts[] = {
        "Usage: leeway test MODEL [FILE] [options]\n",
        "Examples:\n  leeway test loan --dir /srv\n",
        "  -d, --dir DIR             Where everything is kept. (required) [env:\n",
        "                            LEEWAY_TEST_DIR]\n",
        "      --wait TIME           How long to wait. (default: 5s) [env:\n",
        "      --memory SIZE         Memory for a job. (default: 1M)\n",
        "  -p, --port N              Port to listen on. (default: 8080)\n",
        "(may be repeated)",
        "  -h, --help                Shows this.\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!strstr(out, parts[i])) {
            fail_msg("\"%s\" is not in:\n%s", parts[i], out);
        }
    }
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
        assert_true(strlen(line) <= 80);
    }
}

static void opt_version_is_the_program_and_the_release(void **state)
{
    (void)state;
    char out[256];
    assert_int_equal(parse_capturing(out, sizeof out, (const char *const[]){"--version", NULL}),
                     OPT_DONE);
    assert_string_equal(out, "leeway test " LEEWAY_VERSION "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opt_reads_every_kind),
        cmocka_unit_test(opt_keeps_defaults_and_negates_flags),
        cmocka_unit_test(opt_ends_options_at_two_dashes),
        cmocka_unit_test(opt_names_what_is_wrong),
        cmocka_unit_test(opt_bounds_repeated_options),
        cmocka_unit_test(opt_reads_the_environment_where_an_option_is_absent),
        cmocka_unit_test(opt_help_shows_examples_defaults_and_environment),
        cmocka_unit_test(opt_version_is_the_program_and_the_release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
