// SPDX-License-Identifier: MIT
// The request behind an answer: where its time went, how to send it from a
// shell, and the answer itself.

import { curl } from "/web/api.js";
import { copyButton, h } from "/web/dom.js";
import { json, milliseconds, plural } from "/web/format.js";

const STAGES = {
    queue: "waiting",
    decode: "decoding the photo",
    detect: "finding faces",
    align: "cutting regions",
    infer: "expression network",
};
const SHOWN_VALUES = 4; // of an attention map in the view

export function timing({ timing_ms: times, batch, model }, elapsed) {
    const stages = Object.keys(STAGES).filter((name) => name in times);
    const row = (name, text, value, kind) => h("li", {},
        h("span", { class: `key-dot ${kind}`, "aria-hidden": "true" }),
        h("span", { class: "stage-name" }, name,
            h("span", { class: "hint" }, ` ${text}`)),
        h("span", { class: "value" }, milliseconds(value)));

    return h("div", { class: "timing" },
        h("h3", {}, "Time"),
        h("div", { class: "stack", "aria-hidden": "true" },
            stages.map((name) => h("span", { class: `stage-${name}`,
                vars: { "--share": String(times[name]) } }))),
        h("ul", {},
            stages.map((name) =>
                row(name, STAGES[name], times[name], `stage-${name}`)),
            times.total === undefined ? null
                : row("total", "in the service", times.total, "none"),
            row("round trip", "as this page saw it", elapsed, "none")),
        h("p", { class: "hint" }, (batch?.size ?? 0) === 0 ? null
            : `The network took ${plural(batch.size, "face")} at once. `,
        model === undefined ? null
            : `Model ${model.id} ${model.version}.`));
}

export function request(photo, answer, hasKey) {
    const text = curl(photo.name, photo.blob, hasKey);

    return h("div", { class: "curl" },
        h("h3", {}, "The same from a shell"),
        h("pre", { tabindex: 0, role: "group", "aria-label": "Command" },
            h("code", {}, text)),
        h("div", { class: "row" },
            copyButton(() => text, "Copy", "the command"),
            h("span", { class: "hint" }, "Request id ",
                h("code", {}, answer.request_id))));
}

/* Maps are long; the view names their length instead. */
function shortened(value, key) {
    if (Array.isArray(value)) {
        return key === "values" && value.length > SHOWN_VALUES
            ? [...value.slice(0, SHOWN_VALUES), `${value.length} values`]
            : value.map((item) => shortened(item, ""));
    }
    if (value !== null && typeof value === "object") {
        return Object.fromEntries(Object.entries(value).map(
            ([name, item]) => [name, shortened(item, name)]));
    }
    return value;
}

export function answerView(answer) {
    return [
        h("div", { class: "row" },
            copyButton(() => json(answer), "Copy", "the JSON"),
            h("span", { class: "hint" },
                "Attention maps are shortened here, and whole in the copy.")),
        h("pre", { tabindex: 0, role: "group", "aria-label": "Answer" },
            h("code", {}, json(shortened(answer, "")))),
    ];
}
