/* runs.js - the list of a model's runs, and one run from its trigger to its end, every step with its reason. */
import {commandLine, el, empty, failure, place, replace} from './dom.js';
import {ago, clock, count, daemonNow, duration, pill, tone, words} from './format.js';
import {numbersOf} from './evidence.js';
import {runProgress, stepper} from './overview.js';

/* ---- the list ---- */

function item(run, selected, onSelect) {
    const took_ms = (run.ended_unix_ms ?? daemonNow()) - run.started_unix_ms;
    return el(
        'li',
        null,
        el(
            'button',
            {
                type: 'button',
                class: 'run-item',
                'data-key': `run ${run.id}`,
                'aria-current': selected ? 'true' : null,
                onclick: () => onSelect(run.id),
            },
            el(
                'span',
                {class: 'line'},
                pill(run.paused ? 'paused' : run.state),
                ' ',
                el('b', null, run.trigger.name),
                run.candidate ? ` → ${run.candidate.label}` : '',
            ),
            el(
                'span',
                {class: 'line small'},
                ago(run.started_unix_ms),
                ` · ${run.done ? 'took' : 'for'} ${duration(took_ms)} · `,
                el('code', null, run.id),
            ),
        ),
    );
}

/** view: {model, runs, run: the chosen id, onSelect(id)}. */
export function showRuns(view) {
    if (view.runs.length === 0) {
        replace(
            place('runs'),
            empty(
                'No run yet. The policy starts one when a trigger fires; you can ask for one by hand:',
                `leeway retrain ${view.model} --reason "why"`,
            ),
        );
        return;
    }
    replace(
        place('runs'),
        el(
            'ol',
            {class: 'scroll run-list', 'data-key': 'run-list'},
            view.runs.map((run) => item(run, run.id === view.run, view.onSelect)),
        ),
    );
}

/* ---- one run ---- */

/* What an operator may do in this state. Shown, never done from here. */
function commands(run, champion) {
    const verbs = [];
    const passed = run.done && run.state === 'promoted' && run.candidate?.label !== champion;
    if (run.next && !passed) verbs.push(run.next);
    if (!run.done) {
        verbs.push(`leeway ${run.paused ? 'resume' : 'pause'} ${run.id}`, `leeway abort ${run.id}`);
        if (run.candidate) verbs.push(`leeway promote ${run.id}`);
    }
    return [...new Set(verbs)];
}

function commandBlock(run, champion) {
    const [first, ...others] = commands(run, champion);
    if (!first) return null;
    return el(
        'div',
        {class: 'next'},
        el(
            'p',
            null,
            el('b', null, run.done ? 'If it must change' : 'Next, if you want to step in'),
        ),
        commandLine(first),
        others.length > 0
            ? el(
                  'details',
                  {'data-key': `verbs ${run.id}`},
                  el('summary', null, 'Other commands'),
                  others.map(commandLine),
              )
            : null,
    );
}

function transition(line, before) {
    const waited = before ? `after ${duration(line.at_unix_ms - before.at_unix_ms)}` : 'triggered';
    const numbers = numbersOf(line.numbers, `${line.n}`);
    return el(
        'li',
        {class: `step ${tone(line.to)}`},
        el(
            'div',
            {class: 'when'},
            el(
                'time',
                {
                    datetime: new Date(line.at_unix_ms).toISOString(),
                    title: new Date(line.at_unix_ms).toString(),
                },
                clock(line.at_unix_ms),
            ),
            el('small', null, waited),
        ),
        el(
            'div',
            {class: 'what'},
            el(
                'p',
                null,
                pill(line.to),
                line.actor === 'system' ? null : el('small', null, ` by ${line.actor}`),
            ),
            el('p', {class: 'reason'}, line.reason),
            numbers,
        ),
    );
}

function trigger(run) {
    const rows = [`${count(run.rows_at_trigger)} rows served when it began`];
    if (run.rows_at_end !== null) rows.push(`${count(run.rows_at_end)} at its end`);
    return el(
        'p',
        {class: 'lead'},
        el('b', null, run.trigger.name),
        `: ${run.trigger.reason} `,
        el('small', null, `(${rows.join(', ')})`),
    );
}

function head(run) {
    const running = run.paused ? 'paused' : run.state;
    return el(
        'div',
        {class: 'panel-head'},
        el(
            'h3',
            null,
            el('code', null, run.id),
            ' ',
            pill(running),
            ' ',
            run.candidate ? el('small', null, `candidate ${run.candidate.label}`) : null,
        ),
        el(
            'small',
            null,
            run.done
                ? ['ended ', ago(run.ended_unix_ms)]
                : [words(run.state), ' ', runProgress(run)],
        ),
    );
}

/** run: as of getRun, with its timeline; null while loading. champion: the label in service. */
export function showRun(run, champion, error) {
    if (error) {
        replace(place('run'), failure(error));
        return;
    }
    if (!run) {
        replace(place('run'), empty('Choose a run to see every step, with the numbers behind it.'));
        return;
    }
    const lines = run.timeline ?? [];
    replace(
        place('run'),
        head(run),
        run.done ? null : stepper(run),
        trigger(run),
        commandBlock(run, champion),
        el(
            'ol',
            {class: 'timeline'},
            lines.map((line, i) => transition(line, lines[i - 1])),
        ),
    );
}
