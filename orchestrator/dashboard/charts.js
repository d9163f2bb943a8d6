/* charts.js - Chart.js as this page uses it: colours of the style sheet, no animation, one chart per canvas. */

/** A colour of style.css as it is now, in light or in dark. */
export function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const charts = new Map(); /* canvas -> Chart */

function applyTheme() {
    Chart.defaults.color = colour('quiet');
    Chart.defaults.borderColor = colour('line');
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.animation = false;
    Chart.defaults.maintainAspectRatio = false;
}

/** Draws on the canvas, in place of what was there. */
export function draw(canvas, config) {
    applyTheme();
    charts.get(canvas)?.destroy();
    charts.set(canvas, new Chart(canvas, config));
}

/** Frees the chart of a canvas that leaves the page. */
export function drop(canvas) {
    charts.get(canvas)?.destroy();
    charts.delete(canvas);
}
