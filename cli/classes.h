// SPDX-License-Identifier: MIT
/*
 * classes.h - the seven expressions under the names and numbers that data sets
 * give them.
 *
 * Pure functions; safe from any thread.
 */
#ifndef AHA_CLI_CLASSES_H
#define AHA_CLI_CLASSES_H

enum face_class {
    CLASS_ANGER,
    CLASS_DISGUST,
    CLASS_FEAR,
    CLASS_HAPPINESS,
    CLASS_SADNESS,
    CLASS_SURPRISE,
    CLASS_NEUTRAL,
    N_CLASSES,
    CLASS_OTHER = N_CLASSES, /* known, but none of the seven: contempt */
    CLASS_UNKNOWN,
};

/** Who numbers the classes. */
enum class_numbers {
    NUMBERS_FER2013,  /* 0..6 */
    NUMBERS_RAFDB,    /* 1..7 */
    NUMBERS_CKPLUS,   /* 0..7 */
    NUMBERS_AFFECTNET /* 0..10 */
};

/** "anger", "disgust" ... as the model's labels are called. */
const char *class_name(enum face_class class);

/** "angry", "Anger", "HAPPY" ...; CLASS_UNKNOWN for any other word. */
enum face_class class_from_name(const char *name);

/** @param text  a whole number in decimal, or it is CLASS_UNKNOWN */
enum face_class class_from_number(enum class_numbers numbers, const char *text);

#endif
