/* evidence.js - the numbers behind a step of a run: comparisons as intervals, triggers and guards as tables. */
import {el, svg} from './dom.js';
import {number, percent, pill, several, shortHash, words} from './format.js';

/* ---- a comparison: candidate against champion ---- */

/*
 * The confidence interval of the difference (candidate minus champion, in losses: left is better), with the
 * margin it must keep. A picture beside the numbers, not in place of them.
 */
function interval(c) {
    const ends = [c.lower, c.upper, c.margin, 0].filter(Number.isFinite);
    const reach = 1.1 * Math.max(...ends.map(Math.abs), 1e-9);
    const x = (v) => 60 + (58 * Math.max(-reach, Math.min(reach, v))) / reach;
    const line = (at, name) => svg('line', {x1: x(at), x2: x(at), y1: 2, y2: 18, class: name});
    if (!Number.isFinite(c.lower) && !Number.isFinite(c.upper)) return null;
    return svg(
        'svg',
        {viewBox: '0 0 120 20', class: `interval ${c.verdict}`, 'aria-hidden': 'true'},
        line(0, 'zero'),
        Number.isFinite(c.margin) && c.margin !== 0 ? line(c.margin, 'margin') : null,
        svg('line', {
            x1: x(c.lower ?? -reach),
            x2: x(c.upper ?? reach),
            y1: 10,
            y2: 10,
            class: 'range',
        }),
        Number.isFinite(c.difference) ? svg('circle', {cx: x(c.difference), cy: 10, r: 3.5}) : null,
    );
}

function comparisonRow(c) {
    const verdict = words(c.verdict);
    return el(
        'tr',
        {title: c.sentence},
        el('th', {scope: 'row'}, c.what),
        el('td', {class: 'n'}, number(c.champion), el('small', null, ` n ${number(c.n_champion)}`)),
        el(
            'td',
            {class: 'n'},
            number(c.candidate),
            el('small', null, ` n ${number(c.n_candidate)}`),
        ),
        el(
            'td',
            {class: 'n'},
            number(c.difference),
            el('small', null, ` [${number(c.lower)}, ${number(c.upper)}]`),
        ),
        el('td', {class: 'plot'}, interval(c)),
        el('td', {class: 'n'}, number(c.margin)),
        el('td', null, pill(verdict)),
    );
}

function comparisons(list) {
    const heads = [
        'compared',
        'champion',
        'candidate',
        'difference',
        '← better · worse →',
        'margin',
        'verdict',
    ];
    return el(
        'div',
        {class: 'scroll'},
        el(
            'table',
            {class: 'comparisons'},
            el(
                'thead',
                null,
                el(
                    'tr',
                    null,
                    heads.map((h) => el('th', {scope: 'col'}, h)),
                ),
            ),
            el('tbody', null, list.map(comparisonRow)),
        ),
    );
}

/* ---- triggers and guards ---- */

function verdictRows(list, says, yes, no) {
    return list.map((x) =>
        el(
            'tr',
            null,
            el('th', {scope: 'row'}, words(x.name)),
            el('td', null, x[says] ? yes() : no()),
            el('td', null, x.why),
        ),
    );
}

function evidence(numbers, key) {
    const triggers = numbers.triggers ?? [];
    const guards = numbers.guards ?? [];
    const stopped = guards.filter((g) => !g.allows).length;
    const summary =
        `${several(triggers.length, 'trigger')} and ${several(guards.length, 'guard')} looked at` +
        (stopped > 0 ? `, ${stopped} against` : '');
    return el(
        'details',
        {'data-key': `evidence ${key}`},
        el('summary', null, summary),
        el(
            'div',
            {class: 'scroll'},
            el(
                'table',
                null,
                el(
                    'tbody',
                    null,
                    verdictRows(
                        triggers,
                        'fired',
                        () => pill('drift', 'fired'),
                        () => pill('nothing', 'did not fire'),
                    ),
                    verdictRows(
                        guards,
                        'allows',
                        () => pill('ok', 'allows'),
                        () => pill('hold_back', 'forbids'),
                    ),
                ),
            ),
        ),
    );
}

/* ---- everything else ---- */

const shown_elsewhere = new Set([
    'event',
    'text',
    'detail',
    'triggers',
    'guards',
    'request',
    'reason_in_words',
    'reason',
    'outcome',
    'trigger',
    'guard',
    'now_unix_ms',
    'comparisons',
    'verdict',
]);

function plainValue(name, value) {
    if (typeof value === 'number') return name === 'progress' ? percent(value) : number(value);
    return name === 'sha256' ? shortHash(value) : String(value).slice(0, 64);
}

/* detail.rows, the observations so far, is in the head of the run. */
function plain(numbers) {
    const {rows, ...detail} = numbers.detail ?? {};
    const pairs = Object.entries({...detail, ...numbers}).filter(
        ([name, value]) =>
            !shown_elsewhere.has(name) &&
            value !== '' &&
            value !== null &&
            typeof value !== 'object',
    );
    if (pairs.length === 0) return null;
    return el(
        'dl',
        {class: 'pairs'},
        pairs.map(([name, value]) =>
            el('div', null, el('dt', null, words(name)), el('dd', null, plainValue(name, value))),
        ),
    );
}

/** The numbers of one transition as nodes; key keeps opened details apart. */
export function numbersOf(numbers, key) {
    if (!numbers) return [];
    const compared = numbers.detail?.comparisons ?? numbers.comparisons ?? [];
    return [
        compared.length > 0 ? comparisons(compared) : null,
        numbers.guards || numbers.triggers ? evidence(numbers, key) : null,
        plain(numbers),
    ];
}
