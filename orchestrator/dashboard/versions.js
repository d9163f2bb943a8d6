/* versions.js - the registry of a model, and where one version comes from. */
import {el, empty, failure, place, replace} from './dom.js';
import {ago, count, duration, daemonNow, moment, number, pill, shortHash, words} from './format.js';

const first_metrics = ['accuracy', 'auc', 'log_loss', 'rmse', 'mae'];

/** The metrics that any version has, the usual ones first, at most four. */
function metricsOf(versions) {
    const names = new Set(versions.flatMap((v) => Object.keys(v.metrics ?? {})));
    names.delete('n');
    const usual = first_metrics.filter((m) => names.has(m));
    return [...usual, ...[...names].filter((m) => !usual.includes(m))].slice(0, 4);
}

function row(v, metrics, view) {
    return el(
        'tr',
        {'aria-selected': String(v.label === view.version)},
        el(
            'th',
            {scope: 'row'},
            el(
                'button',
                {
                    type: 'button',
                    'data-key': `version ${v.label}`,
                    'aria-pressed': String(v.label === view.version),
                    onclick: () => view.onSelect(v.label),
                },
                v.label,
            ),
        ),
        el('td', null, pill(v.state)),
        el('td', null, v.parent || '–'),
        metrics.map((m) => el('td', {class: 'n'}, number(v.metrics?.[m]))),
        el('td', null, ago(v.created_unix_ms)),
        el(
            'td',
            null,
            v.run
                ? el(
                      'button',
                      {
                          type: 'button',
                          class: 'plain',
                          'data-key': `of ${v.label}`,
                          onclick: () => view.onRun(v.run),
                      },
                      el('code', null, v.run),
                  )
                : '–',
        ),
    );
}

/** view: {model, versions, version: the chosen label, onSelect(label), onRun(id)}. */
export function showVersions(view) {
    if (view.versions.length === 0) {
        replace(
            place('versions'),
            empty(
                'No version yet; the first promoted run makes one.',
                `leeway retrain ${view.model} --reason "first version"`,
            ),
        );
        return;
    }
    const metrics = metricsOf(view.versions);
    const heads = ['version', 'state', 'parent', ...metrics.map(words), 'made', 'run'];
    replace(
        place('versions'),
        el(
            'div',
            {class: 'scroll tall', 'data-key': 'versions'},
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
                el(
                    'tbody',
                    null,
                    view.versions.map((v) => row(v, metrics, view)),
                ),
            ),
        ),
    );
}

/* ---- lineage ---- */

function pair(name, ...value) {
    return el('div', null, el('dt', null, name), el('dd', null, ...value));
}

/* v5 ← v3 ← v2: parents by walking the list, which has every version of the model. */
function ancestry(label, versions) {
    const parents = new Map(versions.map((v) => [v.label, v.parent]));
    const chain = [label];
    while (parents.get(chain.at(-1)) && chain.length < 12) chain.push(parents.get(chain.at(-1)));
    return chain.join(' ← ') + (parents.get(chain.at(-1)) ? ' ← …' : '');
}

function stretch(s) {
    const until = s.to_unix_ms ? moment(s.to_unix_ms) : 'now';
    const length = duration((s.to_unix_ms ?? daemonNow()) - s.from_unix_ms);
    return el(
        'li',
        null,
        el('b', null, `${moment(s.from_unix_ms)} – ${until}`),
        ` (${length}) by ${s.actor}: ${s.reason}`,
    );
}

function origin(manifest) {
    const from = manifest.lineage ?? {};
    return [
        pair('trained for', from.trigger?.reason_in_words ?? '–'),
        pair(
            'snapshot',
            el('code', null, shortHash(from.snapshot_sha256)),
            ` ${count(from.snapshot_rows)} rows, `,
            `${count(from.holdout_rows)} held out`,
        ),
        from.from_unix_ms
            ? pair('rows of', `${moment(from.from_unix_ms)} – ${moment(from.to_unix_ms)}`)
            : null,
        pair('policy', el('code', null, shortHash(from.policy_sha256))),
        pair(
            'trained on',
            [manifest.backend, manifest.device, manifest.precision].map((x) => `${x ?? '–'}, `),
            `seed ${manifest.seed}, `,
            `code ${manifest.code_version}`,
        ),
    ];
}

function hyperparameters(manifest) {
    const set = Object.entries(manifest.hyperparameters ?? {});
    return el(
        'details',
        {'data-key': 'hyperparameters'},
        el('summary', null, 'Parameters'),
        el(
            'dl',
            {class: 'pairs'},
            set.map(([name, value]) =>
                pair(words(name), Array.isArray(value) ? value.join(' ') || 'none' : String(value)),
            ),
        ),
    );
}

/** lineage: as of getLineage, or null. */
export function showLineage(lineage, versions, error) {
    if (error || !lineage) {
        replace(
            place('lineage'),
            error ? failure(error) : empty('Choose a version to see where it comes from.'),
        );
        return;
    }
    replace(
        place('lineage'),
        el('h3', null, lineage.label, ' ', pill(lineage.state)),
        el(
            'dl',
            {class: 'facts list'},
            pair('ancestors', ancestry(lineage.label, versions)),
            pair('sha256', el('code', {class: 'break'}, lineage.sha256)),
            origin(lineage.manifest ?? {}),
        ),
        el('h4', null, 'In service'),
        lineage.service?.length > 0
            ? el('ul', {class: 'plain-list'}, lineage.service.map(stretch))
            : el('p', {class: 'quiet-text'}, 'Never: it did not get that far.'),
        hyperparameters(lineage.manifest ?? {}),
    );
}
