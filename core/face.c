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

const char *aha_quality_flag_name(enum aha_quality_flag flag)
{
    static const char *const names[AHA_N_QUALITY_FLAGS] = {
        [AHA_QUALITY_SMALL] = "small",   [AHA_QUALITY_BLURRED] = "blurred",
        [AHA_QUALITY_DARK] = "dark",     [AHA_QUALITY_BRIGHT] = "bright",
        [AHA_QUALITY_TURNED] = "turned",
    };

    return names[flag];
}
