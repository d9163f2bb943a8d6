/* feature.js - one feature: what its monitors say of a window, and reference against now, bin by bin. */
import {colour, draw, drop} from './charts.js';
import {el, empty, place, replace} from './dom.js';
import {moment, number, percent, pill, sentenceOf} from './format.js';
import {signalsOf} from './heatmap.js';

const canvas = el('canvas', {role: 'img'});

/* The outer bins of a number take in everything beyond them; missing and unseen have no edges. */
function nameBins(bins) {
    const numeric = bins.filter((b) => b.low !== null && b.high !== null);
    return bins.map((b) => ({
        ...b,
        name:
            b === numeric[0]
                ? `below ${number(b.high)}`
                : b === numeric.at(-1)
                  ? `from ${number(b.low)}`
                  : numeric.includes(b)
                    ? `${number(b.low)} to ${number(b.high)}`
                    : b.label,
        tick:
            b === numeric[0]
                ? `< ${number(b.high)}`
                : b === numeric.at(-1)
                  ? `≥ ${number(b.low)}`
                  : numeric.includes(b)
                    ? number(b.low)
                    : b.label,
    }));
}

function config(bins) {
    const set = (label, key, name, border) => ({
        label,
        data: bins.map((b) => b[key]),
        backgroundColor: colour(name),
        borderColor: colour(border),
        borderWidth: 1,
        categoryPercentage: 0.9,
        barPercentage: 1,
    });
    return {
        type: 'bar',
        data: {
            labels: bins.map((b) => b.tick),
            datasets: [
                set('reference', 'reference', 'reference-fill', 'reference'),
                set('now', 'current', 'accent', 'accent'),
            ],
        },
        options: {
            scales: {
                y: {
                    beginAtZero: true,
                    title: {display: true, text: 'share of rows'},
                    ticks: {callback: (v) => percent(v)},
                },
                x: {grid: {display: false}, ticks: {maxRotation: 60, autoSkip: true}},
            },
            plugins: {
                tooltip: {
                    callbacks: {
                        title: (items) => bins[items[0].dataIndex].name,
                        label: (item) => `${item.dataset.label}: ${percent(item.raw)}`,
                    },
                },
            },
        },
    };
}

function table(bins) {
    return el(
        'details',
        {'data-key': 'feature-table'},
        el('summary', null, 'The same as a table'),
        el(
            'div',
            {class: 'scroll', 'data-key': 'feature-table'},
            el(
                'table',
                null,
                el(
                    'thead',
                    null,
                    el(
                        'tr',
                        null,
                        ['bin', 'reference', 'now'].map((h) => el('th', {scope: 'col'}, h)),
                    ),
                ),
                el(
                    'tbody',
                    null,
                    bins.map((b) =>
                        el(
                            'tr',
                            null,
                            el('th', {scope: 'row'}, b.name),
                            el('td', {class: 'n'}, percent(b.reference)),
                            el('td', {class: 'n'}, percent(b.current)),
                        ),
                    ),
                ),
            ),
        ),
    );
}

function sentences(signals) {
    return el(
        'ul',
        {class: 'sentences'},
        signals.map((s) =>
            el(
                'li',
                {class: s.verdict},
                pill(s.verdict),
                ' ',
                el('small', null, s.monitor),
                ' ',
                sentenceOf(s),
            ),
        ),
    );
}

function whichWindow(view, window) {
    if (!window) return `window ${view.window}, older than the map`;
    const stretch = `${moment(window.from_unix_ms)} – ${moment(window.to_unix_ms)}`;
    return `window ${window.id}, ${stretch}, against ${window.version}`;
}

function heading(view, window) {
    return el(
        'div',
        {class: 'panel-head'},
        el('h3', null, view.feature, ' ', el('small', null, whichWindow(view, window))),
        view.window
            ? el(
                  'button',
                  {type: 'button', 'data-key': 'follow-window', onclick: view.onFollow},
                  'Follow the newest',
              )
            : null,
    );
}

function chartPart(view) {
    if (view.error)
        return [empty(`No chart of this window: ${view.error.message}. Choose a newer column.`)];
    if (!view.bins) return [el('p', {class: 'empty'}, 'Loading…')];
    return [el('div', {class: 'chart'}, canvas), table(nameBins(view.bins))];
}

/** view: {drift, feature, window: a pinned id or null, bins or null, error or null, onFollow()}. */
export function showFeature(view) {
    drop(canvas);
    const windows = view.drift?.windows ?? [];
    const window = view.window ? windows.find((w) => w.id === view.window) : windows.at(-1);
    if (!view.feature || windows.length === 0) {
        replace(
            place('feature'),
            empty('Choose a feature in the map to see its reference against now.'),
        );
        return;
    }
    replace(
        place('feature'),
        heading(view, window),
        chartPart(view),
        sentences(window ? signalsOf(window, view.feature) : []),
    );
    if (!view.bins || view.error) return;
    canvas.setAttribute(
        'aria-label',
        `${view.feature}: shares per bin, reference against now; the table below has the numbers`,
    );
    draw(canvas, config(nameBins(view.bins)));
}
