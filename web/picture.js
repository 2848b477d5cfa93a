// SPDX-License-Identifier: MIT
// Photos as canvases: decoded upright, cut along a region's corners, and
// coloured with attention.

const LONGEST_SIDE = 2048;
const THUMB_SIDE = 112;

/* Attention 0 to 1 from violet to yellow, and ever less transparent: the
   colours of the service's own annotated pictures. */
const RAMP = [[72, 28, 160], [170, 30, 150], [235, 60, 90], [252, 140, 40],
    [255, 225, 70]];
const OPACITY = 0.72;

export function canvasOf(width, height) {
    const canvas = document.createElement("canvas");

    canvas.width = Math.max(1, Math.round(width));
    canvas.height = Math.max(1, Math.round(height));
    return canvas;
}

function scaled(source, longest) {
    const scale = Math.min(1, longest / Math.max(source.width, source.height));
    const canvas = canvasOf(source.width * scale, source.height * scale);
    const context = canvas.getContext("2d");

    context.imageSmoothingQuality = "high";
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    return canvas;
}

/**
 * The photo as the service sees it, turned upright by its EXIF orientation,
 * or null where this browser cannot decode it.
 */
export async function decode(blob) {
    let bitmap;

    try {
        bitmap = await createImageBitmap(
            blob, { imageOrientation: "from-image" });
    } catch {
        return null;
    }
    const canvas = scaled(bitmap, LONGEST_SIDE);

    bitmap.close();
    return canvas;
}

export function thumbnail(canvas) {
    return scaled(canvas, THUMB_SIDE);
}

/** A square around a face's box for its chip. */
export function portrait(photo, image, box, side) {
    const canvas = canvasOf(side, side);
    const scale = photo.width / image.width;
    const length = Math.max(box.width, box.height) * 1.25;
    const x = box.x + box.width / 2 - length / 2;
    const y = box.y + box.height / 2 - length / 2;

    canvas.getContext("2d").drawImage(photo, x * scale, y * scale,
        length * scale, length * scale, 0, 0, side, side);
    return canvas;
}

function distance(a, b) {
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Width and height of a region in the photo's pixels. */
export function quadSize(quad) {
    return [distance(quad[0], quad[1]), distance(quad[0], quad[3])];
}

/** Cut a region, upright and grey as the network saw it. */
export function crop(photo, image, quad, width) {
    const [quadWidth, quadHeight] = quadSize(quad);
    const canvas = canvasOf(width, width * quadHeight / quadWidth);
    const context = canvas.getContext("2d");
    const [origin, right, , down] = quad;
    const scale = photo.width / image.width;

    // The crop's axes in the photo, a pixel long each; their inverse maps
    // the photo onto the crop.
    const ax = (right[0] - origin[0]) * scale / canvas.width;
    const ay = (right[1] - origin[1]) * scale / canvas.width;
    const bx = (down[0] - origin[0]) * scale / canvas.height;
    const by = (down[1] - origin[1]) * scale / canvas.height;
    const matrix = new DOMMatrix(
        [ax, ay, bx, by, origin[0] * scale, origin[1] * scale]);

    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.setTransform(matrix.inverse());
    context.drawImage(photo, 0, 0);
    context.resetTransform();
    context.globalCompositeOperation = "saturation";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "source-over";
    return canvas;
}

/* Red, green, blue and opacity, each up to 255. */
function ramp(attention) {
    const position = attention * (RAMP.length - 1);
    const i = Math.min(Math.floor(position), RAMP.length - 2);
    const colour = RAMP[i].map((from, channel) =>
        from + (RAMP[i + 1][channel] - from) * (position - i));

    return [...colour, 255 * OPACITY * attention * (2 - attention)];
}

export function mapRange(map) {
    return [Math.min(...map.values), Math.max(...map.values)];
}

/* An attention map as a picture, a pixel a value. */
function heat(map) {
    const canvas = canvasOf(map.width, map.height);
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(map.width, map.height);

    map.values.forEach((value, i) => {
        pixels.data.set(ramp(Math.min(Math.max(value, 0), 1)), i * 4);
    });
    context.putImageData(pixels, 0, 0);
    return canvas;
}

/** Lay a map over a crop of the same region. */
export function overlay(target, map) {
    const context = target.getContext("2d");

    context.imageSmoothingQuality = "high";
    context.drawImage(heat(map), 0, 0, target.width, target.height);
}

/** Lay a map over the whole photo's plane, where its region is. */
export function project(target, image, quad, map) {
    const context = target.getContext("2d");
    const [origin, right, , down] = quad;
    const scale = target.width / image.width;

    context.setTransform(
        (right[0] - origin[0]) * scale, (right[1] - origin[1]) * scale,
        (down[0] - origin[0]) * scale, (down[1] - origin[1]) * scale,
        origin[0] * scale, origin[1] * scale);
    context.imageSmoothingQuality = "high";
    context.drawImage(heat(map), 0, 0, 1, 1);
    context.resetTransform();
}
