/*
 * live.js - the event stream of leewayd. By fetch and not by EventSource: that one cannot send a token and
 * hides why it failed; so there is one way with and without tokens. The daemon pings every 15 s:
 * silence for three pings is a dead connection, whatever the socket says.
 */
import {open} from './api.js';

const SILENCE_MS = 45000;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 10000;

/** Feeds text in pieces of any size; calls onEvent(name, data) for each whole event. */
export function parser(onEvent) {
    let rest = '';
    return (text) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) {
            let name = 'message';
            const data = [];
            for (const line of block.split('\n')) {
                if (line.startsWith('event:')) name = line.slice(6).trim();
                else if (line.startsWith('data:')) data.push(line.slice(5));
            }
            if (data.length > 0) onEvent(name, JSON.parse(data.join('\n')));
        }
    };
}

async function listen(onOpen, onEvent) {
    const abort = new AbortController();
    const watchdog = () => setTimeout(() => abort.abort(new Error('no ping for 45 s')), SILENCE_MS);
    let timer = watchdog();
    try {
        const response = await open('/v1/events', abort.signal);
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        const feed = parser(onEvent);
        onOpen();
        for (;;) {
            const {value, done} = await reader.read();
            if (done) throw new Error('leewayd ended the stream');
            clearTimeout(timer);
            timer = watchdog();
            feed(value);
        }
    } finally {
        clearTimeout(timer);
        abort.abort();
    }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/*
 * Follows for as long as the page lives. onState('live' | 'reconnecting', error); every 'live' means that
 * events may have been missed before it: the page reads everything again. onRefused(error) is awaited
 * on 401, before the next try.
 */
export async function follow({onState, onEvent, onRefused}) {
    let wait_ms = RETRY_MIN_MS;
    for (;;) {
        try {
            await listen(() => {
                wait_ms = RETRY_MIN_MS;
                onState('live', null);
            }, onEvent);
        } catch (error) {
            onState('reconnecting', error);
            if (error.status === 401) await onRefused(error);
        }
        await pause(wait_ms * (0.75 + Math.random() / 2));
        wait_ms = Math.min(wait_ms * 2, RETRY_MAX_MS);
    }
}
