/*
 * api.js - the only place that talks to leewayd. It reads and never writes: operators act by the CLI, where a
 * change carries their name. A token, where the daemon asks for one, lives in sessionStorage: it goes
 * with the tab.
 */
const KEY = 'leeway-token';

export class ApiError extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

export function setToken(token) {
    sessionStorage.setItem(KEY, token);
}

export function hasToken() {
    return sessionStorage.getItem(KEY) !== null;
}

function headers() {
    const token = sessionStorage.getItem(KEY);
    return token ? {Authorization: `Bearer ${token}`} : {};
}

async function sentence(response) {
    try {
        return (await response.json()).error ?? response.statusText;
    } catch {
        return `leewayd answered ${response.status}`;
    }
}

/** A response whose status is 2xx; anything else is an ApiError with the daemon's own sentence. */
export async function open(path, signal) {
    const response = await fetch(path, {headers: headers(), signal, cache: 'no-store'});
    if (!response.ok) throw new ApiError(response.status, await sentence(response));
    return response;
}

async function get(path) {
    const response = await open(path, AbortSignal.timeout(15000));
    return response.json();
}

const id = encodeURIComponent;

export const getStatus = () => get('/v1/status');
export const getDrift = (model, windows) => get(`/v1/models/${id(model)}/drift?windows=${windows}`);
export const getFeature = (model, feature, window) =>
    get(`/v1/models/${id(model)}/features/${id(feature)}?window=${window}`);
export const getPerformance = (model, windows) =>
    get(`/v1/models/${id(model)}/performance?windows=${windows}`);
export const getVersions = (model) => get(`/v1/models/${id(model)}/versions`);
export const getLineage = (model, version) =>
    get(`/v1/models/${id(model)}/versions/${id(version)}`);
export const getRuns = (model, limit) => get(`/v1/runs?model=${id(model)}&limit=${limit}`);
export const getRun = (run) => get(`/v1/runs/${id(run)}`);
export const getAudit = (limit) => get(`/v1/audit?limit=${limit}`);
