// SPDX-License-Identifier: MIT
// A JSON Schema as nodes: what type, which members, what they may be. Members
// that have members of their own are made when they are opened, so that a
// schema may contain itself.

import { h } from "/web/dom.js";
import { markdown } from "/web/markdown.js";

const LIMITS = {
    minimum: "from", exclusiveMinimum: "above",
    maximum: "up to", exclusiveMaximum: "below",
    minLength: "length from", maxLength: "length up to",
    minItems: "items from", maxItems: "items up to",
    pattern: "pattern", format: "format",
};

export function refName(ref) {
    return ref.split("/").pop();
}

/** Follow $ref; what stands beside it wins, as of JSON Schema 2020-12. */
export function resolve(root, node) {
    const { $ref, ...beside } = node ?? {};

    if ($ref === undefined) {
        return beside;
    }
    const target = $ref.split("/").slice(1).reduce((at, key) =>
        at?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], root);

    return { ...resolve(root, target), ...beside };
}

/* allOf as one schema: members and demands of all parts. */
function merged(root, node) {
    const { allOf, ...rest } = resolve(root, node);
    const parts = [...(allOf ?? []).map((part) => merged(root, part)), rest];
    const properties = {};

    if (allOf === undefined) {
        return rest;
    }
    for (const part of parts) {
        for (const [name, value] of Object.entries(part.properties ?? {})) {
            properties[name] = name in properties
                ? { ...resolve(root, properties[name]), ...value } : value;
        }
    }
    return { ...Object.assign({}, ...parts), properties,
        required: parts.flatMap((part) => part.required ?? []) };
}

function link(name) {
    return h("a", { href: `#schema-${name}` }, name);
}

function listed(values) {
    return values.flatMap((value, i) => [i === 0 ? "" : " | ",
        h("code", {}, JSON.stringify(value))]);
}

function joined(parts) {
    return parts.flatMap((part, i) => [i === 0 ? "" : " or ", part]);
}

/** A schema's type in a few words, as nodes. */
export function typeText(root, node) {
    if (node?.$ref !== undefined) {
        return [link(refName(node.$ref))];
    }
    const schema = node ?? {};

    if (schema.title !== undefined) {
        return [schema.title];
    }
    if ("const" in schema) {
        return listed([schema.const]);
    }
    if (schema.enum !== undefined) {
        return listed(schema.enum);
    }
    for (const kind of ["oneOf", "anyOf", "allOf"]) {
        if (schema[kind] !== undefined) {
            const parts = schema[kind].filter((part) => kind !== "allOf" ||
                part.$ref !== undefined || part.type !== undefined);

            return joined(parts.map((part) => typeText(root, part)));
        }
    }
    if (schema.type === "array" && schema.items !== undefined) {
        return ["array of ", ...typeText(root, schema.items)];
    }
    if (schema.type === undefined) {
        return [schema.properties === undefined ? "any" : "object"];
    }
    return [[schema.type].flat().join(" or ")];
}

/* What a value may be besides its type, each an array of nodes. */
function limitTexts(schema) {
    const texts = Object.entries(LIMITS)
        .filter(([key]) => schema[key] !== undefined)
        .map(([key, text]) => [`${text} `,
            h("code", {}, String(schema[key]))]);

    if (schema.default !== undefined) {
        texts.push(["default ", h("code", {}, [schema.default].flat()
            .map((value) => typeof value === "string" ? value
                : JSON.stringify(value)).join(","))]);
    }
    return texts;
}

function commas(texts) {
    return texts.flatMap((text, i) => [i === 0 ? "" : ", ", ...text]);
}

function limits(schema) {
    const texts = limitTexts(schema);

    return texts.length === 0 ? null
        : h("p", { class: "limits" }, commas(texts));
}

/* The schema whose members are worth showing: an array's is its item's. */
function inner(root, node) {
    const schema = merged(root, node);

    return schema.type === "array" && schema.items !== undefined
        ? inner(root, schema.items) : schema;
}

function hasMembers(root, node) {
    const schema = inner(root, node);

    return Object.keys(schema.properties ?? {}).length > 0 ||
        (schema.oneOf ?? schema.anyOf ?? []).some((part) =>
            hasMembers(root, part));
}

/** A <details> that makes its content when it is first opened. */
export function lazyDetails(props, summary, make) {
    const details = h("details", props, h("summary", {}, summary));

    details.addEventListener("toggle", () => details.append(...make()),
        { once: true });
    return details;
}

/* A named schema's further paragraphs are where its name links to. */
function member(root, name, node, isRequired) {
    const schema = merged(root, node);

    return h("div", { class: "member" },
        h("dt", {}, h("code", {}, name), " ",
            h("span", { class: "type" }, typeText(root, node)),
            isRequired ? h("span", { class: "required" }, "always") : null),
        h("dd", {}, node.$ref === undefined ? markdown(schema.description)
            : markdown(schema.description).slice(0, 1), limits(schema),
            hasMembers(root, node) ? lazyDetails({}, "Members", () =>
                members(root, inner(root, node))) : null));
}

function members(root, schema) {
    const entries = Object.entries(schema.properties ?? {});
    const choices = schema.oneOf ?? schema.anyOf ?? [];

    return [
        entries.length === 0 ? null : h("dl", { class: "members" },
            entries.map(([name, node]) => member(root, name, node,
                (schema.required ?? []).includes(name)))),
        ...choices.filter((choice) => hasMembers(root, choice)).map(
            (choice, i) => h("div", { class: "choice" },
                h("p", { class: "choice-name" }, i === 0 ? "Either " : "or ",
                    choice.title ?? typeText(root, choice)),
                ...members(root, inner(root, choice)))),
    ].filter((part) => part !== null);
}

/** A schema in full: description, type, limits, members. */
export function schemaView(root, node, isDescribed = true) {
    const schema = merged(root, node);

    return [
        ...isDescribed ? markdown(schema.description) : [],
        h("p", { class: "type-line" }, "Type: ", typeText(root, node)),
        limits(schema),
        ...members(root, inner(root, node)),
    ].filter((part) => part !== null);
}

/** A parameter's or header's value in one line. */
export function valueLine(root, { schema = {}, example }) {
    const full = merged(root, schema);

    return h("p", { class: "limits" }, commas([
        typeText(root, full), ...limitTexts(full),
        ...example === undefined ? []
            : [["such as ", h("code", {}, [example].flat().join(","))]],
    ]));
}
