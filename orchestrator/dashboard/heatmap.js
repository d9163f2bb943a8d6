/*
 * heatmap.js - features x windows. A cell is the worst of its feature's signals: how far past its limit (strong
 * red, with a mark) or how near to it (faint blue); grey where too few rows were there to say.
 * An ARIA grid: one cell takes the focus, the arrows move it, Enter chooses.
 */
import {el, empty, place, replace} from './dom.js';
import {clock, moment, number, sentenceOf, several} from './format.js';

const severity = {drift: 3, ok: 2, insufficient: 1, unavailable: 0};

/** How much of its limit a signal has used; 1 is the limit. A column with one frequent value is not nearly constant. */
function used(signal) {
    if (signal.statistic === 'constant') return signal.verdict === 'drift' ? 1 : 0;
    if (signal.value === null || !(signal.threshold > 0)) return signal.verdict === 'drift' ? 1 : 0;
    return signal.value / signal.threshold;
}

function worse(a, b) {
    return severity[b.verdict] - severity[a.verdict] || used(b) - used(a);
}

/** Signals of one feature in one window, the worst first. */
export function signalsOf(window, feature) {
    return window.signals.filter((s) => s.feature === feature).sort(worse);
}

/**
 * All rows of the map: what is predicted first, then the schema's features in its own order. What is said of the
 * model as a whole is in the performance panel.
 */
export function rowsOf(drift) {
    const others = new Set(drift.windows.flatMap((w) => w.signals.map((s) => s.feature)));
    for (const feature of drift.features) others.delete(feature);
    others.delete('');
    return [...others, ...drift.features];
}

/** The feature that stands out in the newest window. */
export function worstFeature(drift) {
    const newest = drift.windows.at(-1);
    if (!newest) return null;
    return newest.signals.filter((s) => s.feature !== '').sort(worse)[0]?.feature ?? null;
}

/* Depth from 0 to 4: each doubling past the limit is a step, as the eye can tell no more. */
function look(signal) {
    if (!signal) return ['unavailable', 0, '–'];
    if (signal.verdict === 'drift')
        return ['drift', Math.min(4, 1 + Math.floor(Math.log2(Math.max(1, used(signal))))), '▲'];
    if (signal.verdict === 'ok') return ['ok', Math.min(3, Math.floor(used(signal) * 4)), ''];
    return [signal.verdict, 0, signal.verdict === 'insufficient' ? '…' : '–'];
}

function cell(view, feature, window, row, column) {
    const signals = signalsOf(window, feature);
    const [kind, depth, sign] = look(signals[0]);
    const chosen = view.feature === feature && view.window === window.id;
    const sentence = signals[0] ? sentenceOf(signals[0]) : 'not measured';
    return el(
        'div',
        {
            role: 'gridcell',
            class: `cell ${kind} d${depth}`,
            tabindex: -1,
            'data-key': `cell ${feature} ${window.id}`,
            'data-row': row,
            'data-column': column,
            'aria-selected': String(chosen),
            'aria-label': `${feature}, ${clock(window.to_unix_ms)}: ${sentence}`,
            title: sentence,
            onclick: () => view.onChoose(feature, window.id),
        },
        sign,
    );
}

function rowHead(view, feature, row) {
    const chosen = view.feature === feature;
    return el(
        'div',
        {role: 'rowheader', class: 'row-head'},
        el(
            'button',
            {
                type: 'button',
                'data-key': `feature ${feature}`,
                'aria-pressed': String(chosen),
                title: feature,
                'data-row': row,
                onclick: () => view.onChoose(feature, null),
            },
            feature,
        ),
    );
}

function lastValue(feature, newest) {
    const signal = signalsOf(newest, feature)[0];
    if (!signal || signal.value === null) return el('div', {role: 'gridcell', class: 'now'}, '–');
    return el(
        'div',
        {
            role: 'gridcell',
            class: `now ${signal.verdict}`,
            title: `${signal.statistic} ${number(signal.value)}, limit ${number(signal.threshold)}`,
        },
        used(signal) < 0.01 ? '< 0.01×' : `${Number(used(signal).toPrecision(2))}×`,
    );
}

/* Above the map: the version by whose reference the windows were judged. */
function versionSpans(windows) {
    const spans = [];
    for (const w of windows) {
        const last = spans.at(-1);
        if (last?.version === w.version) last.n++;
        else spans.push({version: w.version, n: 1});
    }
    return el(
        'div',
        {role: 'row', class: 'spans'},
        el('div', {role: 'columnheader', class: 'row-head'}, 'against'),
        spans.map((s) =>
            el(
                'div',
                {
                    role: 'columnheader',
                    class: 'span',
                    style: `grid-column: span ${s.n}`,
                    title: `${several(s.n, 'window')} against the reference of ${s.version}`,
                },
                s.version,
            ),
        ),
        el('div', {role: 'columnheader', class: 'now'}, 'of limit'),
    );
}

function timeRow(windows) {
    const n = windows.length;
    return el(
        'div',
        {class: 'row-times', 'aria-hidden': 'true'},
        el('span', null, moment(windows[0].from_unix_ms)),
        n > 20 ? el('span', null, clock(windows[n >> 1].to_unix_ms)) : null,
        el('span', null, clock(windows[n - 1].to_unix_ms)),
    );
}

function move(event) {
    const at = event.target.dataset;
    const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[
        event.key
    ];
    if (event.key === 'Enter' || event.key === ' ') {
        if (at.column !== undefined) {
            event.preventDefault();
            event.target.click();
        }
        return;
    }
    if (!step || at.row === undefined) return;
    event.preventDefault();
    const [row, column] = [Number(at.row) + step[0], Number(at.column ?? -1) + step[1]];
    const grid = event.currentTarget;
    const next = grid.querySelector(
        column < 0 ? `button[data-row="${row}"]` : `[data-row="${row}"][data-column="${column}"]`,
    );
    next?.focus();
}

function legend() {
    const sample = (kind, sign, text) =>
        el(
            'li',
            null,
            el('span', {class: `cell ${kind}`, 'aria-hidden': 'true'}, sign),
            ` ${text}`,
        );
    return el(
        'ul',
        {class: 'legend', 'aria-label': 'Legend'},
        sample('ok d0', '', 'ok'),
        sample('ok d3', '', 'near its limit'),
        sample('drift d1', '▲', 'past it'),
        sample('drift d4', '▲', '8 times past it'),
        sample('insufficient', '…', 'too few rows'),
        sample('unavailable', '–', 'not measured'),
    );
}

/** view: {model, drift, feature, window: the id shown, pinned: it was chosen, onChoose(feature, id or null)}. */
export function showHeatmap(view) {
    const windows = view.drift?.windows ?? [];
    if (windows.length === 0) {
        replace(
            place('heatmap'),
            empty(
                'No window has closed yet. Send requests to the replicas; window.rows of the policy ' +
                    'says how many make one. To feed a file:',
                `leeway replay ${view.model} FILE.csv`,
            ),
        );
        return;
    }
    const rows = rowsOf(view.drift);
    const newest = windows.at(-1);
    const grid = el(
        'div',
        {role: 'grid', class: 'grid', 'aria-label': 'Drift by feature and window', onkeydown: move},
        versionSpans(windows),
        rows.map((feature, r) =>
            el(
                'div',
                {role: 'row'},
                rowHead(view, feature, r),
                windows.map((w, c) => cell(view, feature, w, r, c)),
                lastValue(feature, newest),
            ),
        ),
    );
    grid.querySelector('[aria-selected="true"], .cell')?.setAttribute('tabindex', '0');
    replace(
        place('heatmap'),
        el(
            'p',
            {class: 'lead'},
            el('b', null, `${newest.drifted} of ${newest.features}`),
            ` drift in the newest window (${several(newest.rows, 'row')}, to `,
            moment(newest.to_unix_ms),
            ')',
        ),
        el(
            'div',
            {class: 'scroll', 'data-key': 'heatmap', style: `--columns: ${windows.length}`},
            grid,
            timeRow(windows),
        ),
        legend(),
    );
    if (!grid.contains(document.activeElement) && !view.pinned) {
        const box = grid.parentElement;
        box.scrollLeft = box.scrollWidth; /* the newest, unless somebody looks at something */
    }
}
