/* overview.js - the first glance: is anything wrong, and how is each model. */
import {el, empty, place, replace} from './dom.js';
import {
    ago,
    count,
    daemonNow,
    duration,
    isHarm,
    mark,
    metricOf,
    number,
    percent,
    pill,
    scorePill,
    several,
    tone,
    words,
} from './format.js';

/* ---- the header ---- */

function vital(state, name, text, title) {
    return el(
        'li',
        {class: `pill ${tone(state)}`, title},
        el('span', {'aria-hidden': 'true'}, mark(state)),
        ` ${name} `,
        el('b', null, text),
    );
}

function replicaVital(replicas) {
    const up = replicas.filter((r) => r.state === 'up').length;
    if (replicas.length === 0) return vital('unknown', 'replicas', 'none');
    return vital(
        up === replicas.length ? 'up' : 'down',
        'replicas',
        `${up} of ${replicas.length} up`,
    );
}

const worse = (model) => Object.values(model.performance).some((p) => p.verdict === 'drift');

/* The one thing to know first. What waits for a person comes before what goes on by itself. */
function sayHeadline({problems, models}) {
    const waiting = models.filter((m) => m.run?.paused || m.run?.state.startsWith('awaiting'));
    const stuck = models.filter((m) => !m.run && worse(m));
    const running = models.filter((m) => m.run);
    const names = (list) => list.map((m) => m.model).join(', ');
    if (problems.length > 0) return ['bad', `${several(problems.length, 'problem')} to look at`];
    if (waiting.length > 0) return ['warn', `${names(waiting)}: a run waits for you`];
    if (stuck.length > 0)
        return ['warn', `${names(stuck)}: worse than its reference, and no run under way`];
    if (running.length > 0) return ['busy', `${names(running)}: run in progress`];
    return ['good', 'Nothing to do'];
}

export function showHeader(status, live) {
    if (!status) {
        place('headline').textContent =
            live.state === 'live' ? 'Loading…' : `No answer from leewayd`;
        place('headline').className = live.state === 'live' ? 'quiet' : 'bad';
    } else {
        const [level, text] = sayHeadline(status);
        place('headline').textContent = text;
        place('headline').className = level;
        document.title = `${level === 'bad' || level === 'warn' ? '▲ ' : ''}${text} · Leeway`;
    }
    const connected = live.state === 'live';
    replace(
        place('vitals'),
        el(
            'li',
            {
                class: `pill live ${connected ? 'good' : 'bad'}`,
                id: 'live',
                title: live.error?.message,
            },
            el('span', {class: 'dot', 'aria-hidden': 'true'}),
            connected ? 'live' : 'reconnecting…',
        ),
        status && vital(status.trainer.state, 'trainer', status.trainer.state, status.trainer.url),
        status && replicaVital(status.replicas),
        status &&
            el(
                'li',
                {class: 'pill quiet'},
                `leewayd ${status.version} up `,
                el('b', null, duration(daemonNow() - status.started_unix_ms)),
            ),
    );
}

export function showProblems(problems) {
    const section = place('problems');
    section.hidden = problems.length === 0;
    replace(
        section,
        el(
            'ul',
            null,
            problems.map((text) => el('li', null, el('b', {'aria-hidden': 'true'}, '▲ '), text)),
        ),
    );
}

/* ---- a model's card ---- */

const stages = [
    ['snapshot', ['awaiting_approval', 'snapshot', 'push', 'submit']],
    ['train', ['train', 'fetch']],
    ['gate', ['gate']],
    ['rollout', ['distribute', 'shadow', 'canary', 'awaiting_promotion']],
    ['promote', ['promote']],
];

/** The way of a run that is under way, with the stage where it is. */
export function stepper(run) {
    const at = stages.findIndex(([, states]) => states.includes(run.state));
    return el(
        'ol',
        {class: 'stepper', 'aria-label': `Stage: ${words(run.state)}`},
        stages.map(([name], i) => {
            const place_ = i < at ? 'done' : i === at ? 'now' : 'later';
            return el(
                'li',
                {class: place_, 'aria-current': i === at ? 'step' : null},
                i < at ? `✓ ${name}` : name,
            );
        }),
    );
}

/* A shadow scores every request and answers none. */
function shareOf(run) {
    return run.state === 'shadow' ? 'answers nothing yet' : `${percent(run.weight)} of requests`;
}

export function runProgress(run) {
    if (run.progress) return `${run.progress.job}, ${percent(run.progress.done)} trained`;
    if (run.step > 0) return `step ${run.step} of ${run.steps}, ${shareOf(run)}`;
    return '';
}

function fact(name, ...value) {
    return el('div', null, el('dt', null, name), el('dd', null, ...value));
}

function performanceFact(point) {
    const known = point.value !== null && point.value !== undefined;
    return el(
        'div',
        {class: `score ${tone(point.verdict)}`},
        el('dt', null, metricOf(point)),
        el(
            'dd',
            null,
            el('b', {class: 'big'}, known ? number(Number(point.value.toFixed(4))) : '…'),
            el('span', null, scorePill(point), ` reference ${number(point.reference)}`),
        ),
    );
}

/* The metric first; a test for harm comes after it. */
const scores = (performance) =>
    Object.values(performance).sort((a, b) => Number(isHarm(a)) - Number(isHarm(b)));

function windowFact(w) {
    if (!w) return fact('drift', 'no window closed yet');
    const drifted = w.drifted > 0;
    return fact(
        'drift',
        pill(drifted ? 'drift' : 'ok', drifted ? `${w.drifted} of ${w.features} features` : 'none'),
        ' ',
        ago(w.to_unix_ms),
    );
}

function candidateFact(model) {
    if (!model.candidate) return fact('candidate', 'none');
    const part =
        model.run?.state === 'shadow' ? 'in shadow' : `at ${percent(model.candidate_weight)}`;
    return fact(
        'candidate',
        el('b', null, model.candidate.label),
        ` ${part} `,
        el('meter', {
            min: 0,
            max: 1,
            value: model.candidate_weight,
            'aria-label': 'share of requests',
        }),
    );
}

function labelsFact(labels) {
    const others = [];
    if (labels.waiting > 0) others.push(`${count(labels.waiting)} early`);
    if (labels.conflicts > 0) others.push(`${count(labels.conflicts)} in conflict`);
    if (labels.expired > 0) others.push(`${count(labels.expired)} expired`);
    return fact(
        'labels owed',
        `${count(labels.owed)} of ${several(labels.observations, 'row')}`,
        others.length > 0 ? el('small', null, ` (${others.join(', ')})`) : null,
    );
}

function runBlock(run) {
    return el(
        'div',
        {class: 'run-block'},
        el(
            'p',
            null,
            el('b', null, run.id),
            ' ',
            pill(run.paused ? 'paused' : run.state),
            ' ',
            runProgress(run),
        ),
        stepper(run),
        el('p', {class: 'reason'}, run.reason),
    );
}

function decisionLine(decision) {
    if (!decision)
        return el(
            'p',
            {class: 'decision quiet-text'},
            'No decision yet: the policy has seen nothing.',
        );
    return el(
        'p',
        {class: 'decision'},
        pill(decision.outcome),
        ' ',
        decision.reason,
        ' ',
        el('small', null, ago(decision.at_unix_ms)),
    );
}

function firstStep(model) {
    if (model.champion || model.run) return null;
    if (!model.policy_sha256)
        return empty(
            'No policy yet, so nothing is watched and nothing is trained. Put one into force:',
            `leeway policy put ${model.model} policy.yaml`,
        );
    return empty(
        'No version yet. Import labelled rows, then ask for the first training:',
        `leeway import ${model.model} history.csv --label COLUMN`,
        `leeway retrain ${model.model} --reason "first version"`,
    );
}

function card(model, selected, onSelect) {
    const name = model.model;
    return el(
        'article',
        {class: `card ${selected ? 'selected' : ''}`},
        el(
            'h2',
            null,
            el(
                'button',
                {
                    type: 'button',
                    'data-key': `model ${name}`,
                    'aria-pressed': String(selected),
                    onclick: () => onSelect(name),
                },
                name,
            ),
            model.champion
                ? el(
                      'span',
                      {class: 'champion'},
                      pill('champion', `${model.champion.label} in service`),
                      ' ',
                      el('small', null, ago(model.champion_since_unix_ms)),
                  )
                : null,
        ),
        el(
            'dl',
            {class: 'facts'},
            scores(model.performance).map(performanceFact),
            windowFact(model.last_window),
            candidateFact(model),
            labelsFact(model.labels),
        ),
        /* While a run is under way every decision is that one is. */
        model.run ? runBlock(model.run) : decisionLine(model.decision),
        firstStep(model),
    );
}

export function showModels(models, selected, onSelect) {
    if (models.length === 0) {
        replace(
            place('models'),
            empty(
                'No model is declared yet. From a table with a column of labels:',
                'leeway schema suggest history.csv --label COLUMN > model.schema.yaml',
                'leeway model create --schema model.schema.yaml --policy policy.yaml',
            ),
        );
        return;
    }
    replace(
        place('models'),
        models.map((m) => card(m, m.model === selected, onSelect)),
    );
}
