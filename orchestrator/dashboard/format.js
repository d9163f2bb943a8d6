/* format.js - numbers, times and states in the words and marks of the page. Colour never stands alone. */
import {el} from './dom.js';

/** Four significant digits, no exponent where it can be helped; a dash where there is no number. */
export function number(value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return '–';
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e15) return count(value);
    if (size < 1e-4 || size >= 1e7) return value.toExponential(2);
    const rounded = Number(value.toPrecision(4));
    return size >= 1000 ? count(rounded) : String(rounded);
}

export function count(value) {
    return Number.isFinite(value)
        ? Math.round(value).toLocaleString('en').replaceAll(',', '\u202f')
        : '–';
}

/** A noun with its number: "1 run", "3 runs". */
export function several(n, one, more = `${one}s`) {
    return `${count(n)} ${n === 1 ? one : more}`;
}

export function percent(share) {
    return Number.isFinite(share) ? `${Number((share * 100).toPrecision(3))}\u202f%` : '–';
}

export function duration(ms) {
    const s = Math.max(0, ms) / 1000;
    if (s < 1) return `${Math.round(s * 1000)}\u202fms`;
    if (s < 90) return `${s < 10 ? s.toFixed(1) : Math.round(s)}\u202fs`;
    if (s < 5400) return `${Math.round(s / 60)}\u202fmin`;
    if (s < 129600) return `${(s / 3600).toFixed(1)}\u202fh`;
    return `${Math.round(s / 86400)}\u202fd`;
}

export function clock(ms) {
    return new Date(ms).toLocaleTimeString('en-GB');
}

/** The time alone today, with the date on other days. */
export function moment(ms) {
    const then = new Date(ms);
    const today = new Date().toDateString() === then.toDateString();
    return today ? clock(ms) : `${then.toLocaleDateString('en-CA')} ${clock(ms)}`;
}

let ahead_ms = 0;

/** The daemon's clock counts, not the browser's: "ago" is right on a laptop that is minutes off. */
export function setDaemonTime(now_unix_ms) {
    ahead_ms = now_unix_ms - Date.now();
}

export function daemonNow() {
    return Date.now() + ahead_ms;
}

function agoText(ms) {
    const past = Math.round((daemonNow() - ms) / 1000) * 1000;
    return past < 5000 ? 'just now' : `${duration(past).replace('.0', '')} ago`;
}

/** A <time> that tickTimes keeps right. */
export function ago(ms) {
    return el(
        'time',
        {datetime: new Date(ms).toISOString(), title: new Date(ms).toString(), 'data-at': ms},
        agoText(ms),
    );
}

export function tickTimes() {
    for (const node of document.querySelectorAll('time[data-at]')) {
        const text = agoText(Number(node.dataset.at));
        if (node.textContent !== text) node.textContent = text;
    }
}

/** "awaiting_approval" as people write it. */
export function words(name) {
    return String(name ?? '').replaceAll('_', ' ');
}

/* Tone and mark by the word itself; each word of the API that carries a judgement is here. */
const tones = {
    ok: ['good', '✓'],
    good: ['good', '✓'],
    promoted: ['good', '✓'],
    champion: ['good', '★'],
    up: ['good', '✓'],
    drift: ['bad', '▲'],
    bad: ['bad', '✕'],
    down: ['bad', '✕'],
    failed: ['bad', '✕'],
    rolled_back: ['bad', '↩'],
    roll_back: ['bad', '↩'],
    rejected: ['warn', '✕'],
    aborted: ['warn', '■'],
    cancel: ['warn', '■'],
    expired: ['warn', '⌛'],
    awaiting_approval: ['warn', '?'],
    awaiting_promotion: ['warn', '?'],
    paused: ['warn', 'Ⅱ'],
    hold_back: ['warn', 'Ⅱ'],
    retrain: ['busy', '↻'],
    candidate: ['busy', '◇'],
    nothing: ['quiet', '·'],
    retired: ['quiet', '○'],
    insufficient: ['quiet', '…'],
    'not enough': ['quiet', '…'],
    unavailable: ['quiet', '–'],
    unknown: ['quiet', '?'],
};

export function tone(word) {
    return (tones[word] ?? ['busy', '▸'])[0];
}

export function mark(word) {
    return (tones[word] ?? ['busy', '▸'])[1];
}

/** A state as a small labelled pill; the same in every panel. */
export function pill(word, text = words(word)) {
    return el(
        'span',
        {class: `pill ${tone(word)}`},
        el('span', {'aria-hidden': 'true'}, mark(word)),
        ` ${text}`,
    );
}

/** Points of a harm monitor: its metric has a name of its own. */
export const isHarm = (point) => point.metric === 'risk';

/** What a point measures, as people say it. */
export function metricOf(point) {
    return isHarm(point) ? 'mean loss' : words(point.metric);
}

/** A performance monitor's "drift" is one direction only, and has a plainer word. */
export function scorePill(point) {
    const plain = {
        drift: isHarm(point) ? 'harm' : 'worse',
        insufficient: point.estimated ? 'too few rows' : 'too few labels',
        unavailable: point.estimated ? 'cannot be estimated' : 'unavailable',
    };
    return pill(point.verdict, plain[point.verdict] ?? words(point.verdict));
}

/** What a signal says, and of how many windows where it is not of one. */
export function sentenceOf(signal) {
    const n = signal.windows_together;
    return n ? `${several(n, 'window')} together: ${signal.sentence}` : signal.sentence;
}

export function shortHash(sha256) {
    return String(sha256 ?? '').slice(0, 12);
}
