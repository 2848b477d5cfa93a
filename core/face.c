// SPDX-License-Identifier: MIT
#include "aha/face.h"

const char *aha_landmark_name(enum aha_landmark landmark)
{
    static const char *const names[AHA_N_LANDMARKS] = {
        [AHA_LEFT_EYE] = "left_eye",
        [AHA_RIGHT_EYE] = "right_eye",
        [AHA_NOSE] = "nose",
        [AHA_MOUTH_LEFT] = "mouth_left",
        [AHA_MOUTH_RIGHT] = "mouth_right",
    };

    return names[landmark];
}
