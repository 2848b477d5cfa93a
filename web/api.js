// SPDX-License-Identifier: MIT
// The service as this page uses it: one photo in, one answer or Problem out.

const INCLUDE =
    "landmarks,pose,quality,attention,attention_map,evidence,timing";
const PATH = `/v1/analyze?include=${INCLUDE}`;
const TIMEOUT_MS = 30000;
const LONGEST_RETRY_S = 10;

const HINTS = {
    unsupported_media_type: "Use a photo in one of the formats named above. " +
        "A phone's HEIC photo can be shared or saved as JPEG.",
    image_decode_failed: "The file may be damaged or cut short. Open it in a " +
        "photo program, save it again and try that copy.",
    image_too_small: "Use a larger version of the photo.",
    image_too_many_pixels: "Make the photo smaller. A face of 100 pixels is " +
        "large enough.",
    payload_too_large: "Make the photo smaller, or save it as JPEG. A face " +
        "of 100 pixels is large enough.",
    empty_body: "The file is empty. Choose another one.",
    unauthorized: "Enter an API key above. It stays in this page's memory.",
    rate_limited: "Wait a moment, then try again.",
    overloaded: "Wait a moment, then try again.",
    draining: "The service is about to restart. Try again in a minute.",
    deadline_exceeded: "Try again, or use a smaller photo.",
    body_timeout: "The upload was too slow. Try again, or use a smaller photo.",
    unreachable: "Check that you are online and that the service is running, " +
        "then try again.",
    timeout: "The service may be busy. Try again in a moment.",
    unreadable: "It may have been moved or be a folder. Choose it again.",
};

/* Other statuses than 5xx that the same photo may not meet again. */
const PASSING = new Set([401, 408, 429]);

/** Why there is no answer, in words for people. */
export class Problem extends Error {
    constructor({ title, detail, code, status = 0, request_id = "" }) {
        super(detail);
        this.title = title;
        this.detail = detail;
        this.code = code;
        this.status = status;
        this.requestId = request_id;
        this.isPassing = PASSING.has(status) || status >= 500 ||
            code === "unreachable" || code === "timeout";
        this.hint = HINTS[code] ?? "Try again. If it happens again, report " +
            "it with the request id.";
    }
}

function pause(ms, signal) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);

        signal?.addEventListener("abort", () => {
            clearTimeout(timer);
            reject(signal.reason);
        }, { once: true });
    });
}

async function problemOf(response) {
    try {
        const problem = await response.json();

        if (typeof problem.title === "string") {
            return new Problem({ detail: "", code: "", ...problem,
                status: response.status });
        }
    } catch {
        // Not the service's own answer; a proxy's page, say.
    }
    return new Problem({
        title: "The service did not answer as expected",
        detail: `It sent status ${response.status} without an explanation.`,
        code: "unexpected",
        status: response.status,
        request_id: response.headers.get("X-Request-ID") ?? "",
    });
}

/* One exchange: a Response with status 200, or a Problem. */
async function exchange(path, init, signal) {
    const controller = new AbortController();
    const stop = () => controller.abort();
    const timer = setTimeout(stop, TIMEOUT_MS);

    signal?.addEventListener("abort", stop, { once: true });
    try {
        const response = await fetch(path, { ...init, cache: "no-store",
            credentials: "omit", signal: controller.signal });

        if (response.ok) {
            return { response, answer: await response.json() };
        }
        return { response, problem: await problemOf(response) };
    } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof SyntaxError) {
            return { problem: new Problem({
                title: "The service did not answer as expected",
                detail: "What it sent is not JSON.",
                code: "unexpected" }) };
        }
        if (controller.signal.aborted) {
            return { problem: new Problem({
                title: "No answer in time",
                detail: `Nothing came within ${TIMEOUT_MS / 1000} seconds.`,
                code: "timeout" }) };
        }
        return { problem: new Problem({
            title: "The service cannot be reached",
            detail: "The connection failed before an answer came.",
            code: "unreachable" }) };
    } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
    }
}

function contentType(blob) {
    return blob.type.startsWith("image/") ? blob.type
        : "application/octet-stream";
}

/**
 * Analyse one photo; throws a Problem. A 503 is tried once more after the
 * time that the service asks for, which onRetry(seconds) is told.
 */
export async function analyze(blob, { key = "", signal, onRetry } = {}) {
    const headers = { "Content-Type": contentType(blob),
        Accept: "application/json" };
    let body = blob;

    if (key !== "") {
        headers["X-API-Key"] = key;
    }
    try {
        body = await blob.arrayBuffer();
    } catch {
        throw new Problem({ title: "The file cannot be read",
            detail: "The browser was not able to open it.",
            code: "unreadable" });
    }
    for (let attempt = 0; ; attempt++) {
        const start = performance.now();
        const { response, answer, problem } = await exchange(
            PATH, { method: "POST", headers, body }, signal);

        if (answer !== undefined) {
            return { answer, elapsed: performance.now() - start };
        }
        if (problem.status !== 503 || attempt > 0) {
            throw problem;
        }
        const asked = Number(response.headers.get("Retry-After"));
        const seconds = Math.min(Math.max(asked || 1, 1), LONGEST_RETRY_S);

        onRetry?.(seconds);
        await pause(seconds * 1000, signal);
    }
}

/** GET a JSON document of the service; throws a Problem. */
export async function get(path, key = "") {
    const { answer, problem } = await exchange(
        path, { headers: key === "" ? {} : { "X-API-Key": key } });

    if (problem !== undefined) {
        throw problem;
    }
    return answer;
}

function quoted(text) {
    return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The same request for a shell; a key is named, not shown. */
export function curl(name, blob, hasKey) {
    return [
        `curl --data-binary ${quoted(`@${name}`)}`,
        `-H ${quoted(`Content-Type: ${contentType(blob)}`)}`,
        hasKey ? '-H "X-API-Key: $AHA_API_KEY"' : null,
        quoted(location.origin + PATH),
    ].filter((part) => part !== null).join(" \\\n  ");
}
