/*
 * house.mjs - the real programs of a test: a trainer, replicas and leewayd, each on a port that the system chose,
 * with their data under one temporary folder. Everything started here is ended here.
 */
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

const START_MS = 20000;

function firstLine(child, name) {
    return new Promise((resolve, reject) => {
        let text = '';
        let complaint = '';
        const late = setTimeout(
            () => reject(new Error(`${name} said nothing in ${START_MS} ms: ${complaint}`)),
            START_MS,
        );
        child.stderr.on('data', (data) => {
            complaint = (complaint + data).slice(-2000);
        });
        child.on('exit', (code) => reject(new Error(`${name} ended with ${code}: ${complaint}`)));
        child.stdout.on('data', (data) => {
            text += data;
            const url = text.match(/listening on (\S+)/)?.[1];
            if (url) {
                clearTimeout(late);
                resolve(url);
            }
        });
    });
}

export class House {
    constructor(bin) {
        this.bin = bin;
        this.root = mkdtempSync(path.join(tmpdir(), 'leeway-dashboard-'));
        this.children = new Map(); /* name -> process */
    }

    /** Starts a program with a data folder of its own name; its URL. */
    async start(name, program, ...options) {
        const child = spawn(
            path.join(this.bin, program),
            ['--data', path.join(this.root, name), ...options],
            {stdio: ['ignore', 'pipe', 'pipe']},
        );
        this.children.set(name, child);
        return firstLine(child, name);
    }

    /** Ends one program and waits for its end. */
    async end(name, signal = 'SIGTERM') {
        const child = this.children.get(name);
        this.children.delete(name);
        if (!child || child.exitCode !== null || child.signalCode !== null) return;
        child.removeAllListeners('exit'); /* an end that is asked for is no failure to start */
        const gone = new Promise((resolve) => child.once('exit', resolve));
        const late = setTimeout(() => child.kill('SIGKILL'), 10000);
        child.kill(signal);
        await gone;
        clearTimeout(late);
    }

    file(name, text) {
        const at = path.join(this.root, name);
        writeFileSync(at, text);
        return at;
    }

    async startAll(nReplicas) {
        this.trainer = await this.start('trainer', 'leeway-trainer', '--listen', '127.0.0.1:0');
        this.replicas = [];
        for (let i = 0; i < nReplicas; i++)
            this.replicas.push(
                await this.start(
                    `r${i}`,
                    'leeway-serve',
                    '--name',
                    `r${i}`,
                    '--listen',
                    '127.0.0.1:0',
                ),
            );
        this.fleet = this.file(
            'fleet.json',
            JSON.stringify([{targets: this.replicas.map((u) => new URL(u).host)}]),
        );
        this.url = await this.startDaemon('127.0.0.1:0');
    }

    startDaemon(listen, ...options) {
        return this.start(
            'leewayd',
            'leewayd',
            '--listen',
            listen,
            '--fleet',
            this.fleet,
            '--trainer',
            this.trainer,
            '--collect-interval',
            '100ms',
            '--tick-interval',
            '100ms',
            ...options,
        );
    }

    async endAll() {
        await Promise.all([...this.children.keys()].map((name) => this.end(name)));
        rmSync(this.root, {recursive: true, force: true});
    }
}

/** One request; the parsed answer, or an Error with the server's sentence. */
export async function call(url, method = 'GET', body = undefined) {
    const response = await fetch(url, {
        method,
        headers: {'Content-Type': 'application/json'},
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
    return JSON.parse(text);
}
