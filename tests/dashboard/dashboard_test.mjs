/*
 * dashboard_test.mjs BIN WORK - the page in Chromium, against a trainer, two replicas and leewayd. What it shows:
 * an empty daemon says what to do; a model, a run and its promotion appear without a reload; traffic becomes
 * a heatmap, an estimated performance and, with labels, charts and harm; names are text; a daemon that goes away and comes back is noticed;
 * tokens are asked for; nothing is wider than a telephone.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import {chromium} from 'playwright-core';
import {House, call} from './house.mjs';
import {HOSTILE, inferBody, policy, rows, schema} from './stream.mjs';

const [, , bin, work] = process.argv;
const WAIT_MS = 20000;

function openBrowser() {
    return chromium.launch({
        executablePath: process.env.LEEWAY_CHROMIUM,
        args: [
            '--headless',
            '--no-sandbox',
            '--disable-gpu',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-default-apps',
            '--no-first-run',
        ],
    });
}

/** A page whose complaints are collected; a lost connection is no complaint. */
async function openPage(browser, url) {
    const page = await browser.newPage({viewport: {width: 1440, height: 900}});
    const complaints = [];
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => complaints.push(error.stack));
    page.on('console', (line) => {
        if (line.type() === 'error' && !/Failed to load resource|ERR_/.test(line.text()))
            complaints.push(line.text());
    });
    await page.goto(url);
    await page.evaluate(() => {
        window.notReloaded = true;
    });
    return {page, complaints};
}

const see = (page, selector, text) =>
    page.locator(selector).filter({hasText: text}).first().waitFor({state: 'visible'});

async function emptyDaemonSaysWhatToDo({page}) {
    await see(page, '#live', 'live');
    await see(page, '#models code', 'leeway model create');
    await see(page, '#replicas', 'serves nothing yet');
}

async function runAppearsAndIsPromoted({page, house}) {
    await call(`${house.url}/v1/models`, 'POST', {schema, policy});
    await see(page, '#models h2', 'loan');
    await see(page, '#runs', 'No run yet');
    await call(`${house.url}/v1/models/loan/import`, 'POST', {
        rows: rows('import', 2000, Infinity, 1),
    });
    const run = await call(`${house.url}/v1/models/loan/retrain`, 'POST', {
        reason: 'first version',
    });
    await see(page, '.run-item', run.id);
    await see(page, '#run .timeline .step', 'promoted');
    await see(page, '#models .champion', 'v1 in service');
    await see(page, '#versions tr', 'v1');
    await see(page, '#lineage', 'In service');
    await see(page, '#audit', run.id);
}

async function send(house, stream) {
    for (let i = 0; i < stream.length; i += 20)
        await Promise.all(
            stream
                .slice(i, i + 20)
                .map((row, k) =>
                    call(
                        `${house.replicas[k % house.replicas.length]}/v2/models/loan/infer`,
                        'POST',
                        inferBody(row),
                    ),
                ),
        );
}

async function trafficBecomesAHeatmap({page, house}) {
    const stream = rows('ask', 1500, 700, 2);
    await send(house, stream);
    await see(page, '#heatmap .row-head', 'salary');
    await page.locator('#heatmap .grid .cell.drift').first().waitFor();
    await see(page, '#heatmap .now.drift', '×');
    await page.locator('[data-key="feature salary"]').click();
    await see(page, '#feature .sentences', 'psi of salary');
    await see(page, '#feature .sentences', '2 windows together: psi of salary');
    await page.locator('#feature canvas').waitFor();
    await see(page, '#performance .empty', 'leeway labels loan');
    await see(page, '#performance .lead', 'guess: estimated accuracy');
    await call(`${house.url}/v1/models/loan/labels`, 'POST', {
        labels: stream.map(({id, label}) => ({id, label})),
    });
    await see(page, '#performance .lead', /accuracy: accuracy 0\.\d+ . worse/);
    await see(page, '#performance .lead', /hurt: mean loss 0\.\d+ . harm .*tolerated: 0\.\d+.* Evidence e > 1/);
    assert.equal(await page.locator('#performance canvas').count(), 3);
    assert.equal(await page.locator('#performance .empty').count(), 0);
    await see(page, '#models .score', 'accuracy');
    await see(page, '#models .score', 'mean loss');
}

async function heatmapIsReachableByKeyboard({page}) {
    await page.locator('#heatmap .grid .cell').last().focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    const chosen = page.locator('#heatmap .grid .cell[aria-selected="true"]');
    assert.equal(await chosen.count(), 1);
    assert.match(await chosen.getAttribute('aria-label'), /^age, /);
    assert.match(page.url(), /feature=age&window=\d+/);
    await page.locator('[data-key="follow-window"]').click();
    assert.doesNotMatch(page.url(), /window=/);
}

async function namesAreText({page}) {
    await see(page, '#heatmap .row-head', HOSTILE);
    assert.equal(await page.locator('main img').count(), 0);
    assert.equal(await page.evaluate(() => document.body.dataset.hacked), undefined);
}

async function fitsATelephone({page}) {
    await page.setViewportSize({width: 390, height: 844});
    /* Charts follow a new width a frame later. */
    const fits = () => document.documentElement.scrollWidth <= 390;
    await page.waitForFunction(fits, null, {timeout: 3000}).catch(() => {});
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.screenshot({path: path.join(work, 'dashboard-narrow.png'), fullPage: true});
    await page.setViewportSize({width: 1440, height: 900});
    assert.equal(width, 390, `the page is ${width} px wide on a telephone of 390`);
}

async function comingBackIsNoticed({page, house}) {
    assert.equal(
        await page.evaluate(() => window.notReloaded),
        true,
        'the page was reloaded on the way',
    );
    await house.end('leewayd', 'SIGKILL');
    await see(page, '#live', 'reconnecting');
    await house.startDaemon(new URL(house.url).host);
    await see(page, '#live', 'live');
    await see(page, '#models .champion', 'v1 in service');
}

async function tokenIsAskedFor({browser, house}) {
    await house.end('leewayd');
    const tokens = house.file('tokens', 'ops viewer correct-horse-battery-staple-0001\n');
    const url = await house.startDaemon('127.0.0.1:0', '--token-file', tokens);
    const {page, complaints} = await openPage(browser, url);
    await page.locator('#token-dialog input').fill('not-the-token');
    await page.locator('#token-dialog button').click();
    await see(page, '#token-problem', 'does not know');
    await page.locator('#token-dialog input').fill('correct-horse-battery-staple-0001');
    await page.locator('#token-dialog button').click();
    await see(page, '#live', 'live');
    await see(page, '#models h2', 'loan');
    assert.deepEqual(complaints, []);
    await page.close();
}

async function main() {
    const house = new House(bin);
    const browser = await openBrowser();
    try {
        await house.startAll(2);
        const {page, complaints} = await openPage(browser, house.url);
        const steps = [
            emptyDaemonSaysWhatToDo,
            runAppearsAndIsPromoted,
            trafficBecomesAHeatmap,
            heatmapIsReachableByKeyboard,
            namesAreText,
            fitsATelephone,
            comingBackIsNoticed,
            tokenIsAskedFor,
        ];
        try {
            for (const step of steps) {
                const began = Date.now();
                await step({page, browser, house});
                console.log(`ok ${step.name} (${Date.now() - began} ms)`);
                if (step === fitsATelephone)
                    await page.screenshot({path: path.join(work, 'dashboard.png'), fullPage: true});
            }
        } catch (error) {
            await page.screenshot({path: path.join(work, 'dashboard-failed.png'), fullPage: true});
            console.error(
                `${error.stack}\nthe page complained: ${complaints.join('\n') || 'no'}\n` +
                    `how it looked: ${path.join(work, 'dashboard-failed.png')}`,
            );
            process.exitCode = 1;
        }
        assert.deepEqual(complaints, [], "errors in the browser's console");
    } finally {
        await browser.close();
        await house.endAll();
    }
}

await main();
