# SPDX-License-Identifier: MIT
"""OpenCV behind FastAPI: Haar faces, the exported network in cv2.dnn.

Environment: NETWORK, a path less ".1.onnx" and ".safetensors".
"""

import json
import os

import cv2
import fastapi
import numpy as np

from training.aha import safetensors

NETWORK = os.environ["NETWORK"]
CASCADE = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"
_, ABOUT = safetensors.read(f"{NETWORK}.safetensors")
CONFIG = json.loads(ABOUT["config"])

app = fastapi.FastAPI()
finder = cv2.CascadeClassifier(CASCADE)
net = cv2.dnn.readNetFromONNX(f"{NETWORK}.1.onnx")
cv2.setNumThreads(1)  # a process a core


def centre(region):
    """Of a region in the face frame, with the template's points."""
    points, name = CONFIG["template"], region["anchor"]
    if name == "frame":
        x, y = .5, .5
    elif name == "mouth":
        x, y = np.mean([points["mouth_left"], points["mouth_right"]], 0)
    else:
        x, y = points[name]
    return x + region["offset"][0], y + region["offset"][1]


def crop(grey, box, region):
    left, top, width, height = box
    x, y = centre(region)
    _, rows, columns = region["graph"]["input"]
    size = region["size"][0] * width, region["size"][1] * height
    turn = np.array([
        [size[0] / columns, 0, left + x * width - size[0] / 2],
        [0, size[1] / rows, top + y * height - size[1] / 2]])
    cut = cv2.warpAffine(
        grey, turn, (columns, rows), borderMode=cv2.BORDER_REPLICATE,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    norm = CONFIG["normalization"]
    return (cut.astype("f4") / 255 - norm["mean"]) / norm["std"]


def analyze(body):
    grey = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_GRAYSCALE)
    faces = []
    for box in finder.detectMultiScale(grey, 1.1, 5):
        for region in CONFIG["regions"]:
            net.setInput(crop(grey, box, region)[None, None], region["name"])
        scores = net.forward("probabilities")[0].tolist()
        faces.append({"box": box.tolist(),
                      "probabilities": dict(zip(CONFIG["labels"], scores))})
    return faces


@app.post("/analyze")
async def answer(request: fastapi.Request):
    return {"faces": analyze(await request.body())}
