// SPDX-License-Identifier: MIT
// The webcam: single photos, or live with the next frame taken only after the
// answer to the last one.

import { byId } from "/web/dom.js";
import { canvasOf } from "/web/picture.js";

const FRAME_INTERVAL_MS = 400; // at most this often
const LONGEST_SIDE = 960;
const MAX_FAILURES = 3; // in a row, then live stops

const REFUSALS = {
    NotAllowedError: "The browser or you did not allow the camera. Allow it " +
        "in the browser's settings for this page, then try again.",
    NotFoundError: "No camera was found.",
    NotReadableError: "The camera is used by another program.",
};

function wait(ms) {
    return new Promise((resolve) => {
        setTimeout(resolve, ms);
    });
}

export class Camera {
    #video = byId("video");
    #text = byId("camera-text");
    #shot = byId("camera-shot");
    #liveButton = byId("camera-live");
    #stream = null;
    #isLive = false;
    #onShot;
    #onFrame;

    /**
     * onShot(blob) takes a single photo; onFrame(blob) works on a live frame
     * and resolves to true when it was answered.
     */
    constructor({ onShot, onFrame }) {
        this.#onShot = onShot;
        this.#onFrame = onFrame;
        byId("camera-open").addEventListener("click", () => this.#open());
        byId("camera-close").addEventListener("click", () => this.#close());
        this.#shot.addEventListener("click", () => this.#takeShot());
        this.#liveButton.addEventListener("click", () =>
            this.#setLive(!this.#isLive));
        document.addEventListener("visibilitychange", () => {
            if (document.hidden) {
                this.#setLive(false);
            }
        });
        addEventListener("pagehide", () => this.#close());
    }

    async #open() {
        byId("camera").hidden = false;
        byId("camera-open").hidden = true;
        byId("camera-close").focus();
        if (navigator.mediaDevices === undefined) {
            this.#text.textContent = "Browsers give the camera only to pages " +
                "from localhost or over https.";
            return;
        }
        this.#text.textContent = "Asking for the camera.";
        try {
            const stream = await navigator.mediaDevices.getUserMedia({
                audio: false,
                video: { facingMode: "user", width: { ideal: 1280 } },
            });

            if (byId("camera").hidden) { // closed while the browser asked
                stream.getTracks().forEach((track) => track.stop());
                return;
            }
            this.#stream = stream;
            stream.getVideoTracks()[0].addEventListener("ended", () =>
                this.#close());
            this.#video.srcObject = stream;
            await this.#video.play();
            this.#shot.disabled = false;
            this.#liveButton.disabled = false;
            this.#text.textContent = "Frames go to this service only, and " +
                "only when you take a photo or switch to live.";
        } catch (error) {
            this.#text.textContent = REFUSALS[error.name] ??
                "The camera could not be started.";
        }
    }

    #close() {
        this.#setLive(false);
        this.#stream?.getTracks().forEach((track) => track.stop());
        this.#stream = null;
        this.#video.srcObject = null;
        this.#shot.disabled = true;
        this.#liveButton.disabled = true;
        if (!byId("camera").hidden) {
            byId("camera").hidden = true;
            byId("camera-open").hidden = false;
            byId("camera-open").focus();
        }
    }

    #grab() {
        const { videoWidth: width, videoHeight: height } = this.#video;
        const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
        const canvas = canvasOf(width * scale, height * scale);

        canvas.getContext("2d").drawImage(
            this.#video, 0, 0, canvas.width, canvas.height);
        return new Promise((resolve) => {
            canvas.toBlob(resolve, "image/jpeg", 0.9);
        });
    }

    async #takeShot() {
        this.#setLive(false);
        this.#onShot(await this.#grab());
    }

    #setLive(isLive) {
        if (isLive === this.#isLive) {
            return;
        }
        this.#isLive = isLive;
        this.#liveButton.setAttribute("aria-pressed", String(isLive));
        if (isLive) {
            this.#live();
        }
    }

    async #live() {
        const stream = this.#stream;
        let failures = 0;

        while (this.#isLive && this.#stream === stream) {
            const start = performance.now();

            if (await this.#onFrame(await this.#grab())) {
                failures = 0;
            } else if (++failures === MAX_FAILURES) {
                this.#setLive(false);
                this.#text.textContent = "Live was stopped: the service did " +
                    "not answer.";
                return;
            }
            await wait(Math.max(
                0, FRAME_INTERVAL_MS - (performance.now() - start)));
        }
    }
}
