/*
 * performance.js - how good the answers are, one chart for each monitor: labelled metrics, the loss that a harm
 * monitor tests, and what is estimated before labels come. Each with the reference of the version in service
 * (dashed), and where another version took over. The axis counts labelled rows, or windows where there are no
 * labels, and shows their times: labels often come in nightly batches, a whole chart in one instant.
 */
import {colour, draw, drop} from './charts.js';
import {el, empty, place, replace} from './dom.js';
import {
    ago,
    clock,
    count,
    isHarm,
    metricOf,
    moment,
    number,
    scorePill,
    several,
} from './format.js';

const canvases = new Map(); /* monitor -> canvas; kept over refreshes */

function canvasOf(monitor) {
    if (!canvases.has(monitor)) canvases.set(monitor, el('canvas', {role: 'img'}));
    return canvases.get(monitor);
}

/** Where the version differs from the point before. */
export function changesOf(points) {
    return points
        .filter((p, i) => i > 0 && p.version !== points[i - 1].version)
        .map((p) => ({at: p.at, version: p.version}));
}

/* Vertical lines with the version's name; labels that would overlap are left out. */
function versionLines(changes) {
    return {
        id: 'versions',
        afterDatasetsDraw(chart) {
            const {
                ctx,
                chartArea: {top, bottom},
                scales: {x},
            } = chart;
            let free_px = -Infinity;
            ctx.save();
            ctx.strokeStyle = ctx.fillStyle = colour('good');
            ctx.lineWidth = 1;
            ctx.font = `600 11px ${Chart.defaults.font.family}`;
            for (const change of changes) {
                const at = x.getPixelForValue(change.at);
                ctx.beginPath();
                ctx.moveTo(at, top);
                ctx.lineTo(at, bottom);
                ctx.stroke();
                if (at < free_px) continue;
                ctx.fillText(change.version, at + 3, top + 10);
                free_px = at + 8 + ctx.measureText(change.version).width;
            }
            ctx.restore();
        },
    };
}

function datasets(points) {
    const xy = (key) => points.map((p) => ({x: p.at, y: p[key]}));
    const drifted = points.map((p) => p.verdict === 'drift');
    const size = points.length > 120 || innerWidth < 560 ? 3 : 5;
    const known = (p) => p && p.value !== null;
    const alone = points.map(
        (p, i) => !known(points[i - 1]) && !known(points[i + 1]),
    ); /* no line would show it */
    return [
        {
            label: metricOf(points[0]),
            data: xy('value'),
            borderColor: colour('accent'),
            borderWidth: 2,
            tension: 0,
            pointStyle: drifted.map((d) => (d ? 'triangle' : 'circle')),
            pointRadius: drifted.map((d, i) => (d ? size : alone[i] ? 3 : 0)),
            pointHitRadius: 8,
            pointBackgroundColor: drifted.map((d) => colour(d ? 'bad' : 'accent')),
            pointBorderColor: drifted.map((d) => colour(d ? 'bad' : 'accent')),
        },
        {
            label: 'reference',
            data: xy('reference'),
            borderColor: colour('reference'),
            borderWidth: 1.5,
            borderDash: [6, 4],
            pointRadius: 0,
            stepped: 'before',
        },
        isHarm(points[0]) && {
            label: 'tolerated',
            data: xy('threshold'),
            borderColor: colour('bad'),
            borderWidth: 1.5,
            borderDash: [2, 4],
            pointRadius: 0,
            stepped: 'before',
        },
    ].filter(Boolean);
}

const rowsOf = (p) => (p.estimated ? several(p.n, 'row') : several(p.n, 'labelled row'));

function tooltip(points) {
    return {
        mode: 'index',
        intersect: false,
        callbacks: {
            title: (items) => moment(points[items[0].dataIndex].at_unix_ms),
            label: (item) => `${item.dataset.label}: ${number(item.parsed.y)}`,
            afterBody: (items) => {
                const p = points[items[0].dataIndex];
                return `${p.version}, ${rowsOf(p)}: ${p.verdict}`;
            },
        },
    };
}

/* The time of the point nearest to a tick. */
function timeAt(points, at) {
    const far = (p) => Math.abs(p.at - at);
    return clock(points.reduce((best, p) => (far(p) < far(best) ? p : best)).at_unix_ms);
}

/* Some air around the curves, but none below zero where nothing is. */
function rangeOf(points) {
    const values = points.flatMap((p) => [p.value, p.reference, p.threshold]).filter(Number.isFinite);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const air = Math.max((high - low) * 0.08, 1e-3);
    return {min: low >= 0 ? Math.max(0, low - air) : low - air, max: high + air};
}

function config(points) {
    return {
        type: 'line',
        data: {datasets: datasets(points)},
        plugins: [versionLines(changesOf(points))],
        options: {
            interaction: {mode: 'index', intersect: false},
            scales: {
                x: {
                    type: 'linear',
                    min: points[0].at,
                    max: points.at(-1).at + (points.length === 1 ? 1 : 0),
                    ticks: {
                        maxTicksLimit: 7,
                        precision: 0,
                        maxRotation: 0,
                        includeBounds: false,
                        callback: (v) => timeAt(points, v),
                    },
                    grid: {display: false},
                },
                y: {
                    ...rangeOf(points),
                    ticks: {maxTicksLimit: 6, includeBounds: false, callback: (v) => number(v)},
                },
            },
            plugins: {
                tooltip: tooltip(points),
                legend: {labels: {usePointStyle: false, boxWidth: 24, boxHeight: 2}},
            },
        },
    };
}

/* What the triangle in the chart means. */
function meaning(point) {
    if (isHarm(point)) return '▲ shown to be more than is tolerated';
    return point.estimated ? '▲ estimated to be worse' : '▲ significantly worse';
}

const short = (value) => number(Number.isFinite(value) ? Number(value.toFixed(4)) : value);

/* Beyond a million only that it is beyond says anything. */
const evidence = (e) => (e > 1e6 ? `e > ${count(1e6)}` : `e = ${number(e)}`);

function heading(monitor, points) {
    const last = points.at(-1);
    return el(
        'p',
        {class: 'lead'},
        el('b', null, monitor),
        `: ${metricOf(last)} `,
        Number.isFinite(last.value) ? el('b', null, short(last.value)) : null,
        ' ',
        scorePill(last),
        ` against the reference's ${number(last.reference)}`,
        isHarm(last) ? ` (tolerated: ${short(last.threshold)})` : null,
        `, over ${rowsOf(last)}, `,
        ago(last.at_unix_ms),
        '. ',
        Number.isFinite(last.e_value) ? `Evidence ${evidence(last.e_value)}. ` : null,
        el('small', null, `${meaning(last)} · vertical: a version took over`),
    );
}

/* Metrics first, then harm, then what is estimated. */
const rank = (point) => (point.estimated ? 2 : isHarm(point) ? 1 : 0);

function byMonitor(points) {
    const monitors = new Map();
    for (const p of points) monitors.set(p.monitor, [...(monitors.get(p.monitor) ?? []), p]);
    return new Map([...monitors].sort(([, a], [, b]) => rank(a[0]) - rank(b[0])));
}

/* A window's signal as a point: statistic "estimated_accuracy". */
function pointOf(window, index, signal) {
    return {
        monitor: signal.monitor,
        metric: signal.statistic,
        estimated: true,
        at: index,
        at_unix_ms: window.to_unix_ms,
        version: window.version,
        n: signal.n,
        value: signal.value ?? null,
        reference: signal.reference_value ?? null,
        verdict: signal.verdict,
    };
}

/** What windows say of the model as a whole, before any label, oldest first. */
export function estimatesOf(windows) {
    return windows.flatMap((w, i) =>
        w.signals.filter((s) => s.feature === '').map((s) => pointOf(w, i, s)),
    );
}

const noLabels = (model) =>
    empty(
        'No labelled rows yet, so nobody knows how good the answers are. Send labels by request id:',
        `leeway labels ${model} outcomes.csv`,
    );

/** labelled: points of all monitors, oldest first; windows: the newest, oldest first. */
export function showPerformance(model, labelled, windows) {
    for (const canvas of canvases.values()) drop(canvas);
    const points = [
        ...labelled.map((p) => ({...p, at: p.labelled})),
        ...estimatesOf(windows),
    ];
    const monitors = byMonitor(points);
    replace(
        place('performance'),
        labelled.length === 0 ? noLabels(model) : null,
        [...monitors].map(([monitor, of]) =>
            el(
                'div',
                {class: 'chart-block'},
                heading(monitor, of),
                el('div', {class: 'chart'}, canvasOf(monitor)),
            ),
        ),
    );
    for (const [monitor, of] of monitors) {
        const canvas = canvasOf(monitor);
        canvas.setAttribute(
            'aria-label',
            `${monitor} over time, ${of.length} points, last ${number(of.at(-1).value)}`,
        );
        draw(canvas, config(of));
    }
}
