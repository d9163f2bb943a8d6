/* fleet.js - the replicas as last seen, and the tail of the audit log. */
import {el, empty, place, replace} from './dom.js';
import {ago, count, moment, pill, shortHash, words} from './format.js';

function generation(m) {
    const behind = m.wanted_generation - m.generation;
    return el(
        'td',
        {class: 'n'},
        count(m.generation),
        behind > 0 ? [' ', pill('hold_back', `${behind} behind`)] : null,
    );
}

function modelCells(m) {
    return [
        el('td', null, m.model),
        generation(m),
        el(
            'td',
            null,
            m.champion ?? '–',
            m.candidate ? el('small', null, ` + ${m.candidate}`) : null,
        ),
        el('td', {class: 'n'}, count(m.requests)),
        el(
            'td',
            {class: `n ${m.errors > 0 ? 'bad-text' : ''}`},
            m.errors > 0 ? `▲ ${count(m.errors)}` : '0',
        ),
        el(
            'td',
            {class: 'n'},
            count(m.log_behind),
            m.log_dropped > 0
                ? el('b', {class: 'bad-text'}, ` ▲ ${count(m.log_dropped)} dropped`)
                : null,
        ),
    ];
}

function nameCells(r, n) {
    return [
        el('th', {scope: 'row', rowspan: n}, r.replica, el('br'), el('small', null, r.url)),
        el(
            'td',
            {rowspan: n},
            pill(r.state),
            r.error ? el('p', {class: 'bad-text small'}, r.error) : null,
            r.state !== 'up' && r.last_seen_unix_ms
                ? el('small', null, ' seen ', ago(r.last_seen_unix_ms))
                : null,
        ),
    ];
}

function replicaRows(r) {
    if (r.models.length === 0)
        return [
            el(
                'tr',
                null,
                nameCells(r, 1),
                el('td', {colspan: 6, class: 'quiet-text'}, 'serves nothing yet'),
            ),
        ];
    return r.models.map((m, i) =>
        el('tr', null, i === 0 ? nameCells(r, r.models.length) : null, modelCells(m)),
    );
}

export function showReplicas(replicas) {
    if (replicas.length === 0) {
        replace(
            place('replicas'),
            empty(
                'No replica is known. Name them in the fleet file (Prometheus file_sd: ' +
                    '[{"targets": ["127.0.0.1:8080"]}]) and start:',
                'leewayd --fleet fleet.json',
            ),
        );
        return;
    }
    const heads = [
        'replica',
        'state',
        'model',
        'generation',
        'serves',
        'requests',
        'errors',
        'log unread',
    ];
    replace(
        place('replicas'),
        el(
            'div',
            {class: 'scroll', 'data-key': 'replicas'},
            el(
                'table',
                {class: 'rows'},
                el(
                    'thead',
                    null,
                    el(
                        'tr',
                        null,
                        heads.map((h) => el('th', {scope: 'col'}, h)),
                    ),
                ),
                el('tbody', null, replicas.flatMap(replicaRows)),
            ),
        ),
    );
}

/* ---- the audit log ---- */

function sayRecord(r) {
    const d = r.detail ?? {};
    if (d.from !== undefined && d.to !== undefined)
        return `${words(d.from || 'start')} → ${words(d.to)}: ${d.reason ?? ''}`;
    return (
        d.reason ??
        Object.entries(d)
            .map(([k, v]) => `${words(k)} ${typeof v === 'object' ? '' : String(v).slice(0, 16)}`)
            .join(', ')
    );
}

export function showAudit(records) {
    if (records.length === 0) {
        replace(place('audit'), empty('Nothing has been done yet.'));
        return;
    }
    replace(
        place('audit'),
        el(
            'ol',
            {class: 'scroll audit tall', 'data-key': 'audit'},
            records.map((r) =>
                el(
                    'li',
                    {title: `sha256 ${r.hash}`},
                    el(
                        'div',
                        {class: 'line'},
                        el('small', {class: 'n'}, `#${r.seq}`),
                        el('b', null, words(r.action)),
                        el('code', null, r.subject),
                        el(
                            'small',
                            null,
                            `by ${r.actor}, `,
                            moment(r.at_unix_ms),
                            ` · ${shortHash(r.hash)}`,
                        ),
                    ),
                    el('p', {class: 'reason'}, sayRecord(r)),
                ),
            ),
        ),
    );
}
