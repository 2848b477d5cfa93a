// SPDX-License-Identifier: MIT
#include "core/picture/style.h"

#include <math.h>

static const float HEAT_OPACITY = 0.5F; /* at most */

struct color style_label(int label)
{
    static const struct color colors[] = {
        {255, 107, 107}, {139, 205, 90},  {190, 150, 255}, {255, 213, 79},
        {96, 178, 255},  {255, 159, 67},  {176, 190, 205}, {255, 140, 200},
        {77, 208, 190},  {205, 220, 110}, {215, 180, 150}};
    int n = (int)(sizeof colors / sizeof *colors);

    return colors[label % n];
}

struct color style_branch(enum aha_branch branch)
{
    static const struct color colors[AHA_N_BRANCHES] = {
        [AHA_BRANCH_GLOBAL] = {255, 255, 255},
        [AHA_BRANCH_LOCAL] = {60, 214, 235},
        [AHA_BRANCH_MIXTURE] = {255, 105, 180},
    };

    return colors[branch];
}

static uint8_t between(uint8_t a, uint8_t b, float t)
{
    return (uint8_t)lroundf((float)a + ((float)b - (float)a) * t);
}

struct color style_heat(float attention)
{
    static const struct color stops[] = {{72, 28, 160},
                                         {170, 30, 150},
                                         {235, 60, 90},
                                         {252, 140, 40},
                                         {255, 225, 70}};
    int last = (int)(sizeof stops / sizeof *stops) - 1;
    float at = fminf(fmaxf(attention, 0), 1) * (float)last;
    int i = at < (float)last ? (int)at : last - 1;
    const struct color *a = &stops[i];
    const struct color *b = &stops[i + 1];
    float t = at - (float)i;

    return (struct color){between(a->r, b->r, t), between(a->g, b->g, t),
                          between(a->b, b->b, t)};
}

float style_heat_opacity(float attention)
{
    float a = fminf(fmaxf(attention, 0), 1);

    return HEAT_OPACITY * a * (2 - a);
}
