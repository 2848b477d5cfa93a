// SPDX-License-Identifier: MIT
// Numbers and names as people read them.

const MINUS = "\u2212";
const THIN = "\u202f"; // narrow no-break space

/** "left_eye" as "Left eye". */
export function title(name) {
    const words = String(name).replaceAll("_", " ");

    return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A fixed number of digits with a real minus, and never "-0". */
export function number(value, digits = 2) {
    const text = Math.abs(value).toFixed(digits);

    return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

export function signed(value, digits = 2) {
    const text = number(value, digits);

    return Number(text) > 0 ? `+${text}` : text;
}

export function percent(share) {
    if (share > 0 && share < 0.0005) {
        return `<${THIN}0.1${THIN}%`;
    }
    return `${number(share * 100, 1)}${THIN}%`;
}

export function degrees(value) {
    return `${signed(value, 0)}°`;
}

export function milliseconds(value) {
    return `${number(value, value < 10 ? 2 : 1)}${THIN}ms`;
}

export function bytes(count) {
    if (count >= 1048576) {
        return `${number(count / 1048576, count % 1048576 === 0 ? 0 : 1)} MiB`;
    }
    return count >= 1024 ? `${number(count / 1024, 0)} KiB` : `${count} bytes`;
}

export function plural(count, one, many = `${one}s`) {
    return `${count} ${count === 1 ? one : many}`;
}

/** JSON with short arrays and coordinate pairs on one line. */
export function json(value, indent = "") {
    const deeper = `${indent}  `;
    const isFlat = (items) =>
        items.every((item) => item === null || typeof item !== "object");
    const lines = (open, items, close) =>
        `${open}\n${deeper}${items.join(`,\n${deeper}`)}\n${indent}${close}`;

    if (value === null || typeof value !== "object") {
        return JSON.stringify(value);
    }
    if (Array.isArray(value)) {
        if (isFlat(value)) {
            return `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
        }
        if (value.every((item) => Array.isArray(item) && isFlat(item))) {
            return `[${value.map((item) => json(item)).join(", ")}]`;
        }
        return lines("[", value.map((item) => json(item, deeper)), "]");
    }
    const entries = Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}: ${json(item, deeper)}`);

    return entries.length === 0 ? "{}" : lines("{", entries, "}");
}
