// SPDX-License-Identifier: MIT
#include "cli/classes.h"

#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

const char *class_name(enum face_class class)
{
    static const char *const names[] = {
        "anger",   "disgust",  "fear",    "happiness",
        "sadness", "surprise", "neutral", "another expression",
    };

    return names[class];
}

enum face_class class_from_name(const char *name)
{
    static const struct {
        const char *name;
        enum face_class class;
    } words[] = {
        {"angry", CLASS_ANGER},         {"anger", CLASS_ANGER},
        {"disgust", CLASS_DISGUST},     {"disgusted", CLASS_DISGUST},
        {"fear", CLASS_FEAR},           {"fearful", CLASS_FEAR},
        {"afraid", CLASS_FEAR},         {"happy", CLASS_HAPPINESS},
        {"happiness", CLASS_HAPPINESS}, {"joy", CLASS_HAPPINESS},
        {"sad", CLASS_SADNESS},         {"sadness", CLASS_SADNESS},
        {"surprise", CLASS_SURPRISE},   {"surprised", CLASS_SURPRISE},
        {"neutral", CLASS_NEUTRAL},     {"contempt", CLASS_OTHER},
        {"contemptuous", CLASS_OTHER},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(name, words[i].name) == 0) {
            return words[i].class;
        }
    }
    return CLASS_UNKNOWN;
}

enum face_class class_from_number(enum class_numbers numbers, const char *text)
{
    static const struct {
        int first;
        int n;
        enum face_class classes[11];
    } tables[] = {
        [NUMBERS_FER2013] = {0,
                             7,
                             {CLASS_ANGER, CLASS_DISGUST, CLASS_FEAR,
                              CLASS_HAPPINESS, CLASS_SADNESS, CLASS_SURPRISE,
                              CLASS_NEUTRAL}},
        [NUMBERS_RAFDB] = {1,
                           7,
                           {CLASS_SURPRISE, CLASS_FEAR, CLASS_DISGUST,
                            CLASS_HAPPINESS, CLASS_SADNESS, CLASS_ANGER,
                            CLASS_NEUTRAL}},
        [NUMBERS_CKPLUS] = {0,
                            8,
                            {CLASS_NEUTRAL, CLASS_ANGER, CLASS_OTHER,
                             CLASS_DISGUST, CLASS_FEAR, CLASS_HAPPINESS,
                             CLASS_SADNESS, CLASS_SURPRISE}},
        /* the last four: contempt, none, uncertain, no face */
        [NUMBERS_AFFECTNET] = {0,
                               11,
                               {CLASS_NEUTRAL, CLASS_HAPPINESS, CLASS_SADNESS,
                                CLASS_SURPRISE, CLASS_FEAR, CLASS_DISGUST,
                                CLASS_ANGER, CLASS_OTHER, CLASS_OTHER,
                                CLASS_OTHER, CLASS_OTHER}},
    };
    char *end = NULL;
    long number = strtol(text, &end, 10);
    long first = tables[numbers].first;

    if (end == text || *end != '\0' || number < first ||
        number >= first + tables[numbers].n) {
        return CLASS_UNKNOWN;
    }
    return tables[numbers].classes[number - first];
}
