// SPDX-License-Identifier: MIT
// The demo page in a browser, against a service.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { base64, data, isTooWide, start } from "./harness.mjs";

const PHOTO = "astronaut.jpg";
const ANALYZE = "**/v1/analyze?*";
let service;

before(async () => {
    service = await start();
});

after(async () => {
    await service.stop();
});

async function close(page) {
    await page.context().close();
}

function verdict(page) {
    return page.locator("#face .verdict");
}

function noFace(page) {
    return page.getByRole("heading", { name: "No face found" });
}

/* Problem answers are logged by the browser too; that is not a complaint. */
function withoutStatuses(complaints) {
    return complaints.filter((text) =>
        !text.startsWith("Failed to load resource"));
}

function problem(status, code, headers = {}) {
    return { status, headers: { "Content-Type": "application/problem+json",
        ...headers }, body: JSON.stringify({ title: `Title of ${code}`,
        detail: `Detail of ${code}.`, status, code, request_id: "r-1" }) };
}

/* Hand a photo to the page as a paste or a drop would. A number of copies
   beside each other makes a photo of as many faces. */
async function give(page, event, copies = 1) {
    await page.evaluate(async ({ text, event: type, copies: count }) => {
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const photo = new Blob([bytes], { type: "image/jpeg" });
        const transfer = new DataTransfer();
        let file = photo;

        if (count > 1) {
            const bitmap = await createImageBitmap(photo);
            const canvas = new OffscreenCanvas(
                bitmap.width * count, bitmap.height);

            for (let i = 0; i < count; i++) {
                canvas.getContext("2d").drawImage(bitmap, bitmap.width * i, 0);
            }
            file = await canvas.convertToBlob({ type: "image/png" });
        }
        transfer.items.add(new File([file], "given", { type: file.type }));
        document.body.dispatchEvent(type === "paste"
            ? new ClipboardEvent(type, { clipboardData: transfer,
                bubbles: true })
            : new DragEvent(type, { dataTransfer: transfer, bubbles: true,
                cancelable: true }));
    }, { text: await base64(PHOTO), event, copies });
}

test("a photo gives probabilities, regions and their evidence", async () => {
    const { page, complaints } = await service.open("/");

    await page.setInputFiles("#file", data(PHOTO));
    await verdict(page).waitFor();
    assert.match(await verdict(page).textContent(), /^Happiness/);
    assert.equal(await page.locator(".bars tbody tr").count(), 7);
    assert.equal(await page.locator(".bars .best th").textContent(),
        "Happiness");
    assert.equal(await page.locator(".region-table tbody tr").count(), 7);
    assert.equal(await page.locator(".region-table .diverging").count(), 49);
    assert.equal(await page.locator(".stack [class^=branch]").count(), 3);
    assert.match(await page.locator("#caption").textContent(),
        /^astronaut\.jpg · 512 × 512 · JPEG/);
    assert.match(await page.locator("#status").textContent(),
        /^astronaut\.jpg: 1 face, Happiness/);
    assert.match(await page.locator(".curl pre").textContent(),
        new RegExp(`'@astronaut\\.jpg'[^]*'${service.url}/v1/analyze\\?`));
    assert.equal(await page.evaluate(() => localStorage.length +
        sessionStorage.length + document.cookie.length), 0);
    assert.deepEqual(complaints, []);
    await close(page);
});

test("regions carry attention and show on the photo", async () => {
    const { page, complaints } = await service.open("/");
    const crop = page.locator(".crop").first();

    await page.setInputFiles("#file", data(PHOTO));
    await verdict(page).waitFor();
    assert.match(await crop.locator("canvas").getAttribute("aria-label"),
        /^Face cut from the photo, attention [01]\.\d+ to [01]\.\d+$/);
    // Grey without the heat, coloured with it.
    const chroma = () => crop.locator("canvas").evaluate((canvas) => {
        const { data: pixels } = canvas.getContext("2d").getImageData(
            0, 0, canvas.width, canvas.height);
        let most = 0;

        for (let i = 0; i < pixels.length; i += 4) {
            most = Math.max(most, Math.abs(pixels[i] - pixels[i + 2]));
        }
        return most;
    });

    assert.ok(await chroma() > 20);
    await page.uncheck("#show-heat");
    assert.ok(await chroma() < 4);
    await crop.click();
    assert.equal(await crop.getAttribute("aria-pressed"), "true");
    await page.mouse.move(0, 0);
    assert.equal(await page.locator(".lines polygon").count(), 1);
    await page.locator(".crop").first().press("Enter");
    await page.mouse.move(0, 0);
    assert.equal(await page.locator(".lines polygon").count(), 0);
    assert.deepEqual(complaints, []);
    await close(page);
});

test("every evidence bar can have its region's own scale", async () => {
    const { page } = await service.open("/");
    const longest = () => page.locator(".region-table tbody tr").evaluateAll(
        (rows) => rows.map((row) => Math.max(
            ...[...row.querySelectorAll(".diverging")].map((bar) =>
                Number(bar.style.getPropertyValue("--share"))))));

    await page.setInputFiles("#file", data(PHOTO));
    await verdict(page).waitFor();
    assert.equal((await longest()).filter((share) => share === 1).length, 1);
    await page.check("#own-scale");
    assert.deepEqual(await longest(), Array(7).fill(1));
    await close(page);
});

test("a file that is no photo is refused kindly", async () => {
    const { page, complaints } = await service.open("/");

    await page.setInputFiles("#file", { name: "notes.txt",
        mimeType: "text/plain", buffer: Buffer.from("no photo at all") });
    await page.locator("#face .problem").waitFor();
    assert.match(await page.locator("#face .problem").textContent(),
        /JPEG.*Use a photo in one of the formats.*Request id/s);
    assert.equal(await page.locator("#face .problem button").count(), 0);
    assert.equal(await page.locator("#regions").isVisible(), false);
    assert.deepEqual(withoutStatuses(complaints), []);
    // The next photo is none the worse for it.
    await page.setInputFiles("#file", data(PHOTO));
    await verdict(page).waitFor();
    assert.equal(await page.locator("#strip .slide").count(), 2);
    await close(page);
});

test("a file over the service's limit is not sent", async () => {
    const { page, complaints } = await service.open("/");
    const info = await (await fetch(`${service.url}/v1/info`)).json();
    let count = 0;

    await page.route(ANALYZE, (route) => {
        count++;
        return route.continue();
    });
    await page.locator("#formats:text('up to')").waitFor();
    await page.setInputFiles("#file", { name: "large.jpg",
        mimeType: "image/jpeg",
        buffer: Buffer.alloc(info.limits.max_source_bytes + 1) });
    await page.getByRole("heading", { name: "The photo is too large" })
        .waitFor();
    assert.equal(count, 0);
    assert.deepEqual(complaints, []);
    await close(page);
});

for (const event of ["paste", "drop"]) {
    test(`a photo may come by ${event}`, async () => {
        const { page, complaints } = await service.open("/");

        await give(page, event);
        await verdict(page).waitFor();
        assert.match(await verdict(page).textContent(), /^Happiness/);
        assert.deepEqual(complaints, []);
        await close(page);
    });
}

test("arrow keys and clicks select a face", async () => {
    const { page, complaints } = await service.open("/");
    const checked = () => page.locator("#chips [role=radio]").evaluateAll(
        (radios) => radios.findIndex((radio) =>
            radio.getAttribute("aria-checked") === "true"));
    const heading = page.locator("#face .hint").first();

    await give(page, "paste", 2);
    await verdict(page).waitFor();
    assert.equal(await page.locator("#chips [role=radio]").count(), 2);
    assert.equal(await checked(), 0);
    await page.locator("#clear").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    assert.equal(await checked(), 1);
    assert.match(await heading.textContent(), /^Face 2 of 2/);
    await page.keyboard.press("ArrowRight");
    assert.match(await heading.textContent(), /^Face 1 of 2/);
    await page.keyboard.press("End");
    assert.equal(await checked(), 1);
    await page.locator(".face-box").nth(0).click();
    assert.equal(await checked(), 0);
    assert.deepEqual(complaints, []);
    await close(page);
});

test("several photos are worked on, and each can be looked at", async () => {
    const { page, complaints } = await service.open("/");

    await page.setInputFiles("#file", [data(PHOTO), data("grey.jpg"),
        data("orientation_6.jpg")]);
    await page.locator("#strip .slide.done").nth(2).waitFor();
    await page.locator("#strip .slide").nth(0).focus();
    await page.keyboard.press("ArrowLeft");
    await noFace(page).waitFor();
    assert.match(await page.locator("#caption").textContent(),
        /^orientation_6\.jpg · 48 × 32 · JPEG · turned upright/);
    await page.click("#clear");
    assert.equal(await page.locator("#result").isVisible(), false);
    assert.deepEqual(complaints, []);
    await close(page);
});

test("photos are drawn upright in every orientation", async () => {
    const { page } = await service.open("/");

    for (let orientation = 1; orientation <= 8; orientation++) {
        const name = `orientation_${orientation}.jpg`;

        await page.setInputFiles("#file", data(name));
        await page.locator(`#caption:text("${name}")`).waitFor();
        await noFace(page).waitFor();
        const corners = await page.locator("#stage > canvas").first().evaluate(
            (canvas) => [[8, 8], [40, 8], [8, 24], [40, 24]].map(([x, y]) =>
                [...canvas.getContext("2d").getImageData(x, y, 1, 1).data]
                    .slice(0, 3).map((level) => level > 128 ? 1 : 0).join("")));

        assert.deepEqual(corners, ["100", "010", "001", "111"], name);
        await page.click("#clear");
    }
    await close(page);
});

test("without the service it says so, and tries again", async () => {
    const { page } = await service.open("/");

    await page.route(ANALYZE, (route) => route.abort());
    await page.setInputFiles("#file", data(PHOTO));
    await page.getByText("The service cannot be reached",
        { exact: true }).waitFor();
    await page.unroute(ANALYZE);
    await page.getByRole("button", { name: "Try again" }).click();
    await verdict(page).waitFor();
    await close(page);
});

test("a busy service is asked once more, when it said", async () => {
    const { page } = await service.open("/");
    const times = [];

    await page.route(ANALYZE, (route) => {
        times.push(Date.now());
        return times.length === 1 ? route.fulfill(
            problem(503, "overloaded", { "Retry-After": "1" }))
            : route.continue();
    });
    await page.setInputFiles("#file", data(PHOTO));
    await verdict(page).waitFor();
    assert.equal(times.length, 2);
    assert.ok(times[1] - times[0] >= 1000);
    await close(page);
});

test("a service that stays busy is asked twice only", async () => {
    const { page } = await service.open("/");
    let count = 0;

    await page.route(ANALYZE, (route) => {
        count++;
        return route.fulfill(
            problem(503, "overloaded", { "Retry-After": "1" }));
    });
    await page.setInputFiles("#file", data(PHOTO));
    await page.getByText("Detail of overloaded.").waitFor();
    assert.equal(count, 2);
    assert.equal(await page.getByRole(
        "button", { name: "Try again" }).count(), 1);
    await close(page);
});

test("a key is asked for when the service wants one", async () => {
    const { page } = await service.open("/");

    await page.route(ANALYZE, (route) =>
        route.request().headers()["x-api-key"] === "right key"
            ? route.continue() : route.fulfill(problem(401, "unauthorized")));
    assert.equal(await page.locator("#key-form").isVisible(), false);
    await page.setInputFiles("#file", data(PHOTO));
    await page.locator("#key-form").waitFor();
    await page.getByLabel("API key").fill("wrong key");
    await page.keyboard.press("Enter");
    await page.locator("#key-form:not([hidden])").waitFor();
    await page.getByLabel("API key").fill("right key");
    await page.keyboard.press("Enter");
    await verdict(page).waitFor();
    assert.equal(await page.locator("#key-form").isVisible(), false);
    const curl = await page.locator(".curl pre").textContent();

    assert.match(curl, /X-API-Key: \$AHA_API_KEY/);
    assert.doesNotMatch(curl, /right key/);
    await close(page);
});

test("what the service says is text, never markup", async () => {
    const { page, complaints } = await service.open("/");
    const markup = "<img src=x onerror=alert(1)>";

    await page.route(ANALYZE, (route) => route.fulfill({ status: 400,
        headers: { "Content-Type": "application/problem+json" },
        body: JSON.stringify({ title: markup, detail: markup, status: 400,
            code: markup, request_id: markup }) }));
    await page.setInputFiles("#file", data(PHOTO));
    await page.locator("#face .problem").waitFor();
    assert.equal(await page.locator("#face .problem h2").textContent(),
        markup);
    assert.equal(await page.locator("#face img").count(), 0);
    assert.deepEqual(withoutStatuses(complaints), []);
    await close(page);
});

test("the JSON can be read and copied whole", async () => {
    const { page, complaints } = await service.open("/");

    await page.setInputFiles("#file", data(PHOTO));
    await verdict(page).waitFor();
    await page.click("details.json > summary");
    assert.match(await page.locator("#json pre").textContent(),
        /"label": "happiness"/);
    await page.getByRole("button", { name: "Copy the JSON" }).click();
    const [face] = JSON.parse(await page.evaluate(() =>
        navigator.clipboard.readText())).faces;
    const { map } = face.attention.regions[0];

    assert.equal(face.expression.label, "happiness");
    assert.equal(map.values.length, map.width * map.height);
    assert.deepEqual(complaints, []);
    await close(page);
});

for (const width of [320, 390, 820]) {
    test(`nothing is wider than a screen of ${width} pixels`, async () => {
        const { page } = await service.open(
            "/", { viewport: { width, height: 700 } });

        assert.equal(await isTooWide(page), false);
        await give(page, "paste", 2);
        await verdict(page).waitFor();
        await page.click("details.json > summary");
        assert.equal(await isTooWide(page), false);
        await close(page);
    });
}

test("the camera gives single photos", async () => {
    const { page, complaints } = await service.open("/");

    await page.click("#camera-open");
    await page.locator("#camera-shot:enabled").click();
    await page.locator("#caption:text('camera-')").waitFor();
    await page.locator("#behind").waitFor();
    await page.click("#camera-close");
    assert.equal(await page.locator("#camera").isVisible(), false);
    assert.equal(await page.evaluate(() =>
        document.activeElement.id), "camera-open");
    assert.deepEqual(complaints, []);
    await close(page);
});

test("live sends the next frame only after the answer", async () => {
    const { page, complaints } = await service.open("/");
    let open = 0;
    let most = 0;
    let count = 0;

    await page.route(ANALYZE, async (route) => {
        most = Math.max(most, ++open);
        const response = await route.fetch();

        await new Promise((resolve) => {
            setTimeout(resolve, 600); // longer than a frame's time
        });
        open--;
        count++;
        await route.fulfill({ response });
    });
    await page.click("#camera-open");
    await page.locator("#camera-live:enabled").click();
    while (count < 4) {
        await page.waitForTimeout(100);
    }
    await page.click("#camera-live");
    while (open > 0) {
        await page.waitForTimeout(100);
    }
    const atStop = count;

    await page.waitForTimeout(1500);
    assert.equal(most, 1);
    assert.equal(count, atStop);
    assert.deepEqual(complaints, []);
    await close(page);
});

test("live stops by itself when the service is gone", async () => {
    const { page } = await service.open("/");

    await page.route(ANALYZE, (route) => route.abort());
    await page.click("#camera-open");
    await page.locator("#camera-live:enabled").click();
    await page.locator("#camera-text:text('Live was stopped')").waitFor();
    assert.equal(await page.locator("#camera-live").getAttribute(
        "aria-pressed"), "false");
    await close(page);
});
