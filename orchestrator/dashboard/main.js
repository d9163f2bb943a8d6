/*
 * main.js - what is on the page, when it is read again, and what the reader has chosen.
 *
 * An event of the stream says what changed; only that is read again, and no more than once in a while for
 * each part (reader below). What no event tells (counters, job progress) comes with /v1/status on a slow
 * timer. The choice of model, run, feature, window and version lives in the address after '#', so that a
 * link shows a colleague the same; what is not chosen follows the newest.
 */
import * as api from './api.js';
import {place, replace, failure} from './dom.js';
import {showFeature} from './feature.js';
import {showAudit, showReplicas} from './fleet.js';
import {setDaemonTime, tickTimes} from './format.js';
import {showHeatmap, worstFeature} from './heatmap.js';
import {follow} from './live.js';
import {showHeader, showModels, showProblems} from './overview.js';
import {showPerformance} from './performance.js';
import {showRun, showRuns} from './runs.js';
import {showLineage, showVersions} from './versions.js';

const WINDOWS = 48;
const POINTS = 300;
const STATUS_MS = 10000;
const STATUS_RUNNING_MS = 2000; /* while a run is under way, for its progress */

const live = {state: 'reconnecting', error: null};
const know = {
    status: null,
    drift: null,
    points: null,
    bins: null,
    binsError: null,
    runs: [],
    run: null,
    versions: [],
    lineage: null,
};
let chosen = {};

/* ---- the reader's choice ---- */

function readChoice() {
    const given = new URLSearchParams(location.hash.slice(1));
    chosen = Object.fromEntries(
        ['model', 'run', 'feature', 'window', 'version'].map((k) => [k, given.get(k)]),
    );
}

function choose(change) {
    const next = new URLSearchParams();
    for (const [name, value] of Object.entries({...chosen, ...change}))
        if (value !== null && value !== undefined) next.set(name, value);
    history.replaceState(null, '', `#${next}`);
    readChoice();
}

const model = () => chosen.model ?? know.status?.models[0]?.model ?? null;
const modelNow = () => know.status?.models.find((m) => m.model === model());
const feature = () => chosen.feature ?? (know.drift ? worstFeature(know.drift) : null);
const windowId = () =>
    chosen.window ? Number(chosen.window) : (know.drift?.windows.at(-1)?.id ?? null);
const runId = () => chosen.run ?? modelNow()?.run?.id ?? know.runs[0]?.id ?? null;
const version = () => chosen.version ?? modelNow()?.champion?.label ?? null;

/* ---- reading, never twice at once and never faster than rest_ms ---- */

/*
 * Makes a function that runs read() soon: at once when it has rested, else when the rest is over; calls in
 * between are one call. An answer for a model that is no longer chosen is dropped by read itself.
 */
function reader(rest_ms, read, onError) {
    let wanted = false;
    let busy = false;
    const turn = async () => {
        busy = true;
        while (wanted) {
            wanted = false;
            try {
                await read();
            } catch (error) {
                onError(error);
            }
            await new Promise((resolve) => setTimeout(resolve, rest_ms));
        }
        busy = false;
    };
    return () => {
        wanted = true;
        if (!busy) turn();
    };
}

/* A failed read leaves what was shown and says so; the next event or 'live' tries again. */
function panelError(id) {
    return (error) => {
        if (error.status === 401) askToken();
        else if (place(id).childElementCount === 0) replace(place(id), failure(error));
    };
}

async function ofModel(read) {
    const name = model();
    if (!name) return null;
    const answer = await read(name);
    return name === model() ? answer : null;
}

const readStatus = reader(
    1000,
    async () => {
        const [before, champion] = [model(), modelNow()?.champion?.label];
        know.status = await api.getStatus();
        setDaemonTime(know.status.now_unix_ms);
        showOverview();
        if (model() !== before) readModel();
        else if (modelNow()?.champion?.label !== champion) {
            if (know.run) showChosenRun();
            readVersions(); /* the lineage shown is the champion's, which no event has named */
        }
    },
    (error) => {
        if (error.status === 401) askToken();
    },
);

const readDrift = reader(
    1500,
    async () => {
        const drift = await ofModel((m) => api.getDrift(m, WINDOWS));
        if (!drift) return;
        know.drift = drift;
        showDrift();
        showScores(); /* windows estimate the performance, too */
        readFeature();
    },
    panelError('heatmap'),
);

const readFeature = reader(
    300,
    async () => {
        if (!feature() || !windowId()) return;
        const asked = `${model()} ${feature()} ${windowId()}`;
        try {
            const answer = await api.getFeature(model(), feature(), windowId());
            [know.bins, know.binsError] = [answer.bins, null];
        } catch (error) {
            if (error.status === 401) throw error;
            [know.bins, know.binsError] = [null, error];
        }
        if (asked === `${model()} ${feature()} ${windowId()}`) showChosenFeature();
    },
    panelError('feature'),
);

const readPerformance = reader(
    1500,
    async () => {
        const answer = await ofModel((m) => api.getPerformance(m, POINTS));
        if (!answer) return;
        know.points = answer.points;
        showScores();
    },
    panelError('performance'),
);

const readRuns = reader(
    700,
    async () => {
        const answer = await ofModel((m) => api.getRuns(m, 50));
        if (!answer) return;
        know.runs = answer.runs;
        showRunList();
        readRun();
    },
    panelError('runs'),
);

const readRun = reader(
    300,
    async () => {
        const id = runId();
        know.run = id ? await api.getRun(id) : null;
        if (id === runId()) showChosenRun();
    },
    (error) => (error.status === 401 ? askToken() : showRun(null, null, error)),
);

const readVersions = reader(
    1500,
    async () => {
        const answer = await ofModel(api.getVersions);
        if (!answer) return;
        know.versions = answer.versions;
        showVersionList();
        readLineage();
    },
    panelError('versions'),
);

const readLineage = reader(
    300,
    async () => {
        const label = version();
        know.lineage = label ? await ofModel((m) => api.getLineage(m, label)) : null;
        if (label === version()) showLineage(know.lineage, know.versions, null);
    },
    (error) => (error.status === 401 ? askToken() : showLineage(null, [], error)),
);

const readAudit = reader(
    2000,
    async () => {
        showAudit((await api.getAudit(60)).records);
    },
    panelError('audit'),
);

function readModel() {
    place('of-model').hidden = !model();
    for (const read of [readDrift, readPerformance, readRuns, readVersions]) read();
}

function readAll() {
    readStatus(); /* which reads the model, where the first status is what says which one */
    if (model()) readModel();
    readAudit();
}

/* ---- showing ---- */

function showOverview() {
    showHeader(know.status, live);
    if (!know.status) return;
    showProblems(know.status.problems);
    showModels(know.status.models, model(), (name) => {
        choose({model: name, run: null, feature: null, window: null, version: null});
        Object.assign(know, {
            drift: null,
            points: null,
            bins: null,
            runs: [],
            run: null,
            versions: [],
            lineage: null,
        });
        showOverview();
        readModel();
    });
    showReplicas(know.status.replicas);
    place('of-model').hidden = !model();
}

function showScores() {
    if (know.points) showPerformance(model(), know.points, know.drift?.windows ?? []);
}

function showDrift() {
    showHeatmap({
        model: model(),
        drift: know.drift,
        feature: feature(),
        window: windowId(),
        pinned: chosen.window !== null,
        onChoose: (name, id) => {
            choose({feature: name, window: id});
            showDrift();
            readFeature();
        },
    });
}

function showChosenFeature() {
    showFeature({
        drift: know.drift,
        feature: feature(),
        window: chosen.window ? Number(chosen.window) : null,
        bins: know.bins,
        error: know.binsError,
        onFollow: () => {
            choose({window: null});
            showDrift();
            readFeature();
        },
    });
}

function showChosenRun() {
    showRun(know.run, modelNow()?.champion?.label, null);
}

function selectRun(id) {
    choose({run: id});
    showRunList();
    readRun();
}

function showRunList() {
    showRuns({model: model(), runs: know.runs, run: runId(), onSelect: selectRun});
}

function showVersionList() {
    showVersions({
        model: model(),
        versions: know.versions,
        version: version(),
        onSelect: (label) => {
            choose({version: label});
            showVersionList();
            readLineage();
        },
        onRun: (id) => {
            selectRun(id);
            place('h-runs').scrollIntoView();
        },
    });
}

/* ---- live ---- */

/* What each event makes stale, of the chosen model; the overview shows all models. */
const stale = {
    window: [readDrift, readStatus],
    performance: [readPerformance, readStatus],
    decision: [readStatus],
    run: [readRuns, readVersions, readStatus, readAudit],
    version: [readVersions, readStatus],
    model: [readStatus, readModel, readAudit],
};

function putReplica(replica) {
    if (!know.status) return;
    const others = know.status.replicas;
    const at = others.findIndex((r) => r.url === replica.url);
    others.splice(at < 0 ? others.length : at, 1, replica);
    showHeader(know.status, live);
    showReplicas(others);
    readStatus(); /* its problems are sentences that only the status has */
}

function onEvent(name, data) {
    if (name === 'replica') {
        putReplica(data);
        return;
    }
    const others = data.model && data.model !== model();
    for (const read of others ? [readStatus, readAudit] : (stale[name] ?? [])) read();
}

function onState(state, error) {
    Object.assign(live, {state, error});
    document.body.dataset.live = state;
    showHeader(know.status, live);
    if (state === 'live') readAll(); /* events may have been missed */
}

/* ---- the token ---- */

let asking = null;

function askToken() {
    asking ??= new Promise((resolve) => {
        const dialog = place('token-dialog');
        place('token-problem').textContent = api.hasToken()
            ? 'The daemon does not know this token.'
            : '';
        dialog.addEventListener(
            'close',
            () => {
                api.setToken(place('token').value.trim());
                place('token').value = '';
                asking = null;
                resolve();
            },
            {once: true},
        );
        dialog.addEventListener('cancel', (event) => event.preventDefault());
        dialog.showModal();
    });
    return asking;
}

/* ---- start ---- */

function scheduleStatus() {
    const running = know.status?.models.some((m) => m.run);
    setTimeout(
        () => {
            if (!document.hidden && live.state === 'live') readStatus();
            scheduleStatus();
        },
        running ? STATUS_RUNNING_MS : STATUS_MS,
    );
}

readChoice();
showHeader(null, live);
addEventListener('hashchange', () => {
    readChoice();
    readAll();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    readPerformance();
    readFeature();
});
setInterval(tickTimes, 5000);
scheduleStatus();
follow({onState, onEvent, onRefused: askToken});
