// SPDX-License-Identifier: MIT
// The little Markdown that the API's description uses, as nodes: paragraphs,
// lists, tables, fenced code; code, strong, emphasis and links in a line.

import { copyButton, h } from "/web/dom.js";

const INLINE = new RegExp([
    "`([^`]+)`",
    "\\*\\*([^*]+)\\*\\*",
    "\\*([^*]+)\\*",
    "\\[([^\\]]+)\\]\\(((?:https?://|/|#)[^)\\s]*)\\)",
].join("|"), "g");

/** One line's text as nodes. */
export function inline(text) {
    const nodes = [];
    let at = 0;

    for (const match of text.matchAll(INLINE)) {
        const [whole, code, strong, emphasis, link, href] = match;

        nodes.push(text.slice(at, match.index));
        if (code !== undefined) {
            nodes.push(h("code", {}, code));
        } else if (strong !== undefined) {
            nodes.push(h("strong", {}, inline(strong)));
        } else if (emphasis !== undefined) {
            nodes.push(h("em", {}, inline(emphasis)));
        } else {
            nodes.push(h("a", { href }, inline(link)));
        }
        at = match.index + whole.length;
    }
    return [...nodes, text.slice(at)].filter((node) => node !== "");
}

/** A block of code with its copy button. */
export function codeBlock(text, name = "code") {
    return h("div", { class: "code" },
        h("pre", { tabindex: 0, role: "group", "aria-label": name },
            h("code", {}, text)),
        copyButton(() => text, "Copy", name));
}

function cells(line) {
    return line.replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

function table(lines) {
    const [head, , ...rows] = lines.map(cells);

    return h("div", { class: "scroll", tabindex: 0, role: "group",
        "aria-label": "Table" }, h("table", { class: "grid" },
        h("thead", {}, h("tr", {}, head.map((cell) =>
            h("th", { scope: "col" }, inline(cell))))),
        h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) =>
            h("td", { "data-label": head[i] }, inline(cell))))))));
}

function list(lines) {
    const items = [];

    for (const line of lines) {
        const item = /^(?:[-*]|\d+\.) +(.*)$/.exec(line);

        if (item !== null) {
            items.push(item[1]);
        } else {
            items[items.length - 1] += ` ${line.trim()}`;
        }
    }
    return h(/^\d/.test(lines[0]) ? "ol" : "ul", { class: "list" },
        items.map((item) => h("li", {}, inline(item))));
}

function block(lines) {
    if (lines[0].startsWith("```")) {
        return codeBlock(lines.slice(1, -1).join("\n"), "the example");
    }
    if (lines[0].startsWith("|")) {
        return table(lines);
    }
    if (/^(?:[-*]|\d+\.) /.test(lines[0])) {
        return list(lines);
    }
    if (lines[0].startsWith("#")) {
        return h("p", {}, h("strong", {}, inline(
            lines[0].replace(/^#+ */, ""))));
    }
    return h("p", {}, inline(lines.join(" ")));
}

/** A text as an array of blocks. */
export function markdown(text = "") {
    const blocks = [];
    let lines = [];
    let isFenced = false;

    for (const line of [...text.split("\n"), ""]) {
        if (line.startsWith("```")) {
            isFenced = !isFenced;
            lines.push(line);
        } else if (line.trim() !== "" || isFenced) {
            lines.push(line);
        }
        if (!isFenced && line.trim() === "" && lines.length > 0) {
            blocks.push(block(lines));
            lines = [];
        }
    }
    return blocks;
}
