/*
 * dom.js - building pieces of the page. Whatever comes from the daemon becomes a text node or an attribute's
 * value, never markup: a feature may be called <script> without harm.
 */
const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
        else node.setAttribute(name, value === true ? '' : String(value));
    }
    for (const child of children.flat(Infinity))
        if (child !== null && child !== undefined && child !== false) node.append(child);
    return node;
}

/** el('p', {class: 'note'}, 'text', node, [more]): an element; attributes that are null are left out. */
export function el(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

/** The same for drawings. */
export function svg(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

export function place(id) {
    return document.getElementById(id);
}

/*
 * Replaces what is in the container, and keeps what a reader was doing there: focus, opened details and scroll
 * positions are found again by data-key. Live data may come every second.
 */
export function replace(container, ...children) {
    if (isSelectedIn(container)) postponed.set(container, children);
    else put(container, children);
}

/* Text that somebody is selecting, to copy it, stays until the selection is gone. */
const postponed = new Map(); /* container -> its next children */

function isSelectedIn(container) {
    const selection = getSelection();
    return !selection.isCollapsed && container.contains(selection.anchorNode);
}

document.addEventListener('selectionchange', () => {
    for (const [container, children] of postponed)
        if (!isSelectedIn(container)) {
            put(container, children);
        }
});

function put(container, children) {
    postponed.delete(container);
    const focus = container.contains(document.activeElement)
        ? document.activeElement.dataset.key
        : null;
    const opened = new Map();
    const scrolled = new Map();
    for (const node of container.querySelectorAll('details[data-key]'))
        opened.set(node.dataset.key, node.open);
    for (const node of container.querySelectorAll('.scroll[data-key]'))
        scrolled.set(node.dataset.key, [node.scrollLeft, node.scrollTop]);
    container.replaceChildren(...children.flat(Infinity).filter((child) => child));
    for (const node of container.querySelectorAll('[data-key]')) {
        const key = node.dataset.key;
        if (opened.has(key)) node.open = opened.get(key);
        if (scrolled.has(key)) [node.scrollLeft, node.scrollTop] = scrolled.get(key);
        if (focus && key === focus) node.focus({preventScroll: true});
    }
}

/** What to say where there is nothing to show yet: a sentence, and the commands that change it. */
export function empty(sentence, ...commands) {
    return el('div', {class: 'empty'}, el('p', null, sentence), commands.map(commandLine));
}

export function failure(error) {
    return el('p', {class: 'empty bad-text', role: 'alert'}, `✕ ${error.message}`);
}

async function copy(text, code) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    /* Plain HTTP to another host has no clipboard interface; the selection has one still. */
    getSelection().selectAllChildren(code);
    if (!document.execCommand('copy')) throw new Error('select and copy by hand');
}

/* The CLI finds the daemon at its default address by itself; any other must be named to it. */
function forThisDaemon(command) {
    const byDefault = location.origin === 'http://127.0.0.1:7070';
    return byDefault || !command.startsWith('leeway ')
        ? command
        : `${command} --server ${location.origin}`;
}

/** A command to paste into a shell, with a button that copies it. */
export function commandLine(text) {
    const command = forThisDaemon(text);
    const code = el('code', null, command);
    const button = el(
        'button',
        {
            type: 'button',
            class: 'copy',
            'data-key': `copy ${command}`,
            'aria-label': `Copy: ${command}`,
        },
        'Copy',
    );
    button.addEventListener('click', async () => {
        try {
            await copy(command, code);
            button.textContent = 'Copied ✓';
        } catch {
            getSelection().selectAllChildren(code);
            button.textContent = 'Selected';
        }
        setTimeout(() => {
            button.textContent = 'Copy';
        }, 1500);
    });
    return el('div', {class: 'command'}, code, button);
}
