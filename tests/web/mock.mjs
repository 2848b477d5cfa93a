// SPDX-License-Identifier: MIT
// A stand-in for the daemon while working on the pages: serves web/ from the
// disk, with the daemon's security headers, and answers every photo with one
// made-up face.
//
//   node tests/web/mock.mjs [PORT]
//   UPSTREAM=http://127.0.0.1:8080 node tests/web/mock.mjs   forwards /v1, /v2
//                                                and /openapi.* to a daemon

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const WEB = new URL("../../web/", import.meta.url);
const UPSTREAM = process.env.UPSTREAM;
const TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
};
const PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; " +
        "style-src 'self'; img-src 'self' blob: data:; media-src blob:; " +
        "connect-src 'self'; form-action 'none'; base-uri 'none'; " +
        "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
};
const LABELS = ["anger", "disgust", "fear", "happiness", "sadness",
    "surprise", "neutral"];
const REGIONS = [["face", "global", 0.62], ["left_eye", "local", 0.04],
    ["right_eye", "local", 0.05], ["nose", "local", -0.01],
    ["mouth", "local", 0.09], ["upper_face", "mixture", 0.07],
    ["lower_face", "mixture", 0.14]];

function byLabel(value) {
    return Object.fromEntries(LABELS.map((label, i) => [label, value(i)]));
}

function region([name, branch, weight], k) {
    const probabilities = byLabel((i) => i === 3 ? 0.7 : 0.05);
    const side = 100 - 8 * k;
    const map = { width: 12, height: 12, values: Array.from({ length: 144 },
        (_, i) => 0.5 + 0.4 * Math.sin(i / 9 + k)) };

    return { name, branch, weight, probabilities,
        evidence: byLabel((i) => weight * (i === 3 ? 8 : i - 4)),
        quad: [[20, 20], [20 + side, 20], [20 + side, 20 + side],
            [20, 20 + side]], map };
}

const ANSWER = {
    request_id: "mock",
    model: { id: "mock", version: "0", sha256: "0".repeat(64) },
    image: { width: 160, height: 160, format: "jpeg", orientation_applied: 1 },
    faces: [{
        face_id: 0,
        box: { x: 30, y: 30, width: 90, height: 90 },
        detection_confidence: 0.9,
        landmarks: { left_eye: [90, 60], right_eye: [60, 60], nose: [75, 78],
            mouth_left: [88, 98], mouth_right: [62, 98] },
        pose: { yaw: -12, pitch: 3, roll: 1 },
        quality: { score: 0.6, sharpness: 0.7, brightness: 0.5,
            flags: ["small"] },
        expression: { label: "happiness", probability: 0.7,
            probabilities: byLabel((i) => i === 3 ? 0.7 : 0.05),
            uncertain: true },
        attention: {
            branches: { global: 0.62, local: 0.17, mixture: 0.21 },
            regions: REGIONS.map(region),
        },
    }],
    skipped: [{ box: { x: 130, y: 8, width: 14, height: 14 },
        reason: "too_small" }],
    timing_ms: { queue: 0.2, decode: 3, detect: 4, align: 0.5, infer: 6,
        total: 14 },
    batch: { size: 1 },
};
const INFO = { version: "mock", model: ANSWER.model, labels: LABELS,
    formats: ["jpeg", "png", "webp"],
    limits: { max_source_bytes: 10485760 } };

async function page(path) {
    const name = { "/": "index.html", "/docs": "docs.html" }[path] ??
        /^\/web\/([\w-]+\.\w+)$/.exec(path)?.[1];

    if (name === undefined) {
        return null;
    }
    try {
        return { name, body: await readFile(new URL(name, WEB)) };
    } catch {
        return null;
    }
}

async function forward(request, body) {
    return await fetch(UPSTREAM + request.url, {
        method: request.method,
        headers: { "Content-Type": request.headers["content-type"] ?? "" },
        body: request.method === "POST" ? body : undefined,
    });
}

const server = createServer(async (request, response) => {
    const path = request.url.split("?")[0];
    const chunks = [];

    for await (const chunk of request) {
        chunks.push(chunk);
    }
    const found = await page(path);
    const canned = { "/v1/analyze": ANSWER, "/v1/info": INFO }[path];

    if (found !== null) {
        response.writeHead(200, { ...PAGE_HEADERS,
            "Content-Type": TYPES[extname(found.name)] });
        response.end(found.body);
    } else if (UPSTREAM !== undefined) {
        const answer = await forward(request, Buffer.concat(chunks));

        response.writeHead(answer.status, { "Content-Type":
            answer.headers.get("content-type") ?? "text/plain" });
        response.end(Buffer.from(await answer.arrayBuffer()));
    } else {
        response.writeHead(canned === undefined ? 404 : 200,
            { "Content-Type": "application/json" });
        response.end(JSON.stringify(canned ?? {}));
    }
});

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
