// SPDX-License-Identifier: MIT
// The demo page: photos in, answers out. Everything lives in this page's
// memory and goes with it.

import { analyze, get, Problem } from "/web/api.js";
import { answerView, request, timing } from "/web/behind.js";
import { Camera } from "/web/camera.js";
import { byId, checkRadio, h, radioKeys } from "/web/dom.js";
import { facePanel, noFacePanel, regionTable } from "/web/face.js";
import { bytes, percent, plural, title } from "/web/format.js";
import { decode, thumbnail } from "/web/picture.js";
import { Stage } from "/web/stage.js";

const MAX_PHOTOS = 64;
const AT_ONCE = 2; // requests under way
const LIVE_NEWS_MS = 4000; // live is read out at most this often

/**
 * photos: {name, blob, state, answer, problem, elapsed, thumb, face}, where
 * state is "waiting", "working", "done" or "failed".
 */
const state = {
    photos: [],
    current: null,
    picture: null, // its canvas, null where it cannot be decoded
    isDecoding: false,
    key: "",
    limits: null,
    live: null, // the photo that live frames replace
    newsAt: -Infinity, // when live was last read out
    pinned: "", // name of the region shown on the photo
};

const stage = new Stage(byId("stage"), byId("chips"), selectFace);

function say(text) {
    byId("status").textContent = text;
}

/* ---- the panels of the current photo */

function caption(photo) {
    const image = photo.answer?.image;
    const parts = [photo.name];

    if (image !== undefined) {
        parts.push(`${image.width} × ${image.height}`,
            image.format.toUpperCase());
        if (image.orientation_applied > 1) {
            parts.push("turned upright");
        }
    }
    parts.push(bytes(photo.blob.size));
    return parts.join(" · ");
}

function currentFace() {
    return state.current?.answer?.faces[state.current.face];
}

function pinnedRegion() {
    return currentFace()?.attention?.regions.find(
        (region) => region.name === state.pinned) ?? null;
}

function markPinned() {
    byId("regions-table").querySelectorAll(".crop").forEach((button, i) => {
        const region = currentFace().attention.regions[i];

        button.setAttribute(
            "aria-pressed", String(region.name === state.pinned));
    });
    stage.showRegion(pinnedRegion());
}

function drawRegions() {
    const face = currentFace();
    const regions = face?.attention?.regions;

    byId("regions").hidden = regions === undefined;
    if (regions === undefined) {
        return;
    }
    const focused = [...byId("regions-table").querySelectorAll(".crop")]
        .indexOf(document.activeElement);

    byId("regions-table").replaceChildren(regionTable(regions, {
        photo: state.picture,
        image: state.current.answer.image,
        showHeat: byId("show-heat").checked,
        ownScale: byId("own-scale").checked,
        onPin: (region) => {
            state.pinned = state.pinned === region.name ? "" : region.name;
            markPinned();
        },
        onPeek: (region) => stage.showRegion(region ?? pinnedRegion()),
    }));
    byId("regions-table").querySelectorAll(".crop")[focused]?.focus();
    markPinned();
}

function drawFace() {
    const { answer, face } = state.current;

    if (answer.faces.length === 0) {
        byId("face").replaceChildren(
            ...noFacePanel(answer).filter((part) => part !== null));
    } else {
        stage.select(face);
        byId("face").replaceChildren(
            ...facePanel(answer.faces[face], face, answer.faces.length)
                .filter((part) => part !== null));
    }
    drawRegions();
}

function selectFace(index) {
    state.current.face = index;
    drawFace();
}

function drawJson() {
    const isOpen = document.querySelector("details.json").open;

    byId("json").replaceChildren(
        ...isOpen && state.current?.answer !== undefined
            ? answerView(state.current.answer) : []);
}

function problemPanel(photo) {
    const { problem } = photo;

    return h("div", { class: "problem" },
        h("h2", {}, problem.title),
        h("p", {}, problem.detail),
        h("p", {}, problem.hint),
        h("div", { class: "row" },
            problem.isPassing ? h("button", { type: "button", class: "button",
                on: { click: () => enqueue(photo) } }, "Try again") : null,
            problem.requestId === "" ? null : h("span", { class: "hint" },
                "Request id ", h("code", {}, problem.requestId))));
}

function draw() {
    const photo = state.current;

    byId("result").hidden = photo === null;
    if (photo === null || state.isDecoding) {
        return;
    }
    byId("caption").textContent = caption(photo);
    byId("behind").hidden = photo.state !== "done";
    byId("stage").classList.toggle("busy",
        photo.state === "waiting" || photo.state === "working");
    if (photo.state === "done") {
        stage.show(state.picture, photo.answer);
        byId("timing").replaceChildren(timing(photo.answer, photo.elapsed));
        byId("request").replaceChildren(
            request(photo, photo.answer, state.key !== ""));
        drawJson();
        drawFace();
        return;
    }
    stage.showPhoto(state.picture);
    drawRegions();
    byId("face").replaceChildren(photo.state === "failed"
        ? problemPanel(photo)
        : h("p", { class: "waiting" }, photo.state === "working"
            ? "Looking at the photo" : "Waiting for its turn"));
}

/* ---- the strip of photos */

function stripState(photo) {
    if (photo.state === "done") {
        return plural(photo.answer.faces.length, "face");
    }
    return { waiting: "waiting", working: "working", failed: "no answer" }[
        photo.state];
}

function drawStrip() {
    const strip = byId("strip");

    strip.hidden = state.photos.length < 2;
    strip.replaceChildren(...state.photos.map((photo) => h("button", {
        type: "button", role: "radio", class: `slide ${photo.state}`,
        "aria-label": `${photo.name}: ${stripState(photo)}`,
        title: photo.name,
        on: { click: () => select(photo) },
    }, photo.thumb ?? h("span", { class: "no-thumb" }),
    h("span", {}, stripState(photo)))));
    checkRadio(strip, state.photos.indexOf(state.current));
}

function updateSlide(photo) {
    const slide = byId("strip").children[state.photos.indexOf(photo)];

    if (slide === undefined) {
        return;
    }
    slide.className = `slide ${photo.state}`;
    slide.setAttribute("aria-label", `${photo.name}: ${stripState(photo)}`);
    slide.replaceChildren(photo.thumb ?? h("span", { class: "no-thumb" }),
        h("span", {}, stripState(photo)));
}

async function select(photo) {
    Object.assign(state, { current: photo, isDecoding: true });
    checkRadio(byId("strip"), state.photos.indexOf(photo));
    const picture = await decode(photo.blob);

    if (state.current === photo) {
        Object.assign(state, { picture, isDecoding: false });
        draw();
    }
}

/* ---- work */

function told({ name, answer }) {
    const faces = answer.faces.map(({ expression }) =>
        `${title(expression.label)} ${percent(expression.probability)}`);

    return `${name}: ${faces.length === 0 ? "no face found" : `${plural(
        faces.length, "face")}, ${faces.slice(0, 3).join(", ")}${
        faces.length > 3 ? " and more" : ""}`}.`;
}

function askForKey() {
    const form = byId("key-form");

    if (form.hidden) {
        form.hidden = false;
        byId("key").focus();
    }
}

function refuseEarly({ size }) {
    const limit = state.limits?.max_source_bytes;

    if (limit !== undefined && size > limit) {
        throw new Problem({ title: "The photo is too large",
            detail: `It has ${bytes(size)}; the service takes up to ` +
                `${bytes(limit)}.`, code: "payload_too_large" });
    }
}

async function work(photo) {
    photo.state = "working";
    updateSlide(photo);
    if (photo === state.current) {
        draw();
    }
    try {
        refuseEarly(photo.blob);
        Object.assign(photo, await analyze(photo.blob, {
            key: state.key,
            onRetry: (seconds) => say("The service is busy. Trying again in " +
                `${plural(seconds, "second")}.`),
        }), { state: "done", face: 0 });
        say(told(photo));
    } catch (problem) {
        if (!(problem instanceof Problem)) {
            throw problem;
        }
        Object.assign(photo, { state: "failed", problem });
        say(`${photo.name}: ${problem.title}.`);
        if (problem.status === 401) {
            askForKey();
        }
    }
    if (!state.photos.includes(photo)) {
        return; // cleared meanwhile
    }
    updateSlide(photo);
    if (photo === state.current) {
        draw();
    }
}

function next() {
    const running = state.photos.filter(
        (photo) => photo.state === "working").length;
    const photo = state.photos.find(({ state: at }) => at === "waiting");

    if (photo !== undefined && running < AT_ONCE) {
        work(photo).finally(next);
        next();
    }
}

function enqueue(photo) {
    photo.state = "waiting";
    updateSlide(photo);
    if (photo === state.current) {
        draw();
    }
    next();
}

async function addThumbnail(photo) {
    const canvas = await decode(photo.blob);

    if (canvas !== null) {
        photo.thumb = thumbnail(canvas);
        updateSlide(photo);
    }
}

async function add(files) {
    const room = MAX_PHOTOS - state.photos.length;
    const photos = [...files].slice(0, room).map((blob) => ({
        name: blob.name, blob, state: "waiting", face: 0 }));

    if (photos.length < files.length) {
        say(`This page holds ${MAX_PHOTOS} photos; the others were left out.`);
    }
    if (photos.length === 0) {
        return;
    }
    state.photos.push(...photos);
    await select(photos[0]);
    drawStrip();
    next();
    byId("face").scrollIntoView({ block: "nearest" });
    for (const photo of photos) { // one at a time: decoded photos are large
        await addThumbnail(photo);
    }
}

function clear() {
    Object.assign(state, { photos: [], current: null, picture: null,
        live: null, pinned: "" });
    draw();
    drawStrip();
    say("Cleared.");
    byId("file").focus();
}

/* ---- the camera */

function cameraFile(blob) {
    const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");

    return new File([blob], `camera-${time}.jpg`, { type: "image/jpeg" });
}

/* A live frame takes the place of the one before, and its selected face. */
async function frame(blob) {
    const file = cameraFile(blob);
    const now = performance.now();
    const face = state.live?.face ?? 0;

    try {
        const { answer, elapsed } = await analyze(file, { key: state.key });
        const picture = await decode(file);

        if (!state.photos.includes(state.live)) {
            state.live = { name: "", face: 0 };
            state.photos.push(state.live);
        }
        Object.assign(state.live, { name: file.name, blob: file, answer,
            elapsed, state: "done",
            face: Math.min(face, Math.max(answer.faces.length - 1, 0)),
            thumb: thumbnail(picture) });
        if (byId("strip").children.length !== state.photos.length) {
            Object.assign(state, { current: state.live, isDecoding: false });
            drawStrip();
        }
        updateSlide(state.live);
        if (state.current === state.live) {
            state.picture = picture;
            draw();
        }
        if (now - state.newsAt > LIVE_NEWS_MS) {
            state.newsAt = now;
            say(told({ name: "Live", answer }));
        }
        return true;
    } catch (problem) {
        if (!(problem instanceof Problem)) {
            throw problem;
        }
        say(`${problem.title}. ${problem.detail}`);
        if (problem.status === 401) {
            askForKey();
        }
        return false;
    }
}

/* ---- what people do */

function listenToFiles() {
    const drop = byId("drop");
    const hasFiles = ({ dataTransfer }) =>
        dataTransfer !== null && dataTransfer.types.includes("Files");

    byId("file").addEventListener("change", ({ target }) => {
        add([...target.files]);
        target.value = ""; // the same file may be chosen again
    });
    addEventListener("dragover", (event) => {
        if (hasFiles(event)) {
            event.preventDefault();
            drop.classList.add("over");
        }
    });
    addEventListener("dragleave", (event) => {
        if (event.relatedTarget === null) {
            drop.classList.remove("over");
        }
    });
    addEventListener("drop", (event) => {
        drop.classList.remove("over");
        if (hasFiles(event)) {
            event.preventDefault();
            add([...event.dataTransfer.files]);
        }
    });
    addEventListener("paste", ({ clipboardData }) =>
        add([...clipboardData.files]));
}

function listenToKey() {
    byId("key-form").addEventListener("submit", (event) => {
        event.preventDefault();
        state.key = byId("key").value;
        byId("key-form").hidden = true;
        learn();
        state.photos
            .filter(({ problem, state: at }) =>
                at === "failed" && problem.status === 401)
            .forEach(enqueue);
    });
}

/* What the service takes; the page works without knowing. */
async function learn() {
    try {
        const info = await get("/v1/info", state.key);
        const names = info.formats.map((name) =>
            name === "webp" ? "WebP" : name.toUpperCase());
        const last = names.pop();

        state.limits = info.limits;
        byId("formats").textContent = `${names.length === 0 ? "" : `${
            names.join(", ")} or `}${last}, up to ${
            bytes(info.limits.max_source_bytes)} each`;
        byId("file").accept = info.formats.map(
            (name) => `image/${name}`).join(",");
        byId("version").textContent = `AHA ${info.version} · model ${
            info.model.id} ${info.model.version}`;
    } catch (problem) {
        if (problem.status === 401) {
            askForKey();
        }
    }
}

listenToFiles();
listenToKey();
radioKeys(byId("strip"));
radioKeys(byId("chips"));
byId("clear").addEventListener("click", clear);
byId("show-heat").addEventListener("change", drawRegions);
byId("own-scale").addEventListener("change", drawRegions);
document.querySelector("details.json").addEventListener("toggle", drawJson);
new Camera({ onShot: (blob) => add([cameraFile(blob)]), onFrame: frame });
learn();
