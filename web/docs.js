// SPDX-License-Identifier: MIT
// The API page: /openapi.json made readable. Everything on it comes from
// there.

import { get } from "/web/api.js";
import { byId, h } from "/web/dom.js";
import { json } from "/web/format.js";
import { codeBlock, inline, markdown } from "/web/markdown.js";
import { lazyDetails, resolve, schemaView, valueLine } from "/web/schema.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const CODES_SCHEMA = "ProblemCode";

function slug(text) {
    return text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

function anchor(id, what) {
    return h("a", { class: "anchor", href: `#${id}`,
        "aria-label": `Link to ${what}` }, "#");
}

/** Every operation with what its path says for all of them. */
function operationsOf(root) {
    return Object.entries(root.paths).flatMap(([path, item]) =>
        METHODS.filter((method) => method in item).map((method) => {
            const operation = item[method];

            return { ...operation, path, method,
                id: operation.operationId ?? slug(`${method}-${path}`),
                servers: operation.servers ?? item.servers,
                security: operation.security ?? root.security ?? [],
                parameters: [...item.parameters ?? [],
                    ...operation.parameters ?? []]
                    .map((parameter) => resolve(root, parameter)) };
        }));
}

/* ---- a request for a shell */

function serverUrl({ url, variables = {} }) {
    return url.replace(/\{(\w+)\}/g, (_, name) => variables[name].default);
}

function bodyFlags(root, body) {
    const content = resolve(root, body).content ?? {};

    if ("image/*" in content) {
        return ["--data-binary @photo.jpg", "-H 'Content-Type: image/jpeg'"];
    }
    if ("multipart/form-data" in content) {
        return ["-F file=@one.jpg", "-F file=@two.jpg"];
    }
    if ("application/json" in content) {
        return ["--data @request.json", "-H 'Content-Type: application/json'"];
    }
    return [];
}

function curl(root, { path, method, servers, parameters, requestBody }) {
    const base = servers === undefined ? location.origin
        : serverUrl(servers[0]);
    const full = parameters.filter((parameter) => parameter.in === "path")
        .reduce((text, { name, example }) =>
            text.replace(`{${name}}`, String(example ?? name)), path);
    const flags = requestBody === undefined
        ? method === "get" ? [] : [`-X ${method.toUpperCase()}`]
        : bodyFlags(root, requestBody);

    return `curl ${[...flags, base + full].join(" \\\n    ")}`;
}

/* ---- the parts of an operation */

function examplesOf(root, { example, examples = {} }) {
    const all = Object.entries(examples).map(([name, node]) => {
        const { summary, value } = resolve(root, node);

        return { title: summary ?? name.replaceAll("_", " "), value };
    });

    return example === undefined ? all
        : [{ title: "", value: example }, ...all];
}

function exampleView(title, value) {
    const name = title === "" ? "Example" : `Example: ${title}`;

    return lazyDetails({}, name, () => [codeBlock(
        typeof value === "string" ? value : json(value), "the example")]);
}

function contentView(root, content) {
    return Object.entries(content ?? {}).map(([type, media]) => {
        const isOpaque = media.schema === undefined ||
            Object.keys(media.schema).length === 0;

        return h("div", { class: "media" },
            h("p", {}, h("code", { class: "media-type" }, type),
                isOpaque ? " bytes" : null),
            isOpaque ? null : lazyDetails({}, "Schema", () =>
                schemaView(root, media.schema)),
            examplesOf(root, media).map(({ title, value }) =>
                exampleView(title, value)));
    });
}

function memberList(items) {
    return h("dl", { class: "members" }, items.map(([term, ...text]) =>
        h("div", { class: "member" }, h("dt", {}, term),
            h("dd", {}, text))));
}

function parameterList(root, parameters) {
    return memberList(parameters.map((parameter) => [
        [h("code", {}, parameter.name), " ",
            h("span", { class: "in" }, parameter.in),
            parameter.required
                ? h("span", { class: "required" }, "required") : null],
        markdown(parameter.description), valueLine(root, parameter)]));
}

/* Headers are much the same everywhere, and folded away. */
function parametersView(root, parameters) {
    const isHeader = (parameter) => parameter.in === "header";
    const headers = parameters.filter(isHeader);
    const others = parameters.filter((parameter) => !isHeader(parameter));

    return [
        others.length === 0 ? null : [h("h4", {}, "Parameters"),
            parameterList(root, others)],
        headers.length === 0 ? null : lazyDetails({ class: "fold" },
            "Request headers", () => [parameterList(root, headers)]),
    ];
}

function headersView(root, headers) {
    const entries = Object.entries(headers ?? {});

    return entries.length === 0 ? null : lazyDetails({}, "Headers", () => [
        memberList(entries.map(([name, node]) => {
            const header = resolve(root, node);

            return [h("code", {}, name), markdown(header.description),
                valueLine(root, header)];
        }))]);
}

/* The codes that a problem's schema or examples name. */
function codesOf(root, { content = {} }) {
    const media = content["application/problem+json"];
    const code = (media?.schema?.allOf ?? [])
        .map((part) => part.properties?.code)
        .find((found) => found !== undefined);

    return code?.enum ?? ("const" in (code ?? {}) ? [code.const] : []);
}

function responseView(root, [status, node]) {
    const response = resolve(root, node);
    const text = (response.description ?? "").trim().replaceAll("\n", " ");
    const sentence = /^.*?[.:](?= |$)/.exec(text)?.[0] ?? text;
    const codes = codesOf(root, response);

    return h("details", { class: "response" },
        h("summary", {},
            h("code", { class: `status-code s${status[0]}` }, status), " ",
            h("span", {}, codes.length === 0 ? inline(sentence)
                : codes.flatMap((code, i) =>
                    [i === 0 ? "" : ", ", h("code", {}, code)]))),
        h("div", { class: "response-body" },
            codes.length === 0 && sentence === text ? null
                : markdown(response.description),
            codes.length === 0 ? null : h("p", {}, h("a",
                { href: `#error-${codes[0]}` }, "What to do about it")),
            contentView(root, response.content),
            headersView(root, response.headers)));
}

function notes(operation) {
    return h("p", { class: "hint" },
        operation.servers === undefined ? null
            : `${operation.servers[0].description ?? "Another server."} `,
        operation.security.length === 0 ? "Needs no key."
            : "Needs a key where the service asks for one.");
}

function operationView(root, operation) {
    const { id, method, path, summary, requestBody, responses } = operation;
    const body = requestBody === undefined ? null : resolve(root, requestBody);

    return h("article", { class: "operation", id },
        h("h3", {}, h("span", { class: `method ${method}` },
            method.toUpperCase()), " ", h("code", { class: "path" }, path), " ",
        anchor(id, `${method.toUpperCase()} ${path}`)),
        summary === undefined ? null
            : h("p", { class: "summary" }, inline(summary)),
        markdown(operation.description), notes(operation),
        codeBlock(curl(root, operation), "the command"),
        parametersView(root, operation.parameters),
        body === null ? null : [h("h4", {}, "Request body"),
            markdown(body.description), contentView(root, body.content)],
        h("h4", {}, "Responses"),
        Object.entries(responses).map((entry) => responseView(root, entry)));
}

/* ---- the page */

function section(id, title, ...content) {
    return h("section", { id, "aria-labelledby": `${id}-title` },
        h("h2", { id: `${id}-title` }, title, " ", anchor(id, title)),
        ...content);
}

function securityView(root) {
    const schemes = Object.entries(root.components?.securitySchemes ?? {});

    return schemes.length === 0 ? null : section("keys", "Keys",
        memberList(schemes.map(([name, scheme]) => [
            h("code", {}, scheme.type === "apiKey" ? `${scheme.name}: KEY`
                : "Authorization: Bearer KEY"),
            markdown(scheme.description ?? name)])));
}

function codesView(root) {
    const schema = root.components?.schemas?.[CODES_SCHEMA];

    if (schema === undefined) {
        return null;
    }
    const view = section("errors", "Error codes",
        ...markdown(schema.description));

    for (const row of view.querySelectorAll("tbody tr")) {
        row.id = `error-${row.cells[0].textContent}`;
    }
    return view;
}

function schemasView(root) {
    return section("schemas", "Schemas",
        Object.entries(root.components?.schemas ?? {}).map(([name, schema]) =>
            lazyDetails({ id: `schema-${name}`, class: "schema" },
                h("code", {}, name), () => schemaView(root, schema))));
}

function tagsOf(root, operations) {
    const known = root.tags ?? [];
    const names = new Set(known.map(({ name }) => name));
    const others = operations.flatMap(({ tags = ["Other"] }) => tags)
        .filter((name) => !names.has(name));

    return [...known, ...[...new Set(others)].map((name) => ({ name }))]
        .map((tag) => ({ ...tag, id: `tag-${slug(tag.name)}`,
            operations: operations.filter(({ tags = ["Other"] }) =>
                tags[0] === tag.name) }))
        .filter((tag) => tag.operations.length > 0);
}

function navigation(tags, extras) {
    return [
        ...tags.map((tag) => h("div", {},
            h("a", { class: "nav-tag", href: `#${tag.id}` }, tag.name),
            h("ul", {}, tag.operations.map(({ id, method, path }) =>
                h("li", {}, h("a", { href: `#${id}` },
                    h("span", { class: `method ${method}` },
                        method.toUpperCase()), " ", path)))))),
        h("div", {}, extras.map((view) => h("a", { class: "nav-tag",
            href: `#${view.id}` }, view.firstChild.firstChild.data))),
    ];
}

/* Open what a link points into, then go there. */
function goToHash() {
    const target = byId(decodeURIComponent(location.hash.slice(1)));

    if (target === null) {
        return;
    }
    for (let at = target; at !== null; at = at.parentElement) {
        if (at.tagName === "DETAILS") {
            at.open = true;
        }
    }
    target.scrollIntoView();
}

function render(root) {
    const tags = tagsOf(root, operationsOf(root));
    const keys = securityView(root);
    const extras = [keys, codesView(root), schemasView(root)]
        .filter((view) => view !== null);

    document.title = `${root.info.title} · API ${root.info.version}`;
    byId("nav").replaceChildren(...navigation(tags, extras));
    byId("main").replaceChildren(
        h("h1", {}, root.info.title, " ",
            h("span", { class: "version" }, root.info.version)),
        h("div", { class: "prose" }, markdown(root.info.description)),
        ...tags.map((tag) => section(tag.id, tag.name,
            h("div", { class: "prose" }, markdown(tag.description)),
            ...tag.operations.map((operation) =>
                operationView(root, operation)))),
        ...extras);
    goToHash();
}

async function start() {
    const narrow = matchMedia("(max-width: 62rem)");

    byId("contents").open = !narrow.matches;
    narrow.addEventListener("change", () => {
        byId("contents").open = !narrow.matches;
    });
    byId("nav").addEventListener("click", () => {
        byId("contents").open = !narrow.matches;
    });
    try {
        render(await get("/openapi.json"));
    } catch (problem) {
        byId("main").replaceChildren(h("div", { class: "problem",
            role: "alert" }, h("h2", {}, problem.title ?? "No description"),
        h("p", {}, problem.detail ?? "The description of the API could not " +
            "be read."),
        h("p", {}, "It is also at ",
            h("a", { href: "/openapi.yaml" }, "openapi.yaml"), ".")));
    }
}

addEventListener("hashchange", goToHash);
start();
