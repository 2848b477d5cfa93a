// SPDX-License-Identifier: MIT
// The photo with its faces: boxes to click, chips for the keyboard, landmarks
// of the selected face and one region shown in place.

import { checkRadio, h, svg } from "/web/dom.js";
import { percent, title } from "/web/format.js";
import { canvasOf, portrait, project } from "/web/picture.js";

const REASONS = {
    too_small: "too small",
    no_landmarks: "no face on a closer look",
    exceeds_max_faces: "more faces than asked for",
};
const CHIP_SIDE = 80;
const TIGHT_PX = 96; // narrower boxes on the screen show no label
const LABEL_PX = 30; // height of a label

function share(part, whole) {
    return `${100 * part / whole}%`;
}

function place(box, image) {
    return {
        "--left": share(box.x, image.width),
        "--top": share(box.y, image.height),
        "--width": share(box.width, image.width),
        "--height": share(box.height, image.height),
    };
}

function says(face) {
    const { label, probability, uncertain } = face.expression;

    return `${title(label)} ${percent(probability)}${uncertain ? "?" : ""}`;
}

function unseen(image) {
    const canvas = canvasOf(image.width, image.height);

    return canvas.width * canvas.height > 4e6
        ? canvasOf(image.width / 8, image.height / 8) : canvas;
}

export class Stage {
    #box;
    #chips;
    #onSelect;
    #photo = null;
    #answer = null;
    #sheet = null; // heat over the photo
    #lines = null; // landmarks and the shown region's outline
    #buttons = [];

    constructor(box, chips, onSelect) {
        this.#box = box;
        this.#chips = chips;
        this.#onSelect = onSelect;
        new ResizeObserver(() => this.#tighten()).observe(box);
    }

    /** A photo without an answer yet, or with none; null clears. */
    showPhoto(photo) {
        this.#answer = null;
        this.#buttons = [];
        this.#chips.replaceChildren();
        this.#box.replaceChildren();
        this.#box.hidden = photo === null;
        if (photo === null) {
            return;
        }
        this.#frame(photo.width, photo.height);
        this.#box.append(photo);
    }

    /** The photo (or null where it cannot be shown) and its answer. */
    show(photo, answer) {
        const { image, faces, skipped } = answer;
        const focused = [...this.#chips.children].indexOf(
            document.activeElement);

        this.#photo = photo ?? unseen(image);
        this.#answer = answer;
        this.#sheet = canvasOf(this.#photo.width, this.#photo.height);
        this.#sheet.className = "sheet";
        this.#lines = svg("svg", { class: "lines", "aria-hidden": "true",
            viewBox: `0 0 ${image.width} ${image.height}`,
            preserveAspectRatio: "none" });
        this.#frame(image.width, image.height);
        this.#buttons = faces.map((face, i) => h("button", {
            type: "button", class: "face-box", tabindex: -1,
            "aria-hidden": "true", vars: place(face.box, image),
            on: { click: () => this.#onSelect(i) },
        }, h("span", {}, says(face))));
        this.#box.replaceChildren(this.#photo, this.#sheet, this.#lines,
            ...skipped.map(({ box, reason }) => h("span", {
                class: "skipped-box", vars: place(box, image),
                title: `Not answered: ${REASONS[reason] ?? reason}`,
            })), ...this.#buttons);
        this.#photo.setAttribute("role", "img");
        this.#photo.setAttribute("aria-label", photo === null
            ? "This browser cannot show the photo"
            : `The photo with ${faces.length} faces`);
        this.#chips.replaceChildren(...faces.length < 2 ? []
            : faces.map((face, i) => this.#chip(face, i)));
        this.#chips.children[focused]?.focus();
        this.#tighten();
    }

    #chip(face, i) {
        const { image } = this.#answer;
        const label = says(face);

        return h("button", {
            type: "button", class: "chip", role: "radio",
            "aria-label": `Face ${i + 1}: ${label}`,
            on: { click: () => this.#onSelect(i) },
        }, portrait(this.#photo, image, face.box, CHIP_SIDE),
        h("span", {}, h("b", {}, title(face.expression.label)),
            percent(face.expression.probability)));
    }

    /** Mark a face. */
    select(index) {
        const face = this.#answer.faces[index];

        this.#buttons.forEach((button, i) =>
            button.classList.toggle("selected", i === index));
        checkRadio(this.#chips, index);
        this.showRegion(null);
        this.#lines.replaceChildren();
        this.#tighten();
        for (const [x, y] of Object.values(face.landmarks ?? {})) {
            this.#lines.append(this.#dot(x, y));
        }
    }

    /** Show one region where it is in the photo; null shows none. */
    showRegion(region) {
        const context = this.#sheet.getContext("2d");

        context.clearRect(0, 0, this.#sheet.width, this.#sheet.height);
        this.#lines.querySelectorAll("polygon").forEach((line) =>
            line.remove());
        this.#box.classList.toggle("shows-region", region !== null);
        if (region === null) {
            return;
        }
        if (region.map !== undefined) {
            project(this.#sheet, this.#answer.image, region.quad, region.map);
        }
        this.#lines.append(svg("polygon", {
            points: region.quad.map((point) => point.join(",")).join(" "),
        }));
    }

    /* A dot of the same size on the screen whatever the photo's size: a line
       of no length with round ends. */
    #dot(x, y) {
        return svg("path", { d: `M${x} ${y}h0` });
    }

    #frame(width, height) {
        this.#box.hidden = false;
        this.#box.classList.remove("shows-region");
        this.#box.style.setProperty("--ratio", String(width / height));
    }

    /* Keep the labels apart and inside the photo. */
    #tighten() {
        const width = this.#box.clientWidth;

        for (const button of this.#buttons) {
            const label = button.firstChild;
            const flags = {
                tight: button.offsetWidth < TIGHT_PX,
                inside: button.offsetTop < LABEL_PX,
                right: button.offsetLeft + button.offsetWidth / 2 > width / 2
                    && button.offsetLeft + label.offsetWidth > width,
            };

            for (const [name, isOn] of Object.entries(flags)) {
                button.classList.toggle(name, isOn);
            }
        }
    }
}
