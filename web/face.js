// SPDX-License-Identifier: MIT
// One face's answer: probabilities, how well it is seen, and the regions.

import { h } from "/web/dom.js";
import { degrees, number, percent, plural, signed, title }
    from "/web/format.js";
import { crop, mapRange, overlay } from "/web/picture.js";

const FLAGS = {
    small: "few pixels show the face",
    blurred: "the face is not sharp",
    dark: "the face is dark",
    bright: "the face is overexposed",
    turned: "the head points away from the camera",
};
const BRANCHES = {
    global: "the whole face",
    local: "eyes, nose and mouth",
    mixture: "upper and lower half",
};
const SIDED = { left_eye: "subject's left", right_eye: "subject's right" };
const CROP_PX = 176;

function bar(share) {
    return h("span", { class: "bar", "aria-hidden": "true",
        vars: { "--share": String(Math.min(Math.max(share, 0), 1)) } });
}

/* From the middle to the right for, to the left against. */
function diverging(share) {
    return h("span", { class: share < 0 ? "diverging against" : "diverging",
        "aria-hidden": "true",
        vars: { "--share": String(Math.min(Math.abs(share), 1)) } });
}

function probabilityTable({ label, probabilities }) {
    return h("table", { class: "bars" },
        h("caption", { class: "visually-hidden" },
            "Probability of each expression"),
        h("tbody", {}, Object.entries(probabilities).map(([name, value]) =>
            h("tr", { class: name === label ? "best" : null },
                h("th", { scope: "row" }, title(name)),
                h("td", { class: "bar-cell" }, bar(value)),
                h("td", { class: "value" }, percent(value))))));
}

function fact(name, ...value) {
    return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function turn({ yaw, pitch, roll }) {
    return [`yaw ${degrees(yaw)}, pitch ${degrees(pitch)}, `,
        `roll ${degrees(roll)}`];
}

function facts({ pose, quality }) {
    if (pose === undefined && quality === undefined) {
        return null;
    }
    return h("dl", { class: "facts" },
        pose === undefined ? null : fact("Head", turn(pose)),
        quality === undefined ? null : [
            fact("Quality", `${number(quality.score)} of 1`),
            fact("Sharpness", number(quality.sharpness)),
            fact("Brightness", number(quality.brightness)),
        ]);
}

function flags({ quality }) {
    if (quality === undefined || quality.flags.length === 0) {
        return null;
    }
    return h("ul", { class: "flags", "aria-label": "What may mislead" },
        quality.flags.map((flag) => h("li", {}, h("b", {}, title(flag)),
            FLAGS[flag] === undefined ? "" : `: ${FLAGS[flag]}`)));
}

function branchShares({ branches }) {
    const entries = Object.entries(branches);

    return h("div", { class: "branches" },
        h("h3", {}, "Share of the decision"),
        h("div", { class: "stack", "aria-hidden": "true" },
            entries.map(([name, value]) => h("span", {
                class: `branch-${name}`,
                vars: { "--share": String(Math.max(value, 0)) },
            }))),
        h("ul", {}, entries.map(([name, value]) => h("li", {},
            h("span", { class: `key-dot branch-${name}`,
                "aria-hidden": "true" }),
            `${title(name)} `, h("b", {}, percent(value)),
            BRANCHES[name] === undefined ? null
                : h("span", { class: "hint" }, ` ${BRANCHES[name]}`)))));
}

/** The panel beside the photo. */
export function facePanel(face, index, count) {
    const { label, probability, uncertain } = face.expression;

    return [
        h("p", { class: "hint" }, count > 1 ? `Face ${index + 1} of ${count}, `
            : "One face, ", "found with ", percent(face.detection_confidence),
        " confidence"),
        h("h2", { class: "verdict" }, title(label), " ",
            h("span", {}, percent(probability))),
        uncertain ? h("p", { class: "notice" }, h("b", {}, "Uncertain. "),
            "Even the best expression is below what the model needs to be " +
            "relied on.") : null,
        flags(face),
        probabilityTable(face.expression),
        facts(face),
        face.attention === undefined ? null : branchShares(face.attention),
    ];
}

/** What to show where a photo has no face to show. */
export function noFacePanel(answer) {
    return [
        h("h2", { class: "verdict" }, "No face found"),
        h("p", {}, "That is an answer, not an error. Faces smaller than " +
            "about 24 pixels, turned far from the camera or half covered are " +
            "often missed."),
        answer.skipped.length === 0 ? null : h("p", {}, `${plural(
            answer.skipped.length, "place was", "places were")} looked at ` +
            "and left out; the dashed boxes show where."),
    ];
}

function best(probabilities) {
    return Object.entries(probabilities).reduce(
        (most, entry) => entry[1] > most[1] ? entry : most);
}

function regionPicture(context, region) {
    const canvas = crop(context.photo, context.image, region.quad, CROP_PX);
    let label = `${title(region.name)} cut from the photo`;

    if (region.map !== undefined && context.showHeat) {
        const [low, high] = mapRange(region.map);

        overlay(canvas, region.map);
        label += `, attention ${number(low)} to ${number(high)}`;
    }
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    return canvas;
}

function regionHead(context, region) {
    const button = h("button", {
        type: "button", class: "crop", "aria-pressed": "false",
        title: "Show on the photo",
        on: { click: () => context.onPin(region, button) },
    }, context.photo === null ? h("span", { class: "hint" }, "no picture")
        : regionPicture(context, region),
    h("span", { class: "visually-hidden" }, ". Show on the photo"));

    return h("th", { scope: "row", role: "rowheader" },
        h("div", { class: "region-head" }, button,
            h("span", {}, h("b", {}, title(region.name)),
                h("span", { class: "hint" },
                    SIDED[region.name] ?? region.branch))));
}

function regionRow(context, region, scale) {
    const entries = Object.entries(region.evidence ?? {});
    const [opinion, confidence] = best(region.probabilities);

    return h("tr", { role: "row", on: {
        mouseenter: () => context.onPeek(region),
        mouseleave: () => context.onPeek(null),
    } }, regionHead(context, region),
    h("td", { role: "cell", "data-label": "Weight", class: "weight" },
        h("b", {}, percent(region.weight)), bar(region.weight)),
    h("td", { role: "cell", "data-label": "Alone", class: "alone" },
        h("b", {}, title(opinion)),
        h("span", { class: "hint" }, percent(confidence))),
    entries.map(([name, value]) => h("td", { role: "cell",
        "data-label": title(name), class: "evidence" },
    h("span", { class: "value" }, signed(value)),
    diverging(value / scale))));
}

function sumRow(names, regions) {
    return h("tr", { role: "row", class: "sum" },
        h("th", { scope: "row", role: "rowheader" }, "All together"),
        h("td", { role: "cell", "data-label": "Weight", class: "weight" },
            h("b", {}, percent(regions.reduce(
                (sum, region) => sum + region.weight, 0)))),
        h("td", { role: "cell", class: "alone" }),
        names.map((name) => h("td", { role: "cell",
            "data-label": title(name), class: "evidence" },
        h("span", { class: "value" }, signed(regions.reduce(
            (sum, region) => sum + region.evidence[name], 0))))));
}

function most(evidence) {
    return Math.max(...Object.values(evidence).map(Math.abs), 1e-9);
}

/**
 * The table of regions.
 *
 * Context: photo (or null), image, showHeat, ownScale, onPin(region, button)
 * and onPeek(region or null).
 */
export function regionTable(regions, context) {
    const names = Object.keys(regions[0].evidence ?? {});
    const common = Math.max(...regions.map(
        (region) => most(region.evidence ?? {})));
    const column = (text, extra = {}) =>
        h("th", { scope: "col", role: "columnheader", ...extra }, text);

    return h("table", { class: "region-table", role: "table" },
        h("caption", { class: "visually-hidden" },
            "Regions: weight, own opinion, and evidence for each expression"),
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
            column("Region"), column("Weight"),
            column("Alone it says", { title: "What the region would answer " +
                "if it were asked alone" }),
            names.map((name) => column(title(name), { class: "evidence" })))),
        h("tbody", { role: "rowgroup" }, regions.map((region) => regionRow(
            context, region, context.ownScale ? most(region.evidence ?? {})
                : common))),
        names.length === 0 ? null
            : h("tfoot", { role: "rowgroup" }, sumRow(names, regions)));
}
