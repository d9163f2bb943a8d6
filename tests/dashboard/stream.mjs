/*
 * stream.mjs - a small stream of loan requests with a known rule and a known change: from row `change` on, salaries
 * are inflated and the rule no longer holds. One feature's name is markup, to see that the page shows names as text.
 */
export const HOSTILE = '<img src=x onerror=document.body.dataset.hacked=1>';

export const schema = {
    model: 'loan',
    features: [
        {name: 'salary', type: 'numeric'},
        {name: 'age', type: 'numeric'},
        {name: HOSTILE, type: 'numeric'},
    ],
    label: {name: 'approved', type: 'binary', classes: ['no', 'yes']},
};

export const policy = `
leeway: 1
model: loan
window: {rows: 300}
monitors:
  - {name: inputs, kind: drift, statistic: psi, false_alarm_rate: 0.1%, lengths: 2}
  - {name: accuracy, kind: performance, metric: accuracy, rows: 300, min_rows: 150, confidence: 99%}
  - {name: guess, kind: estimated_performance, metric: accuracy, min_rows: 150}
  - {name: hurt, kind: harm, min_rows: 100, rows_between_alarms: 1000}
triggers:
  - {name: accuracy-fell, kind: performance_drop, monitor: accuracy, drop: 5%, windows: 1}
guards: {cooldown: none, max_runs_per_day: 1, min_labelled_rows: 200}
train:
  window: {rows: 2000}
  holdout_rows: 400
  parameters: {algorithm: logistic, epochs: 10, batch: 128}
  deadline: 1m
  memory: 1G
gate: {metric: accuracy, margin: 0, confidence: 80%, min_rows: 200}
rollout: {steps: [{weight: 50%, min_requests: 50, max_time: 1m}]}
`;

/* Mulberry32: the same rows in every run. */
function random(seed) {
    let a = seed;
    return () => {
        a = (a + 0x6d2b79f5) | 0;
        let t = Math.imul(a ^ (a >>> 15), 1 | a);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

/** n rows {id, x, label}. */
export function rows(prefix, n, change, seed) {
    const next = random(seed);
    return Array.from({length: n}, (_, i) => {
        const late = i >= change;
        const salary = 20 + 80 * next();
        const age = 20 + 45 * next();
        const approved = late ? age > 40 : salary - 0.3 * age > 45;
        return {
            id: `${prefix}${i}`,
            x: [late ? salary * 2 : salary, age, next()],
            label: approved ? 'yes' : 'no',
        };
    });
}

/** The body of an infer request for one row. */
export function inferBody(row) {
    return {
        id: row.id,
        inputs: schema.features.map((f, i) => ({
            name: f.name,
            datatype: 'FP64',
            shape: [1],
            data: [row.x[i]],
        })),
    };
}
