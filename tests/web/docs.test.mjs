// SPDX-License-Identifier: MIT
// The API page in a browser, against a service.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isTooWide, start } from "./harness.mjs";

const METHODS = ["get", "post", "put", "patch", "delete"];
let service;
let description;

before(async () => {
    service = await start();
    description = await (await fetch(`${service.url}/openapi.json`)).json();
});

after(async () => {
    await service.stop();
});

async function open(path, options) {
    const opened = await service.open(path, options);

    await opened.page.locator("main h1").waitFor();
    return opened;
}

test("every operation is there, with its responses", async () => {
    const { page, complaints } = await open("/docs");
    const shown = await page.locator(".operation").evaluateAll((articles) =>
        articles.map((article) => [
            article.querySelector("h3 .method").textContent,
            article.querySelector("h3 .path").textContent,
            ...[...article.querySelectorAll(".status-code")].map((code) =>
                code.textContent)].join(" ")));
    const wanted = Object.entries(description.paths).flatMap(([path, item]) =>
        METHODS.filter((method) => method in item).map((method) =>
            [method.toUpperCase(), path,
                ...Object.keys(item[method].responses)].join(" ")));

    assert.ok(wanted.length > 0);
    assert.deepEqual(shown.sort(), wanted.sort());
    assert.equal(await page.locator("#nav ul a").count(), wanted.length);
    assert.deepEqual(complaints, []);
    await page.context().close();
});

test("every error code has a row", async () => {
    const { page } = await open("/docs#errors");
    const codes = description.components.schemas.ProblemCode.enum;
    const rows = await page.locator("#errors tbody tr").evaluateAll((all) =>
        all.map((row) => row.id.replace("error-", "")));

    assert.deepEqual(rows.sort(), codes.toSorted());
    await page.context().close();
});

test("everything opens without a complaint", async () => {
    const { page, complaints } = await open("/docs");
    const names = Object.keys(description.components.schemas);

    assert.equal(await page.locator(".schema").count(), names.length);
    // What opens may hold more that opens; three times reaches every kind.
    for (let depth = 0; depth < 3; depth++) {
        await page.evaluate(() => {
            document.querySelectorAll("main details").forEach((details) => {
                details.open = true;
            });
        });
        await page.waitForTimeout(300);
    }
    assert.deepEqual(await page.locator("main").evaluate((main) =>
        main.innerText.match(/undefined|\[object|NaN/g) ?? []), []);
    assert.equal(await isTooWide(page), false);
    assert.deepEqual(complaints, []);
    await page.context().close();
});

test("a link leads to what it names, and opens it", async () => {
    const name = Object.keys(description.components.schemas).at(-1);
    const { page } = await open(`/docs#schema-${name}`);
    const schema = page.locator(`[id="schema-${name}"]`);

    assert.equal(await schema.getAttribute("open"), "");
    assert.ok(await schema.evaluate((element) =>
        element.getBoundingClientRect().top < innerHeight));
    await page.locator("#nav ul a").first().click();
    assert.equal(await page.locator(".operation").first().evaluate((element) =>
        element.getBoundingClientRect().top < innerHeight / 2), true);
    await page.context().close();
});

test("commands can be copied", async () => {
    const { page } = await open("/docs");
    const command = page.locator(".operation .code").first();

    await command.getByRole("button").click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()),
        await command.locator("pre").textContent());
    await page.context().close();
});

for (const width of [320, 820]) {
    test(`nothing is wider than a screen of ${width} pixels`, async () => {
        const { page } = await open(
            "/docs", { viewport: { width, height: 700 } });

        assert.equal(await isTooWide(page), false);
        assert.equal(await page.locator("#nav").isVisible(), false);
        await page.click("#contents > summary");
        assert.equal(await page.locator("#nav").isVisible(), true);
        await page.context().close();
    });
}

test("without its description it says so", async () => {
    const { page } = await service.open("/");

    await page.route("**/openapi.json", (route) => route.abort());
    await page.goto(`${service.url}/docs`);
    await page.locator("main .problem").waitFor();
    assert.equal(await page.locator("main .problem a").getAttribute("href"),
        "/openapi.yaml");
    await page.context().close();
});
