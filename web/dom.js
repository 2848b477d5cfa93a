// SPDX-License-Identifier: MIT
// Small helpers around the document. Data only ever becomes text nodes and
// attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
    for (const [name, value] of Object.entries(props)) {
        if (value === undefined || value === null || value === false) {
            continue;
        }
        if (name === "on") {
            for (const [type, listener] of Object.entries(value)) {
                element.addEventListener(type, listener);
            }
        } else if (name === "vars") {
            for (const [key, text] of Object.entries(value)) {
                element.style.setProperty(key, text);
            }
        } else {
            element.setAttribute(name, value === true ? "" : value);
        }
    }
    element.append(...children.flat(Infinity)
        .filter((child) => child !== null && child !== undefined));
    return element;
}

/**
 * An element. Props are attributes; `on` holds listeners, `vars` holds CSS
 * properties. Children are nodes, strings, arrays of them, or null.
 */
export function h(tag, props = {}, ...children) {
    return fill(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
    return fill(document.createElementNS(SVG, tag), props, children);
}

export function byId(id) {
    return document.getElementById(id);
}

/** Let the arrow keys, Home and End move between the radios of a group. */
export function radioKeys(group) {
    const steps = {
        ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1,
    };

    group.addEventListener("keydown", (event) => {
        const radios = [...group.querySelectorAll('[role="radio"]')];
        const at = radios.indexOf(document.activeElement);
        let next;

        if (at < 0) {
            return;
        }
        if (event.key in steps) {
            next = (at + steps[event.key] + radios.length) % radios.length;
        } else if (event.key === "Home") {
            next = 0;
        } else if (event.key === "End") {
            next = radios.length - 1;
        } else {
            return;
        }
        event.preventDefault();
        radios[next].focus();
        radios[next].click();
    });
}

/** Mark one radio of a group; only it is in the tab order. */
export function checkRadio(group, index) {
    group.querySelectorAll('[role="radio"]').forEach((radio, i) => {
        radio.setAttribute("aria-checked", String(i === index));
        radio.tabIndex = i === index ? 0 : -1;
    });
}

async function copy(text) {
    if (navigator.clipboard !== undefined) {
        await navigator.clipboard.writeText(text);
        return;
    }
    // Plain http on another host than localhost has no clipboard object.
    const area = h("textarea", { class: "visually-hidden", readonly: true });

    area.value = text;
    document.body.append(area);
    area.select();
    try {
        if (!document.execCommand("copy")) {
            throw new Error("copy refused");
        }
    } finally {
        area.remove();
    }
}

/** A button that copies what getText() returns, and says so. */
export function copyButton(getText, label = "Copy", what = "") {
    const button = h("button", { type: "button", class: "button small" },
        label, what === "" ? null
            : h("span", { class: "visually-hidden" }, ` ${what}`));
    const text = button.firstChild;
    let timer = 0;

    button.addEventListener("click", async () => {
        try {
            await copy(getText());
            text.data = "Copied";
        } catch {
            text.data = "Not copied";
        }
        clearTimeout(timer);
        timer = setTimeout(() => {
            text.data = label;
        }, 1600);
    });
    return button;
}
