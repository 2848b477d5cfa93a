// SPDX-License-Identifier: MIT
// A real daemon, a real browser, and pages that note every complaint.
//
// BASE_URL   a service that runs already; else AHA is started
// AHA        the program, from the repository's root [build/release/aha]
// CHROMIUM   the browser [/usr/bin/chromium]

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PATIENCE_MS = 60000; // on a busy machine
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

export function data(name) {
    return `${ROOT}tests/data/${name}`;
}

export async function base64(name) {
    return (await readFile(data(name))).toString("base64");
}

/** The daemon on a free port: {url, stop()}. */
async function startDaemon() {
    const child = spawn(process.env.AHA ?? "build/release/aha",
        ["serve", "--bind", "127.0.0.1", "--port", "0", "--admin-port", "0",
            "--models", "models", "--log-format", "json"],
        { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
    const exited = new Promise((resolve) => {
        child.once("error", resolve);
        child.once("exit", resolve);
    });
    const log = [];

    const url = await new Promise((resolve, reject) => {
        createInterface({ input: child.stderr }).on("line", (line) => {
            const found = /"listening on (http:\/\/[^"\s]+)"/.exec(line);

            log.push(line);
            if (found !== null) {
                resolve(found[1]);
            }
        });
        exited.then(() =>
            reject(new Error(`no start:\n${log.join("\n")}`)));
    });

    return { url, stop: async () => {
        child.kill("SIGTERM");
        await exited;
    } };
}

/** A service and a browser for one file of tests. */
export async function start() {
    const daemon = process.env.BASE_URL === undefined ? await startDaemon()
        : { url: process.env.BASE_URL, stop: async () => {} };
    const browser = await chromium.launch({ headless: true, args: FLAGS,
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });

    return {
        url: daemon.url,
        stop: async () => {
            await browser.close();
            await daemon.stop();
        },
        /**
         * A page at a path. `complaints` fills with what the browser's console
         * calls an error (a breach of the security policy is one), with
         * exceptions, and with requests to anybody else.
         */
        open: async (path, options = {}) => {
            const context = await browser.newContext({ permissions:
                ["camera", "clipboard-read", "clipboard-write"], ...options });
            const page = await context.newPage();
            const complaints = [];

            page.setDefaultTimeout(PATIENCE_MS);
            page.on("console", (message) => {
                if (["error", "warning"].includes(message.type())) {
                    complaints.push(message.text());
                }
            });
            page.on("pageerror", (error) => complaints.push(error.stack));
            page.on("request", (request) => {
                const { origin, protocol } = new URL(request.url());

                if (protocol !== "blob:" && protocol !== "data:" &&
                    origin !== daemon.url) {
                    complaints.push(`asked ${request.url()}`);
                }
            });
            await page.goto(daemon.url + path);
            return { page, complaints };
        },
    };
}

/** Whether anything is wider than the screen. */
export async function isTooWide(page) {
    return await page.evaluate(() =>
        document.documentElement.scrollWidth > window.innerWidth);
}
